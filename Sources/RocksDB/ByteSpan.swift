public import Glibc

extension Span where Element == UInt8 {
  /// The eight bytes at `offset` as a little-endian number.
  @inlinable @inline(__always)
  public func word(at offset: Int) -> UInt64 {
    withUnsafeBytes { bytes in
      precondition(offset >= 0 && offset <= bytes.count - 8)
      return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// The four bytes at `offset` as a little-endian number.
  @inlinable @inline(__always)
  public func halfWord(at offset: Int) -> UInt32 {
    withUnsafeBytes { bytes in
      precondition(offset >= 0 && offset <= bytes.count - 4)
      return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
  }

  /// A copy that outlives the span.
  @inlinable
  public func copied() -> [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// Below 0 where these bytes sort before the others, 0 where they are equal, else above 0.
  ///
  /// Bytes are compared as unsigned numbers; a prefix sorts first. This is RocksDB's own order.
  @inlinable @inline(__always)
  public func order(to other: Span<UInt8>) -> Int {
    let common = Swift.min(count, other.count)
    let difference = withUnsafeBytes { left in
      other.withUnsafeBytes { right -> Int32 in
        guard common > 0, let first = left.baseAddress, let second = right.baseAddress else {
          return 0
        }
        return memcmp(first, second, common)
      }
    }
    return difference != 0 ? Int(difference) : count - other.count
  }
}

extension RawSpan {
  /// Lends the same memory as a span of bytes, which safe code can read.
  @inlinable @inline(__always)
  public func withBytes<R, E>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(_unsafeView(as: UInt8.self))
  }
}

extension Array where Element == UInt8 {
  /// Appends a copy of a span.
  @inlinable @inline(__always)
  public mutating func append(bytes span: Span<UInt8>) {
    span.withUnsafeBytes { append(contentsOf: $0) }
  }

  /// Appends a number in little-endian order.
  @inlinable @inline(__always)
  public mutating func append(word: UInt64) {
    Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends a number in little-endian order.
  @inlinable @inline(__always)
  public mutating func append(halfWord: UInt32) {
    Swift.withUnsafeBytes(of: halfWord.littleEndian) { append(contentsOf: $0) }
  }

  /// Replaces the bytes from `offset` on, all of which must exist.
  @inlinable @inline(__always)
  public mutating func overwrite(at offset: Int, bytes span: Span<UInt8>) {
    let size = span.count
    withUnsafeMutableBytes { target in
      precondition(offset >= 0 && offset <= target.count - size)
      span.withUnsafeBytes { source in
        guard size > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
        memcpy(to + offset, from, size)
      }
    }
  }

  /// Replaces the eight bytes from `offset` on by a number in little-endian order.
  @inlinable @inline(__always)
  public mutating func overwrite(at offset: Int, word: UInt64) {
    withUnsafeMutableBytes { target in
      precondition(offset >= 0 && offset <= target.count - 8)
      target.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
  }
}

extension Array where Element == UInt8 {
  /// Lends the bytes as RocksDB's calls take them.
  @inlinable @inline(__always)
  public func withRawSpan<R, E>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    try body(span.bytes)
  }
}

extension Span where Element == UInt8 {
  /// Lends the bytes as RocksDB's calls take them.
  @inlinable @inline(__always)
  public func withRawSpan<R, E>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    try body(bytes)
  }
}
