public import Histogram

/// How often each latency occurred, to three significant digits from 1 ns to 20 minutes.
///
/// Recording neither allocates nor resizes. Longer latencies count in the last bucket and show in
/// ``maxNanoseconds`` exactly.
public struct LatencyHistogram: Sendable {
  /// Latencies above this are counted as this: 20 minutes, longer than any stall limit.
  public static let highestNanoseconds: UInt64 = 1_200_000_000_000

  @usableFromInline var histogram: Histogram<UInt64>
  @usableFromInline var exactMax: UInt64 = 0
  @usableFromInline var total: UInt64 = 0

  /// An empty histogram; allocates all its buckets (about 270 KiB) at once.
  public init() {
    histogram = Histogram<UInt64>(
      lowestDiscernibleValue: 1, highestTrackableValue: Self.highestNanoseconds,
      numberOfSignificantValueDigits: .three)
  }

  /// Counts one latency; negative ones (a clock that stepped) count as zero.
  @inlinable @inline(__always)
  public mutating func record(_ latency: Nanoseconds) {
    let value = latency.rawValue > 0 ? UInt64(latency.rawValue) : 0
    if value > exactMax { exactMax = value }
    total &+= value
    histogram.record(value < Self.highestNanoseconds ? value : Self.highestNanoseconds)
  }

  /// How many latencies were counted.
  @inlinable public var count: UInt64 { histogram.totalCount }

  /// The longest latency, exactly; 0 where none was counted.
  @inlinable public var maxNanoseconds: UInt64 { exactMax }

  /// The exact arithmetic mean in nanoseconds; 0 where none was counted.
  public var meanNanoseconds: Double { count == 0 ? 0 : Double(total) / Double(count) }

  /// The latency at or below which the fraction `quantile` (0…1) of the requests lies.
  ///
  /// The highest value of the bucket, as HdrHistogram reports it, never above the exact maximum.
  public func value(atQuantile quantile: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let clamped = Swift.min(Swift.max(quantile, 0), 1)
    return Swift.min(histogram.valueAtPercentile(clamped * 100), exactMax)
  }

  /// How many latencies lie above `limit`, to the histogram's resolution.
  public func count(above limit: Nanoseconds) -> UInt64 {
    guard limit.rawValue >= 0 else { return count }
    let value = Swift.min(UInt64(limit.rawValue), Self.highestNanoseconds)
    return count - histogram.count(within: 0...value)
  }

  /// Adds all of `other`'s counts.
  public mutating func add(_ other: LatencyHistogram) {
    histogram.add(other.histogram)
    exactMax = Swift.max(exactMax, other.exactMax)
    total &+= other.total
  }

  /// Forgets all counts and keeps the memory.
  public mutating func reset() {
    histogram.reset()
    exactMax = 0
    total = 0
  }

  /// The non-empty buckets in ascending order, for storage.
  public var sparse: SparseHistogram {
    var values: [UInt64] = []
    var counts: [UInt64] = []
    for bucket in histogram.recordedValues() {
      values.append(bucket.value)
      counts.append(bucket.count)
    }
    return SparseHistogram(
      values: values, counts: counts, maxNanoseconds: exactMax, totalNanoseconds: total)
  }

  /// Rebuilds a histogram from its stored buckets; nil where they do not pair up.
  public init?(_ sparse: SparseHistogram) {
    guard sparse.values.count == sparse.counts.count else { return nil }
    self.init()
    for (value, count) in zip(sparse.values, sparse.counts) {
      guard value <= Self.highestNanoseconds * 2 else { return nil }
      histogram.record(Swift.min(value, Self.highestNanoseconds), count: count)
    }
    exactMax = sparse.maxNanoseconds
    total = sparse.totalNanoseconds
  }

  /// The figures that people read.
  public var summary: LatencySummary {
    LatencySummary(
      count: count, meanNanoseconds: meanNanoseconds, p50: value(atQuantile: 0.5),
      p90: value(atQuantile: 0.9), p95: value(atQuantile: 0.95), p99: value(atQuantile: 0.99),
      p999: value(atQuantile: 0.999), p9999: value(atQuantile: 0.9999),
      p99999: value(atQuantile: 0.99999), max: exactMax)
  }
}

/// The non-empty buckets of a histogram: `counts[i]` latencies of about `values[i]` nanoseconds.
public struct SparseHistogram: Codable, Sendable, Equatable {
  /// Bucket values in nanoseconds, ascending.
  public var values: [UInt64]
  /// Counts, one for each value.
  public var counts: [UInt64]
  /// The exact maximum in nanoseconds.
  public var maxNanoseconds: UInt64
  /// The exact sum in nanoseconds.
  public var totalNanoseconds: UInt64

  /// Pairs values with counts.
  public init(
    values: [UInt64], counts: [UInt64], maxNanoseconds: UInt64, totalNanoseconds: UInt64
  ) {
    self.values = values
    self.counts = counts
    self.maxNanoseconds = maxNanoseconds
    self.totalNanoseconds = totalNanoseconds
  }
}

/// The usual percentiles of a histogram, in nanoseconds.
public struct LatencySummary: Codable, Sendable, Equatable {
  /// How many latencies were counted.
  public var count: UInt64
  /// Arithmetic mean.
  public var meanNanoseconds: Double
  /// Median.
  public var p50: UInt64
  /// 90th percentile.
  public var p90: UInt64
  /// 95th percentile.
  public var p95: UInt64
  /// 99th percentile.
  public var p99: UInt64
  /// 99.9th percentile.
  public var p999: UInt64
  /// 99.99th percentile.
  public var p9999: UInt64
  /// 99.999th percentile.
  public var p99999: UInt64
  /// Longest latency.
  public var max: UInt64
}
