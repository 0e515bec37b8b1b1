/// Where entries are, by hash: open addressing with linear probing, eight bytes a slot.
///
/// A slot holds 32 bits of hash and a place; the place 0 is an empty slot. The hash in the slot is
/// all that growing and removing need, so that neither touches the entries.
struct SlotIndex {
  private(set) var count = 0
  private var slots: [UInt64]
  private var mask: Int
  private let slotsMax: Int

  /// An index that grows to at most `slotsMax` slots, a power of two.
  init(slotsMax: Int) {
    self.slotsMax = max(64, slotsMax)
    slots = [UInt64](repeating: 0, count: 64)
    mask = 63
  }

  var byteCount: Int { slots.count * 8 }

  /// Whether another entry can only come when one goes.
  var isFull: Bool { slots.count >= slotsMax && count >= slotsMax / 4 * 3 }

  /// The slot at which probing for a hash begins.
  @inline(__always)
  func home(of hash: UInt32) -> Int { Int(hash) & mask }

  @inline(__always)
  func next(after slot: Int) -> Int { (slot &+ 1) & mask }

  /// Hash and place of a slot; nil where it is empty.
  @inline(__always)
  func content(of slot: Int) -> (hash: UInt32, place: UInt32)? {
    let word = slots[slot]
    guard word != 0 else { return nil }
    return (UInt32(truncatingIfNeeded: word &>> 32), UInt32(truncatingIfNeeded: word))
  }

  /// A slot as it is.
  @inline(__always)
  func word(of slot: Int) -> UInt64 { slots[slot] }

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
    if count >= slots.count / 4 * 3 - 1, slots.count < slotsMax { grow() }
    put(hash: hash, place: place)
    count += 1
  }

  mutating func replace(slot: Int, place: UInt32) {
    slots[slot] = slots[slot] & ~0xFFFF_FFFF | UInt64(place)
  }

  /// Empties a slot and moves back those behind it that probing would otherwise miss.
  mutating func remove(slot removed: Int) {
    var hole = removed
    var slot = next(after: hole)
    while let content = content(of: slot) {
      let home = home(of: content.hash)
      // It may move into the hole unless its home lies between the hole and itself.
      if (slot &- home) & mask >= (slot &- hole) & mask {
        slots[hole] = slots[slot]
        hole = slot
      }
      slot = next(after: slot)
    }
    slots[hole] = 0
    count -= 1
  }

  mutating func removeAll() {
    slots = [UInt64](repeating: 0, count: 64)
    mask = 63
    count = 0
  }

  private mutating func put(hash: UInt32, place: UInt32) {
    var slot = home(of: hash)
    while slots[slot] != 0 { slot = next(after: slot) }
    slots[slot] = UInt64(hash) << 32 | UInt64(place)
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    mask = slots.count - 1
    for word in old where word != 0 {
      put(hash: UInt32(truncatingIfNeeded: word >> 32), place: UInt32(truncatingIfNeeded: word))
    }
  }
}
