extension SectorContents {
  /// The hash of the first three words; another value in any one of them always changes it.
  @inlinable @inline(__always)
  static func headerHash(_ tag: UInt64, _ offset: UInt64, _ generation: UInt64) -> UInt64 {
    SeededGenerator.mix(
      tag &+ offset &* 0xd6e8_feb8_6659_fd93 &+ generation &* 0xa076_1d64_78bd_642f)
  }

  /// The hash of the sixty payload words of the sector that begins at word `base`.
  ///
  /// Three independent lanes of full-width multiplications, so that they overlap in the processor;
  /// a change of any kind goes unseen once in about 2^62.
  @inlinable
  static func payloadHash(_ words: Span<UInt64>, at base: Int) -> UInt64 {
    var first: UInt64 = 0x243f_6a88_85a3_08d3
    var second: UInt64 = 0x1319_8a2e_0370_7344
    var third: UInt64 = 0xa409_3822_299f_31d0
    var index = base &+ 4
    let end = base &+ 64
    while index < end {
      first = fold(words[index] ^ first, words[index &+ 1] ^ 0x082e_fa98_ec4e_6c89)
      second = fold(words[index &+ 2] ^ second, words[index &+ 3] ^ 0x4528_21e6_38d0_1377)
      third = fold(words[index &+ 4] ^ third, words[index &+ 5] ^ 0xbe54_66cf_34e9_0c6c)
      index &+= 6
    }
    return SeededGenerator.mix(
      first ^ SeededGenerator.mix(second ^ SeededGenerator.mix(third)))
  }

  /// Both halves of a product, laid over each other.
  @inlinable @inline(__always)
  static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
