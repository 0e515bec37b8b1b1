internal import Glibc

/// Changes that are written together: after a crash all of them are there, or none.
///
/// The bytes are those of RocksDB's own log: a head of 12 bytes for sequence and count, which RocksDB
/// fills in, then for each change a tag and its key and value, each behind its length as a varint.
/// Encoding them here spares a call into the library for each change, and lets batches be joined and
/// values be completed where they lie. Later changes of a batch win over earlier ones of the same key.
///
/// Source: `WriteBatch::rep_` of RocksDB 7.8, whose layout is that of the log on the drive.
public struct WriteBatch: Sendable {
  /// Head and changes, up to ``byteCount``; behind it room for more.
  private var storage: [UInt8]
  /// Bytes that it will take in the log; 12 when empty.
  public private(set) var byteCount = headBytes
  /// How many changes it holds; a range of deletes counts as one.
  public private(set) var count = 0

  static let headBytes = 12
  /// Most bytes of a length as a varint of 32 bits.
  private static let lengthBytesMax = 5

  private enum Tag {
    static let deletion: UInt8 = 0
    static let value: UInt8 = 1
    static let rangeDeletion: UInt8 = 15
  }

  /// Where a key and its value lie in a batch.
  public struct Place: Sendable {
    /// The key's first byte.
    public var key: Int
    /// The value's first byte.
    public var value: Int
  }

  /// Makes an empty batch.
  public init() {
    storage = [UInt8](repeating: 0, count: 256)
  }

  /// Whether it holds no change.
  public var isEmpty: Bool { count == 0 }

  /// Sets a key to a value.
  public mutating func put(_ key: RawSpan, _ value: RawSpan) { put(key, room: 0, value) }

