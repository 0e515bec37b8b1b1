import Driver
import FoundationEssentials
import Measurements
import Reports
import Verdicts
import Workloads

/// What `bench device` and `bench store` print alike.
enum BenchFigures {
  /// A record as JSON, with a line feed at its end.
  static func json(_ record: some Encodable) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(record) else {
      throw CommandFailure(.internal, "the record cannot be written as JSON")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// Mean, percentiles and maximum.
  static func latency(_ summary: LatencySummary) -> String {
    "mean \(Quantity.latency(nanoseconds: summary.meanNanoseconds)), p50 \(time(summary.p50)), "
      + "p99 \(time(summary.p99)), p99.9 \(time(summary.p999)), p99.99 \(time(summary.p9999)), "
      + "max \(time(summary.max))"
  }

  /// How late requests were sent; nil for a closed loop, in which none is.
  static func latenessLine(_ round: RoundRecord) -> String? {
    round.lateness.map {
      "lateness  p50 \(time($0.p50)), p99 \(time($0.p99)), max \(time($0.max))"
    }
  }

  /// That the requests did not come as often as they were asked for; nil where they did, and for a
  /// closed loop, which asks for no rate.
  static func shortfallLine(_ round: RoundRecord, _ arrival: Arrival) -> String? {
    guard let rate = arrival.openRate?.perSecond, arrival.isHeld(by: round) == false else {
      return nil
    }
    return "not held  \(Quantity.plain(rate)) requests/s were asked for and "
      + "\(Quantity.rateInFull(round.iops, unit: "requests/s")) answered; latencies count from when "
      + "requests were due"
  }

  /// A request's share of what all took together.
  static func each(_ total: Nanoseconds, of count: UInt64) -> String {
    Quantity.latency(nanoseconds: Double(total.rawValue) / Double(max(1, count)))
  }

  private static func time(_ value: UInt64) -> String {
    Quantity.latency(nanoseconds: Double(value))
  }
}

extension Arrival {
  /// The name in records.
  var name: String {
    switch self {
    case .closed: "closed"
    case .constant: "constant"
    case .poisson: "poisson"
    }
  }

  /// Whether requests were answered as often as they were asked for; nil for a closed loop.
  ///
  /// Two percent less counts as held, and what chance takes from arrivals at random: four standard
  /// deviations of their number.
  func isHeld(by round: RoundRecord) -> Bool? {
    guard let rate = openRate?.perSecond else { return nil }
    let due = rate * round.duration.seconds
    var least = due * 0.98 - 1
    if case .poisson = self { least -= 4 * due.squareRoot() }
    return round.operations > 0 && Double(round.operations) >= least
  }
}
