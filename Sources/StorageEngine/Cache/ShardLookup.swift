internal import LinuxIO

/// Finds a key's entry in one shard of the hot cache, with its lock or without.
///
/// Who holds no lock may see entries half old and half new: what is found counts only where the
/// shard's ``ChangeCount`` tells afterwards that nothing changed. It holds addresses, which the
/// shard must outlive.
struct ShardLookup: Sendable {
  let lines: SlotIndex.Lines
  let small: EntryRing.Entries
  let main: EntryRing.Entries

  /// An entry that was found.
  struct Found {
    var slot: Int
    var isMain: Bool
    /// Where the entry lies in its ring.
    var offset: Int
    var header: EntryRing.Header
  }

  /// The entry of a key; nil where there is none.
  ///
  /// For who holds the lock: others may miss what moves meanwhile.
  func find(hash: UInt32, key: Span<UInt8>) -> Found? {
    var found: Found?
    lines.forEach(hash) { slot, place in
      found = entry(slot, place, of: key)
      return found == nil
    }
    return found
  }

  /// The entry of a key if it is where most are: behind the first tag of its hash's line that is
  /// the hash's.
  @inline(__always)
  func findLikely(hash: UInt32, key: Span<UInt8>) -> Found? {
    guard let slot = lines.likelySlot(hash) else { return nil }
    let place = lines.place(of: slot)
    return place == 0 ? nil : entry(slot, place, of: key)
  }

  /// What is at a place, if it is a key's.
  @inline(__always)
  private func entry(_ slot: Int, _ place: UInt32, of key: Span<UInt8>) -> Found? {
    let entries = entries(of: place)
    let offset = Self.offset(place)
    guard entries.mayHold(offset) else { return nil }
    // All that is read of it lies on lines of memory which need not wait for one another.
    entries.fetch(at: offset)
    let header = entries.header(at: offset)
    guard entries.isEntry(at: offset, header, of: key) else { return nil }
    return Found(slot: slot, isMain: Self.isMain(place), offset: offset, header: header)
  }

  /// Has the processor fetch the entry that is likely a hash's.
  @inline(__always)
  func fetchEntry(_ hash: UInt32) {
    guard let slot = lines.likelySlot(hash) else { return }
    let place = lines.place(of: slot)
    if place != 0 { entries(of: place).fetch(at: Self.offset(place)) }
  }

  @inline(__always)
  func entries(of place: UInt32) -> EntryRing.Entries { Self.isMain(place) ? main : small }

  // MARK: Places

  private static let mainBit: UInt32 = 1 << 31

  /// A place is an offset in units of 8 bytes, counted from 1, and a bit for the ring.
  @inline(__always)
  static func place(_ offset: Int, isMain: Bool) -> UInt32 {
    UInt32(truncatingIfNeeded: offset / 8 + 1) | (isMain ? mainBit : 0)
  }

  @inline(__always)
  static func offset(_ place: UInt32) -> Int { (Int(place & ~mainBit) &- 1) &* 8 }

  @inline(__always)
  static func isMain(_ place: UInt32) -> Bool { place & mainBit != 0 }
}
