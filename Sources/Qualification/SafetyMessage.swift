public import LinuxIO

/// A refusal as a person reads it: what stands against the run, and the ways that remain.
public struct SafetyMessage: Sendable, CustomStringConvertible {
  /// The path as the user gave it.
  public var path: String
  /// The disk's node.
  public var diskNode: String
  /// What stands against the run.
  public var refusals: [SafetyRefusal]
  /// A writable folder on the disk.
  public var folder: String?
  /// The command to repeat without writing, such as `storebench qualify --tier hot`.
  public var command: String

  /// Gathers what the message needs.
  ///
  /// - Parameters:
  ///   - path: The path as the user gave it.
  ///   - occupancy: All that is on the disk.
  ///   - refusals: What stands against the run.
  ///   - command: The command up to its target.
  public init(
    path: String, occupancy: DeviceOccupancy, refusals: [SafetyRefusal], command: String
  ) {
    self.path = path
    self.refusals = refusals
    self.command = command
    diskNode = occupancy.disk.node
    folder =
      occupancy.occupants.lazy.compactMap { occupant -> String? in
        guard case .mounted(let place, _, true, nil) = occupant.finding else { return nil }
        return place
      }.first
  }

  private var isInUse: Bool { refusals.contains(where: \.reason.isUse) }

  /// Why, in a few words.
  private var summary: String {
    let reasons = Set(refusals.map(\.reason))
    if reasons.contains(.partition) { return "is a part of a drive" }
    if isInUse { return "is in use" }
    if reasons.contains(.readOnly) { return "is read-only" }
    if !reasons.isDisjoint(with: [.signature, .partitionTable]) { return "carries data" }
    if reasons.contains(.unreadable) { return "could not be looked at" }
    return "is not the drive that was named"
  }

  /// What takes the uses apart, from the top down: findings come from the disk upwards and parents
  /// before what is mounted below them, and each is busy while something stands on it.
  private var releases: [String] {
    remedies([.mounted]).reversed() + remedies([.swap]) + remedies([.held]).reversed()
  }

  /// What may be done about some of the reasons, each once.
  private func remedies(_ reasons: Set<SafetyReason>) -> [String] {
    var remedies: [String] = []
    for refusal in refusals where reasons.contains(refusal.reason) {
      if let remedy = refusal.remedy, !remedies.contains(remedy) { remedies.append(remedy) }
    }
    return remedies
  }

  /// The message, without a newline at its end.
  public var description: String {
    var lines = ["refused: \(path) \(summary); nothing was written to it"]
    let width = refusals.map(\.node.count).max() ?? 0
    for refusal in refusals {
      let padding = String(repeating: " ", count: width - refusal.node.count)
      lines.append("  \(refusal.node)\(padding)  \(refusal.finding)")
    }
    // One step at a time: what is in use has no traces to be erased yet, and no drive that is in use
    // is to be named for destruction. The running system's disk is never to be released at all.
    if isInUse {
      let releases = releases
      if !releases.isEmpty, !refusals.contains(where: { $0.reason == .system }) {
        lines.append("if nobody needs what is there, release it first (this tool never does):")
        lines += releases.map { "  \($0)" }
        if refusals.contains(where: { $0.reason.isUse && $0.remedy == nil }) {
          lines.append("  and what else is named above")
        }
      }
      lines += remedies([.partition])
    } else {
      let traces: Set<SafetyReason> = [.signature, .partitionTable]
      // Partitions first: once the disk's table is gone their nodes may be, too.
      let wipes = remedies(traces).sorted { $0.count > $1.count }
      // What cannot be written cannot be wiped either.
      if !wipes.isEmpty, !refusals.contains(where: { $0.reason == .readOnly }) {
        lines.append(
          "if nobody needs what is there, erase its traces first (this tool never does):")
        lines += wipes.map { "  \($0)" }
      }
      lines += remedies(Set(SafetyReason.allCases).subtracting(traces))
    }
    lines.append("without writing:  \(command) \(SafetyRule.quoted(diskNode))")
    lines.append(
      "in a folder:      \(command) \(SafetyRule.quoted(folder ?? "FOLDER-ON-THE-DRIVE"))")
    return lines.joined(separator: "\n")
  }
}
