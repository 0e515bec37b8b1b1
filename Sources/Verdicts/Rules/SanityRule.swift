public import Measurements

/// Notices results that are too good or too bad to be what was meant to be measured.
public struct SanityRule: Sendable {
  /// A figure this many times its limit, or this fraction of it, measured something else.
  public static let factor = 100.0

  /// Why `value` cannot be what the gate asks for; nil where it can.
  ///
  /// The longest latency is left out: an honest device lies far below its limit.
  public static func distance(_ gate: GateName, value: Double, limit: Double) -> String? {
    guard limit > 0, value.isFinite, gate.metric != Metric.max.rawValue else { return nil }
    let ratio = value / limit
    if ratio >= factor {
      return "\(gate) is \(Figure.grouped(ratio)) times its limit: the wrong thing was measured"
    }
    if ratio <= 1 / factor {
      return "\(gate) is \(Figure.percent(ratio)) of its limit: the wrong thing was measured"
    }
    return nil
  }

  /// Why the requests of `rounds` cannot have had the blocks of `scenario`; nil where they can.
  ///
  /// Operations per second that are bandwidth divided by another block show that requests were
  /// merged or split before they were counted.
  public static func blocks(_ rounds: [RoundRecord], of scenario: ScenarioSpec) -> String? {
    guard scenario.layer == .raw, let split = BlockText(scenario.block) else { return nil }
    let operations = rounds.reduce(0.0) { $0 + Double($1.operations) }
    let bytes = rounds.reduce(0.0) { $0 + Double($1.bytes) }
    guard operations > 0 else { return nil }
    let seen = bytes / operations
    let asked = split.meanBytes
    // With one size every request moves exactly that; shares of several sizes scatter.
    let scatter = split.parts.count == 1 ? 0 : Swift.max(0.05, 10 / operations.squareRoot())
    guard abs(seen - asked) > asked * scatter else { return nil }
    return
      "\(scenario.phaseName): requests moved \(Figure.size(seen)) each, not \(Figure.size(asked)): "
      + "the wrong thing was measured"
  }

  /// Why an open loop did not offer its load; nil where it did, or the loop is closed.
  public static func arrivals(_ rounds: [RoundRecord], of scenario: ScenarioSpec) -> String? {
    guard let rate = scenario.ratePerSecond else { return nil }
    let operations = rounds.reduce(0.0) { $0 + Double($1.operations) }
    let seconds = rounds.reduce(0.0) { $0 + $1.duration.seconds }
    // Three standard deviations of random arrivals, and 2 % for rounds that end between arrivals.
    let expected = rate * seconds
    guard expected > 0, operations < 0.98 * expected - 3 * expected.squareRoot() else { return nil }
    return
      "\(scenario.phaseName): \(Figure.grouped(operations / seconds)) of "
      + "\(Figure.grouped(rate)) requests a second completed, so the slowest are not counted"
  }

  /// The share of reads that may return constant data before read gates say nothing.
  ///
  /// Reads are checked one in some tens, so one in 10 000 found means below one in a hundred in all.
  public static let unwrittenShareLimit = 1e-4

  /// Whether too many reads never touched the medium.
  public static func unwritten(_ rounds: [RoundRecord]) -> Bool {
    let found = rounds.reduce(0.0) { $0 + Double($1.faults.unwritten) }
    let reads = rounds.reduce(0.0) { $0 + Double($1.reads) }
    return found > 0 && found >= reads * unwrittenShareLimit
  }
}
