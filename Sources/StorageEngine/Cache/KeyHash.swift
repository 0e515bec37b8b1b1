internal import RocksDB

/// A 64-bit hash of a key, eight bytes at a time.
///
/// Seeded anew in each process, so that nobody can choose keys that all meet in one shard.
enum KeyHash {
  /// This process's seed.
  static let processSeed = UInt64.random(in: .min ... .max)

  /// The hash of `key`.
  @inline(__always)
  static func hash(_ key: Span<UInt8>, seed: UInt64 = processSeed) -> UInt64 {
    let count = key.count
    var state = seed ^ UInt64(truncatingIfNeeded: count) &* 0x9e37_79b9_7f4a_7c15
    guard count >= 8 else {
      var word: UInt64 = 0
      for index in 0..<count { word = word &<< 8 | UInt64(key[index]) }
      return fold(fold(state ^ word, 0xa076_1d64_78bd_642f), 0xe703_7ed1_a0b4_28db)
    }
    var offset = 0
    while offset &+ 8 <= count {
      state = fold(state ^ key.word(at: offset), 0xa076_1d64_78bd_642f)
      offset &+= 8
    }
    // The last eight bytes, some of them for the second time, where they do not end on a word.
    if offset < count { state = fold(state ^ key.word(at: count - 8), 0x8ebc_6af0_9c88_c6e3) }
    return fold(state, 0xe703_7ed1_a0b4_28db)
  }

  /// Both halves of a product, laid over each other.
  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
