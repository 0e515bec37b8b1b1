/// A keyed bijection of 0 ..< count that puts neighbouring ranks far apart, without a table.
///
/// A Feistel network over the next even number of bits; results beyond the count are permuted again
/// until they fall inside ("cycle walking"), which takes fewer than four turns on average.
@usableFromInline
struct RankScatter: Sendable {
  @usableFromInline let count: UInt64
  @usableFromInline let key: UInt64
  @usableFromInline let halfBits: UInt64
  @usableFromInline let halfMask: UInt64

  init(count: UInt64, key: UInt64) {
    self.count = count
    self.key = SeededGenerator.mix(key)
    let bits = count > 1 ? UInt64(64 - (count - 1).leadingZeroBitCount) : 0
    halfBits = Swift.max((bits + 1) / 2, 1)
    halfMask = (1 &<< halfBits) &- 1
  }

  /// The place of `rank`, which must be below the count.
  @inlinable
  func place(of rank: UInt64) -> UInt64 {
    // A rank outside would walk a cycle that may never come back inside.
    guard rank < count else { return 0 }
    var place = rank
    repeat { place = permute(place) } while place >= count
    return place
  }

  @inlinable @inline(__always)
  func permute(_ value: UInt64) -> UInt64 {
    var left = value &>> halfBits
    var right = value & halfMask
    var round: UInt64 = 0
    while round < 4 {
      let mixed = SeededGenerator.mix(right ^ (round &<< 56) ^ key) & halfMask
      (left, right) = (right, left ^ mixed)
      round &+= 1
    }
    return (left &<< halfBits) | right
  }
}
