internal import LinuxIO
internal import RocksDB

/// Cache entries one behind the other in a ring of bytes: a queue that allocates nothing.
///
/// An entry is a header of 24 bytes, the key and the value, rounded up to 8. It never lies around
/// the ring's end: the rest of a lap that is too short is left out.
struct EntryRing: ~Copyable {
  /// What stands before an entry's key.
  struct Header {
    var keyCount: Int
    var valueCount: Int
    var hash: UInt32
    var version: Version
    /// Whether the index leads here; an entry that was replaced stays until its turn comes.
    var isAlive = true
    /// Where the value lay when it was last seen in a tier.
    var tier = Tier.hot

    static let byteCount = 24
    /// Bytes of the whole entry.
    var entryBytes: Int { EntryRing.entryBytes(keyCount: keyCount, valueCount: valueCount) }
  }

  let capacity: Int
  private var bytes: MappedBytes
  /// What readers see, also without the lock.
  let entries: Entries
  private var head = 0
  private var tail = 0
  private var isWrapped = false
  /// Where the lap before the head's ended.
  private var lapEnd = 0
  private(set) var usedBytes = 0
  /// Bytes from the start whose memory was taken.
  private var takenBytes = 0
  /// Bytes beyond the head that are taken in advance, so that small entries need not wait for them.
  private var aheadBytes = MappedBytes.takenBytes / 2

  /// A ring of `capacity` bytes, rounded down to 8, whose memory is taken before the first lap reaches it.
  ///
  /// - Throws: `SystemError` where there is no room in the address space.
  init(capacity: Int) throws(SystemError) {
    self.capacity = capacity & ~7
    bytes = try MappedBytes(count: self.capacity)
    entries = Entries(bytes: bytes.unsettled)
    if !bytes.hasLargePages { takenBytes = self.capacity }
  }

  // MARK: Memory

  /// Whether entries of so many bytes can be appended without a wait for the kernel's memory.
  func hasMemory(_ size: Int) -> Bool { takenBytes == capacity || head + size <= takenBytes }

  /// Has memory for so many bytes taken in advance from now on, where that is more.
  mutating func expect(_ size: Int) { aheadBytes = max(aheadBytes, size) }

  /// What should be taken next; nil for nothing.
  var nextPages: MappedPages? {
    guard takenBytes < capacity, head + aheadBytes > takenBytes else { return nil }
    return bytes.pages(takenBytes..<takenBytes + MappedBytes.takenBytes)
  }

  /// Says that ``nextPages`` were taken.
  mutating func tookPages() { takenBytes = min(capacity, takenBytes + MappedBytes.takenBytes) }

  // MARK: Entries

  static func entryBytes(keyCount: Int, valueCount: Int) -> Int {
    (Header.byteCount &+ keyCount &+ valueCount &+ 7) & ~7
  }

  var isEmpty: Bool { usedBytes == 0 }
  /// Where the oldest entry is.
  var tailOffset: Int { tail }

  /// Whether an entry of `size` bytes fits without dropping another.
  func hasRoom(_ size: Int) -> Bool {
    if isEmpty { return size <= capacity }
    if isWrapped { return tail - head >= size }
    return capacity - head >= size || tail >= size
  }

  @inline(__always)
  func header(at offset: Int) -> Header { entries.header(at: offset) }

  /// The entries as readers see them: what they find may be half old and half new where they hold no
  /// lock.
  struct Entries: Sendable {
    fileprivate let bytes: UnsettledBytes

    /// Whether there may be an entry at an offset.
    @inline(__always)
    func mayHold(_ offset: Int) -> Bool { offset <= bytes.count &- Header.byteCount }

    /// Has the processor fetch the beginning of an entry, where small ones end as well.
    @inline(__always)
    func fetch(at offset: Int) {
      bytes.fetch(at: offset)
      bytes.fetch(at: offset &+ 64)
      bytes.fetch(at: offset &+ 128)
    }

    @inline(__always)
    func header(at offset: Int) -> Header {
      let first = bytes.word(at: offset)
      let second = bytes.word(at: offset &+ 8)
      return Header(
        keyCount: Int(first & 0xF_FFFF), valueCount: Int(first &>> 24 & 0x3F_FFFF_FFFF),
        hash: UInt32(truncatingIfNeeded: second),
        version: Version(
          epoch: UInt32(truncatingIfNeeded: second &>> 32), sequence: bytes.word(at: offset &+ 16)),
        isAlive: first &>> 20 & 1 == 1, tier: EntryRing.tier(first))
    }

    /// Whether an entry is one of this key, and lies within the ring.
    @inline(__always)
    func isEntry(at offset: Int, _ header: Header, of key: Span<UInt8>) -> Bool {
      header.keyCount == key.count && header.valueCount <= bytes.count
        && offset &+ Header.byteCount &+ header.keyCount &+ header.valueCount <= bytes.count
        && bytes.equals(at: offset &+ Header.byteCount, key)
    }

