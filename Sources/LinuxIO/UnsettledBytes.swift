public import CLinux
public import Glibc
public import Synchronization

/// A look at bytes that another thread may be writing.
///
/// What is read may be half old and half new. It counts only where a ``ChangeCount`` tells
/// afterwards that nobody wrote meanwhile; until then it may decide what is read next, and nothing
/// else. Numbers are read whole and once, so that a bound that was checked is the one that is used.
///
/// The ``MappedBytes`` that it looks at must outlive it. Offsets are its user's to keep within
/// bounds: they are checked in debug builds only, as this is for paths on which every instruction
/// counts.
public struct UnsettledBytes: @unchecked Sendable, BitwiseCopyable {
  @usableFromInline let start: UnsafeMutableRawPointer
  /// How many bytes there are.
  public let count: Int

  init(start: UnsafeMutableRawPointer, count: Int) {
    self.start = start
    self.count = count
  }

  /// The eight bytes at `offset`, a multiple of 8, as a little-endian number.
  @inlinable @inline(__always)
  public func word(at offset: Int) -> UInt64 {
    assert(offset >= 0 && offset <= count - 8 && offset & 7 == 0)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    return UInt64(littleEndian: place.pointee.load(ordering: .relaxed))
  }

  /// The four bytes at `offset`, a multiple of 4, as a little-endian number.
  @inlinable @inline(__always)
  public func halfWord(at offset: Int) -> UInt32 {
    assert(offset >= 0 && offset <= count - 4 && offset & 3 == 0)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
    return UInt32(littleEndian: place.pointee.load(ordering: .relaxed))
  }

  /// The byte at `offset`.
  @inlinable @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    assert(offset >= 0 && offset < count)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt8>.self)
    return place.pointee.load(ordering: .relaxed)
  }

  /// Replaces the eight bytes at `offset`, a multiple of 8, at once.
  @inlinable @inline(__always)
  public func overwrite(at offset: Int, word: UInt64) {
    assert(offset >= 0 && offset <= count - 8 && offset & 7 == 0)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    place.pointee.store(word.littleEndian, ordering: .relaxed)
  }

  /// Replaces the four bytes at `offset`, a multiple of 4, at once.
  @inlinable @inline(__always)
  public func overwrite(at offset: Int, halfWord: UInt32) {
    assert(offset >= 0 && offset <= count - 4 && offset & 3 == 0)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt32>.self)
    place.pointee.store(halfWord.littleEndian, ordering: .relaxed)
  }

  /// Replaces the byte at `offset`: for what may be lost, such as a count that only guides.
  @inlinable @inline(__always)
  public func overwrite(at offset: Int, byte: UInt8) {
    assert(offset >= 0 && offset < count)
    let place = (start + offset).assumingMemoryBound(to: Atomic<UInt8>.self)
    place.pointee.store(byte, ordering: .relaxed)
  }

  /// Whether the bytes from `offset` on are those; there must be as many.
  @inlinable @inline(__always)
  public func equals(at offset: Int, _ bytes: Span<UInt8>) -> Bool {
    assert(offset >= 0 && offset <= count - bytes.count)
    return bytes.withUnsafeBytes { wanted in
      guard let wantedStart = wanted.baseAddress else { return true }
      let size = wanted.count
      // Eight at a time: a call of memcmp takes longer than the comparison.
      guard size >= 8 else {
        return (0..<size).allSatisfy {
          (start + offset).load(fromByteOffset: $0, as: UInt8.self) == wanted[$0]
        }
      }
      var place = 0
      while place &+ 8 < size {
        guard Self.word(start + offset, place) == Self.word(wantedStart, place) else {
          return false
        }
        place &+= 8
      }
      return Self.word(start + offset, size &- 8) == Self.word(wantedStart, size &- 8)
    }
  }

  @inlinable @inline(__always)
  static func word(_ place: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    place.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Lends a copy of bytes, of at most ``copiedMax``, which nobody changes any more.
  @inlinable @inline(__always)
  public func withCopy<R>(at offset: Int, count size: Int, _ body: (Span<UInt8>) -> R) -> R {
    assert(offset >= 0 && size >= 0 && offset <= count - size && size <= Self.copiedMax)
    return withUnsafeTemporaryAllocation(byteCount: Self.copiedMax, alignment: 16) { copy in
      if let place = copy.baseAddress, size > 0 { memcpy(place, start + offset, size) }
      let bytes = UnsafeBufferPointer(
        start: UnsafePointer(copy.baseAddress?.assumingMemoryBound(to: UInt8.self)), count: size)
      return body(bytes.span)
    }
  }

  /// Most bytes of which a copy is lent: beyond that copying takes longer than a lock.
  public static var copiedMax: Int {
    @inlinable @inline(__always) get { 1024 }
  }

  /// Has the processor fetch the 64 bytes around an offset, which may also lie behind the end.
  @inlinable @inline(__always)
  public func fetch(at offset: Int) { linux_fetch(start + offset) }
}

extension MappedBytes {
  /// A look at all of it while others write.
  public var unsettled: UnsettledBytes { UnsettledBytes(start: start, count: count) }
}
