internal import LinuxIO

/// Where entries are, by hash: open addressing with linear probing, eight bytes a slot.
///
/// A slot holds 32 bits of hash and a place; the place 0 is an empty slot. The hash in the slot is
/// all that removing needs, so that it does not touch the entries.
struct SlotIndex: ~Copyable {
  private(set) var count = 0
  private var slots: MappedBytes
  private let mask: Int
  /// Whether its memory was taken.
  private(set) var hasMemory: Bool

  /// An index of `slotCount` slots, a power of two; a large one's memory is to be taken whole,
  /// before it is used.
  init(slotCount: Int) throws(SystemError) {
    mask = max(64, slotCount) - 1
    slots = try MappedBytes(count: (mask + 1) * 8)
    hasMemory = !slots.hasLargePages
  }

  /// All its memory.
  var pages: MappedPages { slots.pages(0..<slots.count) }

  /// Says that ``pages`` were taken.
  mutating func tookPages() { hasMemory = true }

  var slotCount: Int { mask + 1 }

  var byteCount: Int { (mask + 1) * 8 }

  /// Whether another entry can only come when one goes.
  var isFull: Bool { count >= (mask + 1) / 4 * 3 }

  /// The slot at which probing for a hash begins.
  @inline(__always)
  func home(of hash: UInt32) -> Int { Int(hash) & mask }

  @inline(__always)
  func next(after slot: Int) -> Int { (slot &+ 1) & mask }

  /// Hash and place of a slot; nil where it is empty.
  @inline(__always)
  func content(of slot: Int) -> (hash: UInt32, place: UInt32)? {
    let word = word(of: slot)
    guard word != 0 else { return nil }
    return (UInt32(truncatingIfNeeded: word &>> 32), UInt32(truncatingIfNeeded: word))
  }

  /// A slot as it is.
  @inline(__always)
  func word(of slot: Int) -> UInt64 { slots.word(at: slot &* 8) }

  /// The place of the first entry with this hash; nil where there is none.
  @inline(__always)
  func firstPlace(hash: UInt32) -> UInt32? {
    var slot = home(of: hash)
    while let content = content(of: slot) {
      if content.hash == hash { return content.place }
      slot = next(after: slot)
    }
    return nil
  }

  /// The slot that leads to a place; nil where none does.
  func slot(hash: UInt32, place: UInt32) -> Int? {
    var slot = home(of: hash)
    while let content = content(of: slot) {
      if content.place == place { return slot }
      slot = next(after: slot)
    }
    return nil
  }

  mutating func insert(hash: UInt32, place: UInt32) {
    var slot = home(of: hash)
    while word(of: slot) != 0 { slot = next(after: slot) }
    set(slot, UInt64(hash) << 32 | UInt64(place))
    count += 1
  }

  mutating func replace(slot: Int, place: UInt32) {
    set(slot, word(of: slot) & ~0xFFFF_FFFF | UInt64(place))
  }

  /// Empties a slot and moves back those behind it that probing would otherwise miss.
  mutating func remove(slot removed: Int) {
    var hole = removed
    var slot = next(after: hole)
    while let content = content(of: slot) {
      let home = home(of: content.hash)
      // It may move into the hole unless its home lies between the hole and itself.
      if (slot &- home) & mask >= (slot &- hole) & mask {
        set(hole, word(of: slot))
        hole = slot
      }
      slot = next(after: slot)
    }
    set(hole, 0)
    count -= 1
  }

  mutating func removeAll() {
    slots.clear()
    hasMemory = !slots.hasLargePages
    count = 0
  }

  private mutating func set(_ slot: Int, _ word: UInt64) {
    slots.overwrite(at: slot &* 8, word: word)
  }
}
