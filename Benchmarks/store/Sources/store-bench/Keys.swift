import Glibc

/// Keys and values as db_bench makes them.
///
/// Keys of 16 bytes, the number in big-endian order and padding; values half of which compress. A value
/// begins with its key's number, so that each read can be verified.
struct Keys: Sendable {
  let count: UInt64
  let valueBytes: Int
  private let contents: [UInt8]

  static let keyBytes = 16

  init(count: UInt64, valueBytes: Int) {
    self.count = count
    self.valueBytes = max(8, valueBytes)
    var random = Random(seed: 301)
    var contents: [UInt8] = []
    while contents.count < 1 << 16 {
      let half = (0..<50).map { _ in UInt8(truncatingIfNeeded: 32 + random.next() % 95) }
      contents += half
      contents += half
    }
    self.contents = contents
  }

  /// Room for a key.
  static var empty: [UInt8] { [UInt8](repeating: UInt8(ascii: "0"), count: keyBytes) }

  @inline(__always)
  func write(_ number: UInt64, to key: inout [UInt8]) {
    key.withUnsafeMutableBytes { $0.storeBytes(of: number.bigEndian, as: UInt64.self) }
  }

  func key(_ number: UInt64) -> [UInt8] {
    var key = Self.empty
    write(number, to: &key)
    return key
  }

  var emptyValue: [UInt8] { [UInt8](repeating: 0, count: valueBytes) }

  @inline(__always)
  func writeValue(_ number: UInt64, to value: inout [UInt8]) {
    let start =
      Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> 40)
      % (contents.count - valueBytes)
    value.withUnsafeMutableBytes { value in
      contents.withUnsafeBytes { contents in
        value.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: contents[start..<start + valueBytes]))
      }
      value.storeBytes(of: number, as: UInt64.self)
    }
  }

  func value(_ number: UInt64) -> [UInt8] {
    var value = emptyValue
    writeValue(number, to: &value)
    return value
  }

  @inline(__always)
  func isValue(_ value: Span<UInt8>, of number: UInt64) -> Bool {
    guard value.count == valueBytes else { return false }
    return value.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } == number
  }
}

/// SplitMix64.
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Below `bound`, all but evenly.
  @inline(__always)
  mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}

/// Nanoseconds of the monotonic clock.
@inline(__always)
func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Latencies in buckets 3 % wide.
struct Latencies: Sendable {
  private var counts = [UInt64](repeating: 0, count: 64 * 32)
  private(set) var count: UInt64 = 0
  private(set) var longest: UInt64 = 0

  mutating func record(_ nanoseconds: UInt64) {
    let bits = 63 - max(nanoseconds, 32).leadingZeroBitCount
    let bucket = bits * 32 + Int(max(nanoseconds, 32) >> UInt64(bits - 5)) - 32
    counts[bucket] += 1
    count += 1
    longest = max(longest, nanoseconds)
  }

  mutating func add(_ other: Latencies) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
    longest = max(longest, other.longest)
  }

  /// The upper end of the bucket in which the share lies, in milliseconds.
  func milliseconds(_ share: Double) -> Double {
    let rank = UInt64((Double(count) * share).rounded(.up))
    var sum: UInt64 = 0
    for (bucket, bucketCount) in counts.enumerated() {
      sum += bucketCount
      guard sum >= max(1, rank) else { continue }
      let (bits, step) = (bucket / 32, bucket % 32)
      return min(Double(longest), Double((33 + step)) * Double(1 << max(0, bits - 5))) / 1e6
    }
    return 0
  }
}
