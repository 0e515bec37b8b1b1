public import Measurements

/// A run against an earlier one, such as the last accepted result of the same device.
///
/// Pure: both records in, one finding a gate out.
public struct Comparison: Sendable, Equatable {
  /// What became of a gate.
  public enum Change: String, Sendable, CaseIterable {
    /// The intervals do not overlap, and this run's lies on the good side.
    case improved
    /// The intervals overlap, and the value is not much worse.
    case same
    /// The intervals overlap although the value is worse by more than ``unclearMargin``: at least one
    /// of the runs was too noisy to tell.
    case unclear
    /// The intervals do not overlap, and this run's lies on the bad side.
    case regressed
    /// One of the runs has no value, no interval, or another unit for it.
    case notComparable = "not comparable"
  }

  /// One gate in both runs.
  public struct Finding: Sendable, Equatable {
    /// The gate.
    public var name: GateName
    /// The earlier run's result; nil where it had no such gate.
    public var before: GateResult?
    /// This run's result; nil where it has no such gate.
    public var after: GateResult?
    /// This run's value over the earlier one's; nil where either is missing or zero.
    public var ratio: Double?
    /// What became of it.
    public var change: Change
  }

  /// Every gate of either run: this run's order, then those that only the earlier one had.
  public var findings: [Finding]
  /// What else differs between the runs, so that a change may have another cause.
  public var notes: [String]
  /// The earlier run's identifier and start.
  public var earlier: String

  /// Compares `record` with `earlier`.
  public init(of record: RunRecord, with earlier: RunRecord) {
    self.earlier = "\(earlier.runID) of \(earlier.startedAt)"
    let before = earlier.verdict?.gates ?? []
    let after = record.verdict?.gates ?? []
    findings =
      after.map { gate in
        Self.finding(before: before.first { $0.name == gate.name }, after: gate, name: gate.name)
      }
      + before.filter { gate in !after.contains { $0.name == gate.name } }.map {
        Self.finding(before: $0, after: nil, name: $0.name)
      }
    notes = Self.notes(record, earlier)
  }

  /// How much worse a value may be, as a share of the earlier one, where the intervals overlap: a
  /// fifth, by which the rounds of a steady device may differ.
  public static let unclearMargin = 0.2

  /// Whether any gate is worse than it was.
  public var hasRegressed: Bool { findings.contains { $0.change == .regressed } }

  /// Judges one gate by its two confidence intervals.
  ///
  /// Gates on words have no interval: another word is a regression where the outcome is worse, an
  /// improvement where it is better, and not comparable otherwise.
  static func change(from before: GateResult, to after: GateResult) -> Change {
    guard before.unit == after.unit, before.side == after.side else { return .notComparable }
    if after.unit == .word || after.side == .equals {
      guard let old = word(before), let new = word(after) else { return .notComparable }
      if old == new { return .same }
      switch (before.outcome, after.outcome) {
      case (.fail, .pass): return .improved
      case (.pass, .fail): return .regressed
      default: return .notComparable
      }
    }
    guard let old = Interval(before), let new = Interval(after) else { return .notComparable }
    if old.lower <= new.upper, new.lower <= old.upper {
      let ratio = after.side == .min ? new.value / old.value : old.value / new.value
      return ratio < 1 - unclearMargin ? .unclear : .same
    }
    let higher = new.lower > old.upper
    return higher == (after.side == .min) ? .improved : .regressed
  }

  private static func word(_ gate: GateResult) -> String? {
    gate.valueWord ?? gate.value.map(Quantity.plain)
  }

  private struct Interval {
    var value: Double
    var lower: Double
    var upper: Double

    /// A missing bound is no bound at all; with neither there is nothing to compare.
    init?(_ gate: GateResult) {
      guard let value = gate.value, value.isFinite, gate.lower != nil || gate.upper != nil
      else { return nil }
      self.value = value
      lower = gate.lower ?? -.infinity
      upper = gate.upper ?? .infinity
      guard lower <= upper else { return nil }
    }
  }

  private static func finding(before: GateResult?, after: GateResult?, name: GateName) -> Finding {
    var finding = Finding(
      name: name, before: before, after: after, ratio: nil, change: .notComparable)
    guard let before, let after else { return finding }
    finding.change = change(from: before, to: after)
    if before.unit == after.unit, let old = before.value, let new = after.value, old != 0,
      (new / old).isFinite
    {
      finding.ratio = new / old
    }
    return finding
  }

  private static func notes(_ record: RunRecord, _ earlier: RunRecord) -> [String] {
    let subject = record.subjects.first
    let old = earlier.subjects.first
    let pairs: [(String, String?, String?)] = [
      ("profile", earlier.profile.sha256, record.profile.sha256),
      ("tier", earlier.tier, record.tier), ("mode", earlier.mode, record.mode),
      ("layer", earlier.layer, record.layer),
      ("model", old?.identity.model, subject?.identity.model),
      ("firmware", old?.identity.firmware, subject?.identity.firmware),
      ("target", old?.form.rawValue, subject?.form.rawValue),
      ("range", old.map { "\($0.rangeBytes) B" }, subject.map { "\($0.rangeBytes) B" }),
      ("host", earlier.machine.hostname, record.machine.hostname),
      ("kernel", earlier.machine.kernel, record.machine.kernel),
      ("tool", earlier.tool.version, record.tool.version),
      ("tool build", earlier.tool.build, record.tool.build),
      ("tool binary", earlier.tool.binarySHA256, record.tool.binarySHA256),
    ]
    var notes = pairs.filter { $0.1 != $0.2 }.map { name, old, new in
      "another \(name): \(short(new)), was \(short(old))"
    }
    if let outcome = earlier.verdict?.outcome, outcome != .pass {
      notes.append("the earlier run was \(GateDescription.word(outcome))")
    } else if earlier.verdict == nil {
      notes.append("the earlier run has no verdict")
    }
    return notes
  }

  /// Hashes by their first digits: enough to see that they differ.
  private static func short(_ text: String?) -> String {
    guard let text else { return "unknown" }
    let isHash = text.count == 64 && text.allSatisfy(\.isHexDigit)
    return isHash ? String(text.prefix(12)) : text
  }
}