  /// Sets a key to a value.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
    put(key.span.bytes, room: 0, value.span.bytes)
  }

  /// Sets a key to two pieces put together, such as a header and a value.
  public mutating func put(_ key: RawSpan, _ head: RawSpan, _ tail: RawSpan) {
    let place = put(key, room: head.byteCount, tail)
    head.withUnsafeBytes { head in
      storage.withUnsafeMutableBytes { $0.copy(head, at: place.value) }
    }
  }

  /// Sets a key to `room` zero bytes, to be overwritten before the batch is written, and a value.
  ///
  /// - Returns: Where the key lies, and the room, behind which the value begins.
  @discardableResult
  public mutating func put(_ key: RawSpan, room: Int, _ value: RawSpan) -> Place {
    let valueBytes = room + value.byteCount
    grow(by: 1 + 2 * Self.lengthBytesMax + key.byteCount + valueBytes)
    let start = byteCount
    var offset = start
    var place = Place(key: 0, value: 0)
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in
        storage.withUnsafeMutableBytes { bytes in
          bytes[offset] = Tag.value
          offset = bytes.writeSlice(key, at: offset + 1)
          place.key = offset - key.count
          offset = bytes.writeLength(valueBytes, at: offset)
          place.value = offset
          bytes.zero(room, at: offset)
          bytes.copy(value, at: offset + room)
          offset += valueBytes
        }
      }
    }
    byteCount = offset
    count += 1
    return place
  }

  /// The same for bytes.
  @discardableResult
  public mutating func put(_ key: Span<UInt8>, room: Int, _ value: Span<UInt8>) -> Place {
    put(key.bytes, room: room, value.bytes)
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: RawSpan) {
    grow(by: 1 + Self.lengthBytesMax + key.byteCount)
    let start = byteCount
    byteCount = key.withUnsafeBytes { key in
      storage.withUnsafeMutableBytes { bytes in
        bytes[start] = Tag.deletion
        return bytes.writeSlice(key, at: start + 1)
      }
    }
    count += 1
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: [UInt8]) { delete(key.span.bytes) }

  /// Removes all keys from `start` up to, and without, `end`.
  public mutating func deleteRange(from start: [UInt8], to end: [UInt8]) {
    grow(by: 1 + 2 * Self.lengthBytesMax + start.count + end.count)
    let first = byteCount
    byteCount = start.withUnsafeBytes { start in
      end.withUnsafeBytes { end in
        storage.withUnsafeMutableBytes { bytes in
          bytes[first] = Tag.rangeDeletion
          return bytes.writeSlice(end, at: bytes.writeSlice(start, at: first + 1))
        }
      }
    }
    count += 1
  }

  /// Adds the changes of another batch behind its own.
  ///
  /// - Returns: By how much a place in the other batch moves.
  @discardableResult
  public mutating func append(_ other: WriteBatch) -> Int {
    let added = other.byteCount - Self.headBytes
    grow(by: added)
    let shift = byteCount - Self.headBytes
    other.withBytes { source in
      storage.withUnsafeMutableBytes {
        $0.copy(UnsafeRawBufferPointer(rebasing: source[Self.headBytes...]), at: byteCount)
      }
    }
    byteCount += added
    count += other.count
    return shift
  }

  /// Replaces bytes of a value; `offset` and what follows must lie in the batch.
  @inline(__always)
  public mutating func overwrite(at offset: Int, word: UInt64) {
    precondition(offset >= Self.headBytes && offset <= byteCount - 8)
    storage.overwrite(at: offset, word: word)
  }

  /// Replaces bytes of a value; `offset` and what follows must lie in the batch.
  @inline(__always)
  public mutating func overwrite(at offset: Int, halfWord: UInt32) {
    precondition(offset >= Self.headBytes && offset <= byteCount - 4)
    storage.withUnsafeMutableBytes {
      $0.storeBytes(of: halfWord.littleEndian, toByteOffset: offset, as: UInt32.self)
    }
  }

  /// Lends the bytes of the batch, in which places are counted.
  public func withSpan<R>(_ body: (Span<UInt8>) -> R) -> R {
    body(storage.span.extracting(0..<byteCount))
  }

  /// Takes everything out again and keeps the room, up to a few MiB.
  public mutating func clear() {
    byteCount = Self.headBytes
    count = 0
    if storage.count > Self.roomKept { storage = [UInt8](repeating: 0, count: 256) }
  }

  private static let roomKept = 4 << 20

  /// Lends head and changes, the head filled in.
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<byteCount])) }
  }

  /// The batch as RocksDB takes it: the count stands in the head.
  mutating func seal() {
    let number = UInt32(truncatingIfNeeded: count)
    storage.withUnsafeMutableBytes {
      $0.storeBytes(of: number.littleEndian, toByteOffset: 8, as: UInt32.self)
    }
  }

  private mutating func grow(by added: Int) {
    let needed = byteCount + added
    guard needed > storage.count else { return }
    let grown = max(needed, storage.count * 2)
    storage.append(contentsOf: repeatElement(0, count: grown - storage.count))
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Writes a length as a varint and returns where it ends.
  @inline(__always)
  fileprivate func writeLength(_ length: Int, at offset: Int) -> Int {
    var left = UInt32(truncatingIfNeeded: length)
    var offset = offset
    while left >= 128 {
      self[offset] = UInt8(truncatingIfNeeded: left) | 128
      left >>= 7
      offset += 1
    }
    self[offset] = UInt8(truncatingIfNeeded: left)
    return offset + 1
  }

  /// Writes bytes behind their length and returns where they end.
  @inline(__always)
  fileprivate func writeSlice(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
    let start = writeLength(bytes.count, at: offset)
    copy(bytes, at: start)
    return start + bytes.count
  }

  @inline(__always)
  fileprivate func copy(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    precondition(offset >= 0 && offset <= count - bytes.count)
    guard let source = bytes.baseAddress, let target = baseAddress, !bytes.isEmpty else { return }
    memcpy(target + offset, source, bytes.count)
  }

  @inline(__always)
  fileprivate func zero(_ size: Int, at offset: Int) {
    precondition(offset >= 0 && offset <= count - size)
    guard let target = baseAddress, size > 0 else { return }
    memset(target + offset, 0, size)
  }
}