    /// Lends a copy of the value of an entry; of at most ``copiedMax`` bytes.
    @inline(__always)
    func withCopiedValue<R>(at offset: Int, _ header: Header, _ body: (Span<UInt8>) -> R) -> R {
      bytes.withCopy(
        at: offset &+ Header.byteCount &+ header.keyCount, count: header.valueCount, body)
    }

    static var copiedMax: Int { UnsettledBytes.copiedMax }
  }

  private mutating func write(_ header: Header, at offset: Int) {
    var first = UInt64(header.keyCount) | UInt64(header.valueCount) << 24
    first |= Self.bits(header.tier)
    if header.isAlive { first |= 1 << 20 }
    bytes.overwrite(at: offset, word: first)
    bytes.overwrite(
      at: offset + 8, word: UInt64(header.hash) | UInt64(header.version.epoch) << 32)
    bytes.overwrite(at: offset + 16, word: header.version.sequence)
  }

  private static let tierShift: UInt64 = 62

  private static func bits(_ tier: Tier) -> UInt64 {
    switch tier {
    case .hot: 0
    case .warm: 1 << tierShift
    case .cold: 2 << tierShift
    }
  }

  @inline(__always)
  fileprivate static func tier(_ first: UInt64) -> Tier {
    switch first &>> tierShift {
    case 0: .hot
    case 1: .warm
    default: .cold
    }
  }

  /// The key of an entry.
  func key(at offset: Int, _ header: Header) -> [UInt8] {
    let start = offset + Header.byteCount
    return bytes.withSpan(start..<start + header.keyCount) { $0.copied() }
  }

  /// Lends the value of an entry.
  @inline(__always)
  func withValue<R>(at offset: Int, _ header: Header, _ body: (Span<UInt8>) -> R) -> R {
    let start = offset + Header.byteCount + header.keyCount
    return bytes.withSpan(start..<start + header.valueCount, body)
  }

  /// Says in which tier the value lies now.
  mutating func setTier(_ tier: Tier, at offset: Int) {
    let first = bytes.word(at: offset) & ~(3 << Self.tierShift)
    bytes.overwrite(at: offset, word: first | Self.bits(tier))
  }

  mutating func markDead(at offset: Int) {
    bytes.overwrite(at: offset, word: bytes.word(at: offset) & ~(1 << 20))
  }

  /// Replaces the value of an entry by one of the same length.
  mutating func replaceValue(at offset: Int, with value: Span<UInt8>, version: Version) {
    var header = header(at: offset)
    header.version = version
    // What is written goes to the hot tier.
    header.tier = .hot
    write(header, at: offset)
    bytes.overwrite(at: offset + Header.byteCount + header.keyCount, bytes: value)
  }

  /// Adds an entry at the head; there must be room.
  mutating func append(_ header: Header, key: Span<UInt8>, value: Span<UInt8>) -> Int {
    let offset = claim(header.entryBytes)
    write(header, at: offset)
    bytes.overwrite(at: offset + Header.byteCount, bytes: key)
    bytes.overwrite(at: offset + Header.byteCount + header.keyCount, bytes: value)
    return offset
  }

  /// Adds a copy of an entry of another ring; there must be room.
  mutating func append(entryOf other: borrowing EntryRing, at source: Int, size: Int) -> Int {
    let offset = claim(size)
    bytes.overwrite(at: offset, from: other.bytes, at: source, count: size)
    return offset
  }

  /// Takes the oldest entry to the head.
  ///
  /// - Returns: Where it is now; nil where there was no room, and it is gone.
  mutating func recycleTail(size: Int) -> Int? {
    let source = tail
    dropTail()
    guard hasRoom(size) else { return nil }
    let offset = claim(size)
    bytes.move(from: source, to: offset, count: size)
    return offset
  }

  private mutating func claim(_ size: Int) -> Int {
    if isEmpty {
      head = 0
      tail = 0
      isWrapped = false
    } else if !isWrapped, capacity - head < size {
      lapEnd = head
      head = 0
      isWrapped = true
    }
    let offset = head
    assert(takenBytes == capacity || offset + size <= takenBytes, "memory was not taken")
    head += size
    usedBytes += size
    return offset
  }

  /// Drops the oldest entry.
  mutating func dropTail() {
    let size = header(at: tail).entryBytes
    tail += size
    usedBytes -= size
    if isWrapped, tail == lapEnd {
      tail = 0
      isWrapped = false
    }
  }

  mutating func removeAll() {
    head = 0
    tail = 0
    isWrapped = false
    usedBytes = 0
  }
}
