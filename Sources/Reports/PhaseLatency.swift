import Measurements

/// A phase's latencies, all of its rounds counted together.
struct PhaseLatency {
  /// The percentiles that reports show, ascending.
  static var percentiles: [Percentile] {
    [
      Percentile("p50", 0.5, \.p50), Percentile("p90", 0.9, \.p90), Percentile("p95", 0.95, \.p95),
      .p99, Percentile("p99.9", 0.999, \.p999), Percentile("p99.99", 0.9999, \.p9999),
      Percentile("p99.999", 0.99999, \.p99999),
    ]
  }

  /// A percentile by its name, the fraction below it and where it is stored.
  struct Percentile {
    var name: String
    var quantile: Double
    var stored: KeyPath<LatencySummary, UInt64>

    init(_ name: String, _ quantile: Double, _ stored: KeyPath<LatencySummary, UInt64>) {
      (self.name, self.quantile, self.stored) = (name, quantile, stored)
    }

    /// The 99th.
    static var p99: Percentile { Percentile("p99", 0.99, \.p99) }
  }

  /// The stored figures.
  let summary: LatencySummary

  /// Takes what the phase stored; nil where it counted nothing.
  ///
  /// A phase that was cut off has stored nothing. Percentiles of several rounds cannot be merged
  /// from their summaries, so it has latencies only where it had a single round.
  init?(_ phase: PhaseRecord) {
    let alone = phase.rounds.count == 1 ? phase.rounds[0].latency : nil
    guard let summary = phase.latency ?? alone, summary.count > 0 else { return nil }
    self.summary = summary
  }

  /// A percentile; nil where fewer than one request lies above it, so that it would be the maximum
  /// under another name.
  func value(_ percentile: Percentile) -> Nanoseconds? {
    guard Double(summary.count) * (1 - percentile.quantile) >= 1 - 1e-9 else { return nil }
    return Nanoseconds(Int64(clamping: summary[keyPath: percentile.stored]))
  }
}
