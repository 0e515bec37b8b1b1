public import Measurements

/// A way in which the subject broke its promises, whatever its speed.
public struct Fault: Sendable, Equatable {
  /// The phase in which it happened.
  public var phase: String
  /// What happened.
  public var outcome: PhaseOutcome
  /// For people.
  public var message: String
}

/// Finds devices that were lost, stalled, answered with errors or returned wrong data.
public struct FaultRule: Sendable {
  /// One fault for each phase that has one; the null target's phase is left out.
  public static func faults(_ phases: [PhaseRecord]) -> [Fault] {
    phases.compactMap { phase in
      guard phase.kind != .headroom else { return nil }
      var counts = FaultCounts()
      for round in phase.rounds { counts.add(round.faults) }
      let outcome = outcome(phase, counts)
      guard outcome != .completed, outcome != .interrupted else { return nil }
      let detail = phase.detail.map { ": \($0)" } ?? seen(counts)
      return Fault(
        phase: phase.name, outcome: outcome,
        message: "\(phrase(outcome)) during \(phase.name)\(detail)")
    }
  }

  /// Corruption outranks the phase's own word; other faults count where the phase has none.
  private static func outcome(_ phase: PhaseRecord, _ counts: FaultCounts) -> PhaseOutcome {
    if counts.corrupt > 0 { return .corrupt }
    guard phase.outcome == .completed else { return phase.outcome }
    if counts.empty > 0 { return .lost }
    if counts.unanswered > 0 { return .stalled }
    return counts.errors.values.contains { $0 > 0 } || counts.short > 0 ? .failed : .completed
  }

  /// What such an end of a phase means, for people.
  public static func phrase(_ outcome: PhaseOutcome) -> String {
    switch outcome {
    case .lost: "the device was lost"
    case .stalled: "the device stopped answering"
    case .failed: "the device answered with errors"
    case .corrupt: "the device returned data that were not what was written"
    case .completed, .interrupted: "the phase ended"
    }
  }

  private static func seen(_ counts: FaultCounts) -> String {
    var parts = counts.errors.sorted { $0.key < $1.key }.map { "\($0.value) × errno \($0.key)" }
    if counts.short > 0 { parts.append("\(counts.short) short transfers") }
    if counts.empty > 0 { parts.append("\(counts.empty) empty transfers") }
    if counts.corrupt > 0 { parts.append("\(counts.corrupt) corrupt reads") }
    if counts.unanswered > 0 { parts.append("\(counts.unanswered) unanswered requests") }
    if let offset = counts.firstOffset { parts.append("first at byte \(offset)") }
    return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
  }
}
