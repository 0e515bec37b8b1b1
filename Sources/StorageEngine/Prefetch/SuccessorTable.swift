internal import RocksDB

/// Which keys were asked for right after which, in memory that does not grow.
///
/// Sets of four keys, each with the two successors seen most of late. Everything decays as it is seen
/// anew, and what is weakest leaves first.
struct SuccessorTable {
  /// A key that came after another.
  private struct Successor {
    var key: [UInt8] = []
    var hash: UInt64 = 0
    /// How often it came, the last dozen times counting most.
    var score: Float = 0
  }

  private struct Slot {
    var hash: UInt64 = 0
    /// How often anything came after the key, in the measure of the scores.
    var seen: Float = 0
    var first = Successor()
    var second = Successor()
  }

  private var slots: [Slot]
  private let setCount: UInt64

  private static let ways = 4
  private static let decay: Float = 0.9
  /// A key that came once, which may be chance, scores less.
  private static let chance: Float = 1.5
  /// Longer keys are not remembered: their names would fill the table.
  static let keyBytesMax = 64
  /// What a slot takes with two names of some 20 bytes.
  private static let slotBytes = MemoryLayout<Slot>.stride + 2 * (32 + 24)

  /// A table of about so many bytes.
  init(byteCount: Int) {
    let sets = max(1, byteCount / Self.slotBytes / Self.ways)
    setCount = UInt64(sets)
    slots = [Slot](repeating: Slot(), count: sets * Self.ways)
  }

  /// The first slot of a key's set.
  private func base(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: ((hash &>> 32) &* setCount) &>> 32) * Self.ways
  }

  private func slot(_ hash: UInt64) -> Int? {
    let base = base(hash)
    return (base..<base + Self.ways).first { slots[$0].hash == hash && slots[$0].seen > 0 }
  }

  /// Learns that one key came after another.
  mutating func learn(_ previous: UInt64, then key: Span<UInt8>, hash: UInt64) {
    guard key.count <= Self.keyBytesMax, previous != hash else { return }
    let index = slot(previous) ?? makeRoom(previous)
    slots[index].seen = slots[index].seen * Self.decay + 1
    slots[index].first.score *= Self.decay
    slots[index].second.score *= Self.decay
    if slots[index].first.hash == hash {
      slots[index].first.score += 1
    } else if slots[index].second.hash == hash {
      slots[index].second.score += 1
    } else if slots[index].second.score < 1 {
      slots[index].second = Successor(key: key.copied(), hash: hash, score: 1)
    }
    if slots[index].second.score > slots[index].first.score {
      let better = slots[index].second
      slots[index].second = slots[index].first
      slots[index].first = better
    }
  }

  /// Gives a key the weakest slot of its set, which the others outlive a little shorter.
  private mutating func makeRoom(_ hash: UInt64) -> Int {
    let base = base(hash)
    var weakest = base
    for index in base..<base + Self.ways {
      slots[index].seen *= Self.decay
      if slots[index].seen < slots[weakest].seen { weakest = index }
    }
    slots[weakest] = Slot(hash: hash)
    return weakest
  }

  /// The keys that came after a key in at least a share of the times that count, each with that share.
  ///
  /// - Parameters:
  ///   - hash: Of the key.
  ///   - share: From 0 to 1; a key that something came after only once has none.
  /// - Returns: At most two.
  func successors(of hash: UInt64, atLeast share: Float) -> [(key: [UInt8], hash: UInt64)] {
    // The first has the higher score. Mostly nothing follows: then nothing is copied.
    guard let index = slot(hash), slots[index].first.score > Self.chance else { return [] }
    let slot = slots[index]
    return [slot.first, slot.second]
      .filter { $0.score > Self.chance && $0.score / slot.seen >= share }
      .map { ($0.key, $0.hash) }
  }
}
