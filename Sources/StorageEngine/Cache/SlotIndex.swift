internal import LinuxIO

/// Where entries are, by hash: lines of eight slots, each line as large as one of the processor's
/// cache.
///
/// A line holds for each of its slots a byte of the hash (its tag; 0 for an empty slot), a place
/// and a count of uses, and how many entries had to pass it by as it was full. All tags of a line
/// are compared at once. Entries never move from slot to slot, and are removed by their hash,
/// without a look at them.
///
/// Source: the shape is that of Facebook's F14 (Bronson and Shi, "Open-sourcing F14", 2019).
struct SlotIndex: ~Copyable {
  /// Slots of a line.
  static let slotsPerLine = 8
  /// Bytes of a line: eight tags, eight places of four bytes, eight counts of uses, four bytes of
  /// passers-by, twelve that are free.
  static let lineBytes = 64

  private(set) var count = 0
  private var bytes: MappedBytes
  /// What readers see, also without the lock.
  let lines: Lines
  /// Whether its memory was taken.
  private(set) var hasMemory: Bool

  /// An index of `lineCount` lines; a large one's memory is to be taken whole, before it is used.
  init(lineCount: Int) throws(SystemError) {
    let lineCount = max(8, lineCount)
    bytes = try MappedBytes(count: lineCount * Self.lineBytes)
    hasMemory = !bytes.hasLargePages
    lines = Lines(bytes: bytes.unsettled, lineCount: lineCount)
  }

  /// All its memory.
  var pages: MappedPages { bytes.pages(0..<bytes.count) }

  /// Says that ``pages`` were taken.
  mutating func tookPages() { hasMemory = true }

  var slotCount: Int { lines.lineCount * Self.slotsPerLine }

  var byteCount: Int { lines.lineCount * Self.lineBytes }

  /// Whether another entry can only come when one goes.
  var isFull: Bool { count >= slotCount / 4 * 3 }

  /// The lines as readers see them: what they find may be half old and half new where they hold no
  /// lock.
  struct Lines: Sendable {
    fileprivate let bytes: UnsettledBytes
    fileprivate let lineCount: Int

