import Driver
import FoundationEssentials
import Measurements
import Reports
import Verdicts

/// What `bench device` and `bench store` print alike.
enum BenchFigures {
  /// A record as JSON, with a line feed at its end.
  static func json(_ record: some Encodable) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
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
}
