extension Span where Element == UInt8 {
  /// The eight bytes at `offset` as a little-endian number.
  ///
  /// The one check beforehand lets the compiler make a single load of the eight.
  @inlinable @inline(__always)
  func littleEndianWord(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count &- 8)
    let low =
      UInt64(self[offset]) | UInt64(self[offset &+ 1]) &<< 8 | UInt64(self[offset &+ 2]) &<< 16
      | UInt64(self[offset &+ 3]) &<< 24
    let high =
      UInt64(self[offset &+ 4]) | UInt64(self[offset &+ 5]) &<< 8
      | UInt64(self[offset &+ 6]) &<< 16 | UInt64(self[offset &+ 7]) &<< 24
    return low | high &<< 32
  }
}

extension MutableSpan where Element == UInt8 {
  /// Replaces the eight bytes at `offset` by a number in little-endian order: a single store.
  @inlinable @inline(__always)
  mutating func setLittleEndianWord(_ word: UInt64, at offset: Int) {
    precondition(offset >= 0 && offset <= count &- 8)
    self[offset] = UInt8(truncatingIfNeeded: word)
    self[offset &+ 1] = UInt8(truncatingIfNeeded: word &>> 8)
    self[offset &+ 2] = UInt8(truncatingIfNeeded: word &>> 16)
    self[offset &+ 3] = UInt8(truncatingIfNeeded: word &>> 24)
    self[offset &+ 4] = UInt8(truncatingIfNeeded: word &>> 32)
    self[offset &+ 5] = UInt8(truncatingIfNeeded: word &>> 40)
    self[offset &+ 6] = UInt8(truncatingIfNeeded: word &>> 48)
    self[offset &+ 7] = UInt8(truncatingIfNeeded: word &>> 56)
  }
}
