/// Exact counts of the keys that are used most, by their hashes, in memory that does not grow.
///
/// An open-addressed table that is rebuilt when entries leave it.
struct TopKeys {
  /// What is known of a key.
  struct Entry {
    var hash: UInt64
    /// Accesses, in whatever measure its owner keeps them.
    var count: Double
    /// When it was used last.
    var usedAt: Double
  }

  /// Empty slots hold a hash of 0; a key of that hash is counted under 1.
  private var slots: [Entry]
  private(set) var count = 0
  /// Most entries.
  let countMax: Int

  private static let empty = Entry(hash: 0, count: 0, usedAt: 0)

  /// A table of so many entries at most.
  init(countMax: Int) {
    self.countMax = max(4, countMax)
    let wanted = self.countMax * 4 / 3
    slots = [Entry](
      repeating: Self.empty, count: 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount))
  }

  var byteCount: Int { slots.count * MemoryLayout<Entry>.stride }
  var isFull: Bool { count >= countMax }

  /// Where a key is, or the empty slot where it would be.
  @inline(__always)
  private func slot(_ hash: UInt64) -> Int {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash &>> 24) & mask
    while slots[slot].hash != hash, slots[slot].hash != 0 { slot = (slot &+ 1) & mask }
    return slot
  }

  /// What is known of a key; nil where it is not among them.
  func entry(of hash: UInt64) -> Entry? {
    let found = slots[slot(max(1, hash))]
    return found.hash == 0 ? nil : found
  }

  /// Counts an access of a key that is among them; whether it is.
  mutating func note(_ hash: UInt64, _ amount: Double, at time: Double) -> Bool {
    let slot = slot(max(1, hash))
    guard slots[slot].hash != 0 else { return false }
    slots[slot].count += amount
    slots[slot].usedAt = max(slots[slot].usedAt, time)
    return true
  }

  /// Takes a key in that is not among them, unless there is no room.
  mutating func insert(_ entry: Entry) {
    guard !isFull else { return }
    var entry = entry
    entry.hash = max(1, entry.hash)
    slots[slot(entry.hash)] = entry
    count += 1
  }

  /// Changes all entries, and hands out those that are not kept.
  mutating func sweep(_ change: (inout Entry) -> Bool, leaving: (Entry) -> Void) {
    let old = slots
    slots = [Entry](repeating: Self.empty, count: old.count)
    count = 0
    for var entry in old where entry.hash != 0 {
      if change(&entry) { insert(entry) } else { leaving(entry) }
    }
  }

  /// All entries.
  var entries: [Entry] { slots.filter { $0.hash != 0 } }
}
