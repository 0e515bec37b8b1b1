public import Glibc

/// A fixed number of zero bytes straight from the kernel, for large tables that are read at random.
///
/// Memory is taken as it is touched. It begins on a boundary of 2 MiB and asks for pages of that size:
/// with pages of 4 KiB each read of such a table misses the processor's address cache (TLB) as well,
/// which costs about as much again as the memory itself. The corresponding C calls are `mmap` and
/// `madvise(MADV_HUGEPAGE)`.
public struct MappedBytes: ~Copyable, @unchecked Sendable {
  /// How many bytes there are.
  public let count: Int
  @usableFromInline let start: UnsafeMutableRawPointer
  private let mapping: UnsafeMutableRawPointer
  private let mappingBytes: Int

  static let hugePageBytes = 2 << 20

  /// Maps `count` bytes, rounded up to whole pages.
  ///
  /// - Throws: `SystemError` where there is no room in the address space.
  public init(count: Int) throws(SystemError) {
    let isLarge = count >= Self.hugePageBytes
    let boundary = isLarge ? Self.hugePageBytes : 4096
    let size = max(1, (count + boundary - 1) / boundary) * boundary
    // Beyond what is needed by one boundary, so that one lies in it to begin at.
    mappingBytes = size + (isLarge ? boundary : 0)
    let found = mmap(
      nil, mappingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let found, found != MAP_FAILED else {
      throw SystemError(call: "mmap", subject: "\(mappingBytes) bytes of memory", errno: errno)
    }
    mapping = found
    let address = UInt(bitPattern: found)
    let aligned = (address + UInt(boundary - 1)) & ~UInt(boundary - 1)
    start = found + Int(aligned - address)
    self.count = size
    if isLarge { _ = madvise(start, size, Int32(MADV_HUGEPAGE)) }
  }

  deinit { munmap(mapping, mappingBytes) }

  /// The eight bytes at `offset` as a little-endian number.
  @inlinable @inline(__always)
  public func word(at offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count - 8)
    return UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Replaces the eight bytes at `offset` by a number in little-endian order.
  @inlinable @inline(__always)
  public mutating func overwrite(at offset: Int, word: UInt64) {
    precondition(offset >= 0 && offset <= count - 8)
    start.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
  }

  /// Replaces the bytes from `offset` on.
  @inlinable @inline(__always)
  public mutating func overwrite(at offset: Int, bytes span: Span<UInt8>) {
    precondition(offset >= 0 && offset <= count - span.count)
    span.withUnsafeBytes { source in
      guard let from = source.baseAddress, !source.isEmpty else { return }
      memcpy(start + offset, from, source.count)
    }
  }

  /// Replaces bytes by others from elsewhere.
  @inlinable @inline(__always)
  public mutating func overwrite(
    at offset: Int, from other: borrowing MappedBytes, at source: Int, count size: Int
  ) {
    precondition(offset >= 0 && source >= 0 && size >= 0)
    precondition(offset <= count - size && source <= other.count - size)
    memcpy(start + offset, other.start + source, size)
  }

  /// Copies bytes within it; source and target may overlap.
  @inlinable @inline(__always)
  public mutating func move(from source: Int, to target: Int, count size: Int) {
    precondition(source >= 0 && target >= 0 && size >= 0)
    precondition(max(source, target) <= count - size)
    memmove(start + target, start + source, size)
  }

  /// Lends bytes.
  @inlinable @inline(__always)
  public func withSpan<R>(_ range: Range<Int>, _ body: (Span<UInt8>) -> R) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    let bytes = UnsafeBufferPointer(
      start: (start + range.lowerBound).assumingMemoryBound(to: UInt8.self), count: range.count)
    return body(bytes.span)
  }

  /// Gives all memory back; every byte is zero then.
  public mutating func clear() { _ = madvise(start, count, Int32(MADV_DONTNEED)) }
}