    /// The line at which looking for a hash begins.
    @inline(__always)
    func home(of hash: UInt32) -> Int {
      Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(lineCount)) &>> 32)
    }

    /// The line after one.
    @inline(__always)
    func next(after line: Int) -> Int { line &+ 1 == lineCount ? 0 : line &+ 1 }

    /// The place in a slot; 0 for an empty one.
    @inline(__always)
    func place(of slot: Int) -> UInt32 { bytes.halfWord(at: Self.placeOffset(slot)) }

    /// Whether entries of this line or of one before it are further on.
    @inline(__always)
    func isPassed(_ line: Int) -> Bool {
      bytes.halfWord(at: line &* SlotIndex.lineBytes &+ SlotIndex.passersOffset) > 0
    }

    /// One bit, the highest of a byte, for each slot of a line whose tag is that of a hash.
    @inline(__always)
    func matches(_ hash: UInt32, in line: Int) -> UInt64 {
      let tags = bytes.word(at: line &* SlotIndex.lineBytes)
      return Self.zeroBytes(tags ^ (UInt64(SlotIndex.tag(hash)) &* 0x0101_0101_0101_0101))
    }

    /// One bit, the highest of a byte, for each empty slot of a line.
    func empty(in line: Int) -> UInt64 {
      Self.zeroBytes(bytes.word(at: line &* SlotIndex.lineBytes))
    }

    /// The highest bit of each byte that is zero; exact, as no carry leaves its byte.
    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 {
      let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
      return ~(((word & low) &+ low) | word | low)
    }

    /// Calls `body` with every slot that has a hash's tag, and its place, until it returns false.
    func forEach(_ hash: UInt32, _ body: (_ slot: Int, _ place: UInt32) -> Bool) {
      var line = home(of: hash)
      // Where entries pass every line, it ends after one round.
      for _ in 0..<lineCount {
        var matches = matches(hash, in: line)
        while matches != 0 {
          let slot = Self.firstSlot(matches, in: line)
          guard body(slot, place(of: slot)) else { return }
          matches &= matches &- 1
        }
        guard isPassed(line) else { return }
        line = next(after: line)
      }
    }

    /// The first slot of a hash's own line that has its tag; nil where none has.
    @inline(__always)
    func likelySlot(_ hash: UInt32) -> Int? {
      let line = home(of: hash)
      let matches = matches(hash, in: line)
      guard matches != 0 else { return nil }
      return Self.firstSlot(matches, in: line)
    }

    /// The first slot of a line that has its bit.
    @inline(__always)
    fileprivate static func firstSlot(_ bits: UInt64, in line: Int) -> Int {
      line &* SlotIndex.slotsPerLine &+ bits.trailingZeroBitCount &>> 3
    }

    /// Has the processor fetch the line of a hash.
    @inline(__always)
    func fetch(_ hash: UInt32) { bytes.fetch(at: home(of: hash) &* SlotIndex.lineBytes) }

    /// Uses of a slot's entry since it came or was last spared, at most 3.
    @inline(__always)
    func uses(of slot: Int) -> UInt8 { bytes.byte(at: Self.usesOffset(slot)) }

    /// Adds one use, up to 3; of several at once some may be lost, or meet the slot's next entry.
    @inline(__always)
    func countUse(of slot: Int) {
      let uses = uses(of: slot)
      if uses < 3 { setUses(of: slot, to: uses &+ 1) }
    }

    @inline(__always)
    fileprivate func setUses(of slot: Int, to uses: UInt8) {
      bytes.overwrite(at: Self.usesOffset(slot), byte: uses)
    }

    @inline(__always)
    fileprivate static func placeOffset(_ slot: Int) -> Int {
      slot &>> 3 &* SlotIndex.lineBytes &+ 8 &+ (slot & 7) &* 4
    }

    @inline(__always)
    private static func usesOffset(_ slot: Int) -> Int {
      slot &>> 3 &* SlotIndex.lineBytes &+ 40 &+ (slot & 7)
    }
  }

  private static let passersOffset = 48

  @inline(__always)
  fileprivate static func tag(_ hash: UInt32) -> UInt8 {
    let low = UInt8(truncatingIfNeeded: hash)
    return low == 0 ? 0xFF : low
  }

  // MARK: Changing

  /// The slot that leads to a place; nil where none does.
  func slot(hash: UInt32, place: UInt32) -> Int? {
    var found: Int?
    lines.forEach(hash) { slot, other in
      if other == place { found = slot }
      return found == nil
    }
    return found
  }

  /// Adds an entry with so many uses; the index must not be full.
  mutating func insert(hash: UInt32, place: UInt32, uses: UInt8 = 0) {
    var line = lines.home(of: hash)
    var empty = lines.empty(in: line)
    while empty == 0 {
      addPassers(1, to: line)
      line = lines.next(after: line)
      empty = lines.empty(in: line)
    }
    let slot = Lines.firstSlot(empty, in: line)
    setPlace(place, of: slot)
    lines.setUses(of: slot, to: uses)
    setTag(Self.tag(hash), of: slot)
    count += 1
  }

  /// Has a slot lead elsewhere, with so many uses.
  mutating func replace(slot: Int, place: UInt32, uses: UInt8) {
    setPlace(place, of: slot)
    lines.setUses(of: slot, to: uses)
  }

  /// Empties the slot of an entry with this hash.
  mutating func remove(slot: Int, hash: UInt32) {
    var line = lines.home(of: hash)
    while line != slot / Self.slotsPerLine {
      addPassers(-1, to: line)
      line = lines.next(after: line)
    }
    setTag(0, of: slot)
    setPlace(0, of: slot)
    count -= 1
  }

  mutating func removeAll() {
    bytes.clear()
    hasMemory = !bytes.hasLargePages
    count = 0
  }

  private mutating func setTag(_ tag: UInt8, of slot: Int) {
    let offset = slot / Self.slotsPerLine * Self.lineBytes
    let shift = UInt64(slot % Self.slotsPerLine) * 8
    let tags = lines.bytes.word(at: offset) & ~(0xFF << shift) | UInt64(tag) << shift
    lines.bytes.overwrite(at: offset, word: tags)
  }

  private mutating func setPlace(_ place: UInt32, of slot: Int) {
    lines.bytes.overwrite(at: Lines.placeOffset(slot), halfWord: place)
  }

  private mutating func addPassers(_ number: Int32, to line: Int) {
    let offset = line * Self.lineBytes + Self.passersOffset
    let passers = Int32(truncatingIfNeeded: lines.bytes.halfWord(at: offset))
    lines.bytes.overwrite(at: offset, halfWord: UInt32(truncatingIfNeeded: passers + number))
  }
}
