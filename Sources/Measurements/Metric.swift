/// What a gate can compare with its limit.
///
/// Values of rates are per second, of bandwidth in bytes per second, of latencies in nanoseconds.
public enum Metric: String, Codable, Sendable, CaseIterable {
  /// Completed requests per second.
  case iops
  /// Completed bytes per second.
  case bandwidth
  /// Mean latency.
  case mean
  /// Median latency.
  case p50
  /// 90th percentile of latency.
  case p90
  /// 95th percentile of latency.
  case p95
  /// 99th percentile of latency.
  case p99
  /// 99.9th percentile of latency.
  case p999 = "p99.9"
  /// 99.99th percentile of latency.
  case p9999 = "p99.99"
  /// 99.999th percentile of latency.
  case p99999 = "p99.999"
  /// Longest latency.
  case max

  /// The fraction of requests at or below the percentile, for percentile metrics only.
  public var quantile: Double? {
    switch self {
    case .p50: 0.5
    case .p90: 0.9
    case .p95: 0.95
    case .p99: 0.99
    case .p999: 0.999
    case .p9999: 0.9999
    case .p99999: 0.99999
    case .iops, .bandwidth, .mean, .max: nil
    }
  }

  /// The unit of this metric's values.
  public var unit: MetricUnit {
    switch self {
    case .iops: .perSecond
    case .bandwidth: .bytesPerSecond
    default: .nanoseconds
    }
  }
}

/// The unit of a metric's values.
public enum MetricUnit: String, Codable, Sendable {
  /// Requests per second.
  case perSecond
  /// Bytes per second.
  case bytesPerSecond
  /// Nanoseconds.
  case nanoseconds
  /// Bytes.
  case bytes
  /// A plain count or level.
  case count
  /// A word, such as a device kind.
  case word
}
