import Measurements

/// A phase's latencies, all of its rounds counted together.
struct PhaseLatency {
  /// The percentiles that reports show, ascending.
  static let quantiles: [(name: String, quantile: Double)] = [
    ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999),
    ("p99.99", 0.9999), ("p99.999", 0.99999),
  ]

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
  /// under another name, and for percentiles that are not stored.
  func value(at quantile: Double) -> Nanoseconds? {
    guard Double(summary.count) * (1 - quantile) >= 1 - 1e-9 else { return nil }
    let value: UInt64
    switch quantile {
    case 0.5: value = summary.p50
    case 0.9: value = summary.p90
    case 0.95: value = summary.p95
    case 0.99: value = summary.p99
    case 0.999: value = summary.p999
    case 0.9999: value = summary.p9999
    case 0.99999: value = summary.p99999
    default: return nil
    }
    return Nanoseconds(Int64(clamping: value))
  }
}
