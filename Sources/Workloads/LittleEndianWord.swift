extension Span where Element == UInt8 {
  /// The eight bytes at `offset` as a little-endian number.
  ///
  /// A span of eight is cut out first: as its length is known, a single load is left of all this,
  /// inside loops too.
  @inlinable @inline(__always)
  func littleEndianWord(at offset: Int) -> UInt64 {
    let bytes = extracting(offset..<(offset &+ 8))
    let low =
      UInt64(bytes[0]) | UInt64(bytes[1]) &<< 8 | UInt64(bytes[2]) &<< 16 | UInt64(bytes[3]) &<< 24
    let high =
      UInt64(bytes[4]) | UInt64(bytes[5]) &<< 8 | UInt64(bytes[6]) &<< 16 | UInt64(bytes[7]) &<< 24
    return low | high &<< 32
  }
}

extension MutableSpan where Element == UInt8 {
  /// Replaces the eight bytes at `offset` by a number in little-endian order.
  ///
  /// By itself this is one check and one store; inside a loop the compiler would check and store
  /// every byte, so it is kept out of there.
  @inline(never)
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
