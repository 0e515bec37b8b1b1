import Measurements

/// A phase's latencies over its rounds: the median of the rounds for each percentile, and the
/// longest of all.
///
/// Percentiles of several rounds cannot be merged from their summaries; the median round is what
/// the verdict's intervals lie around, and it is not moved by one disturbed round.
struct MedianLatency {
  /// Percentiles with their names, in nanoseconds, ascending.
  var percentiles: [(name: String, nanoseconds: Double)]
  /// The longest latency of all rounds.
  var max: UInt64
  /// Requests of all rounds.
  var count: UInt64

  /// The 99th percentile.
  var p99: Double? { percentiles.first { $0.name == "p99" }?.nanoseconds }

  /// Takes the rounds that counted any request; nil where none did.
  init?(_ rounds: [RoundRecord]) {
    let latencies = rounds.map(\.latency).filter { $0.count > 0 }
    guard !latencies.isEmpty else { return nil }
    let columns: [(String, (LatencySummary) -> Double)] = [
      ("mean", { $0.meanNanoseconds }), ("p50", { Double($0.p50) }), ("p90", { Double($0.p90) }),
      ("p95", { Double($0.p95) }), ("p99", { Double($0.p99) }), ("p99.9", { Double($0.p999) }),
      ("p99.99", { Double($0.p9999) }), ("p99.999", { Double($0.p99999) }),
    ]
    percentiles = columns.map { name, value in
      (name, Self.median(latencies.map(value)))
    }
    max = latencies.map(\.max).max() ?? 0
    count = latencies.reduce(0) { $0 &+ $1.count }
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
