internal import Measurements

/// Operations and coarse latencies of each second of a load, in memory taken beforehand.
///
/// Latencies fall into 16 buckets for each doubling: within 6 % of their value.
struct SecondCounts: Sendable {
  /// Sub-buckets for each doubling.
  static let subBuckets = 16
  /// Buckets up to 2^41 ns, which is 36 minutes.
  static let bucketCount = 38 * subBuckets

  private(set) var operations: [UInt64]
  private var buckets: [UInt32]
  private let histogramSeconds: Int

  /// Takes room for so many seconds.
  ///
  /// Later ones are added to the last. Latencies are kept for an hour.
  init(seconds: Int) {
    let count = max(1, seconds)
    histogramSeconds = min(count, 3600)
    operations = Array(repeating: 0, count: count)
    buckets = Array(repeating: 0, count: histogramSeconds * Self.bucketCount)
  }

  /// Counts one operation.
  @inline(__always)
  mutating func record(_ latency: Nanoseconds, second: Int) {
    let row = min(max(second, 0), operations.count - 1)
    operations[row] &+= 1
    guard row < histogramSeconds else { return }
    buckets[row &* Self.bucketCount &+ Self.bucket(of: latency)] &+= 1
  }

  /// Adds another worker's counts of the same seconds.
  mutating func add(_ other: SecondCounts) {
    for row in 0..<min(operations.count, other.operations.count) {
      operations[row] += other.operations[row]
    }
    for index in 0..<min(buckets.count, other.buckets.count) {
      buckets[index] &+= other.buckets[index]
    }
  }

  /// The operations of each second, up to the last in which anything happened.
  var trimmedOperations: [UInt64] {
    let last = operations.lastIndex { $0 > 0 } ?? -1
    return Array(operations[0..<(last + 1)])
  }

  /// The latencies of each second, up to the last in which anything happened.
  var histograms: [SparseHistogram] {
    (0..<min(trimmedOperations.count, histogramSeconds)).map { row in
      var values: [UInt64] = []
      var counts: [UInt64] = []
      var total: UInt64 = 0
      for bucket in 0..<Self.bucketCount {
        let count = UInt64(buckets[row * Self.bucketCount + bucket])
        guard count > 0 else { continue }
        values.append(Self.middle(ofBucket: bucket))
        counts.append(count)
        total &+= count &* Self.middle(ofBucket: bucket)
      }
      return SparseHistogram(
        values: values, counts: counts, maxNanoseconds: values.last ?? 0,
        totalNanoseconds: total)
    }
  }

  @inline(__always)
  static func bucket(of latency: Nanoseconds) -> Int {
    let value = UInt64(max(latency.rawValue, 16))
    let exponent = 63 - value.leadingZeroBitCount
    let index = (exponent - 4) * 16 + Int((value &>> UInt64(exponent - 4)) & 15)
    return min(index, bucketCount - 1)
  }

  static func middle(ofBucket bucket: Int) -> UInt64 {
    let shift = UInt64(bucket / 16)
    let low = (16 + UInt64(bucket % 16)) << shift
    return low + (1 << shift) / 2
  }
}
