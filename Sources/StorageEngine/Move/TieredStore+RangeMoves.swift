internal import RocksDB
internal import Synchronization

/// Whole moves of ranges and of keys, made of the steps that the extension in TieredStore+Moving.swift tells of.
extension TieredStore {
  /// Moves what a tier holds of a range to another tier.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - source: From where.
  ///   - target: To where.
  /// - Returns: How many keys left the source.
  /// - Throws: ``StoreError/corruption(tier:file:cause:)`` where the copies read back are not what
  ///   was written; the source is then left as it is.
  @discardableResult
  public func move(
    _ range: KeyRange, from source: Tier, to target: Tier
  ) throws(StoreError) -> Int {
    try checkMove(from: source, to: target)
    var left = range
    var moved = 0
    while true {
      let part = try movePart(left, from: source, to: target)
      moved += part.movedCount
      if let damage = part.damage { throw damage }
      guard let next = part.next else { return moved }
      left.lower = next
    }
  }

  /// What one part of a move did.
  struct MovedPart: Sendable {
    /// Keys that left the source.
    var movedCount: Int
    /// Bytes of keys and values that were copied.
    var byteCount: Int
    /// Where to go on; nil at the range's end.
    var next: [UInt8]?
    /// The first of what is damaged, and stays where it is.
    var damage: StoreError?
  }

  func checkMove(from source: Tier, to target: Tier) throws(StoreError) {
    guard source != target else {
      throw .invalidArgument("a range moves between two tiers; both are \(source.rawValue)")
    }
    guard committer != nil else { throw .readOnly(path: path) }
  }

  /// Moves what a tier holds at the beginning of a range, of the keys that are wanted.
  func movePart(
    _ range: KeyRange, from source: Tier, to target: Tier,
    byteLimit: Int = exportBytes,
    where isWanted: (_ key: Span<UInt8>, _ version: Version?) -> Bool = { _, _ in true }
  ) throws(StoreError) -> MovedPart {
    try counted(from: source, to: target) { () throws(StoreError) -> MovedPart in
      var damage: StoreError?
      let part = try export(range, from: source, byteLimit: byteLimit, where: isWanted) {
        damage = damage ?? $0
        return true
      }
      let moved = try move(part.entries, from: source, to: target)
      return MovedPart(
        movedCount: moved.count, byteCount: moved.bytes, next: part.next,
        damage: damage ?? moved.damage)
    }
  }

  /// What ``moveKeys(_:from:to:)`` did.
  struct MovedKeys: Sendable {
    /// Keys that left the source.
    var movedCount: Int
    /// Bytes of keys and values that were copied.
    var byteCount: Int
    /// Keys that it did not come to, as the others took enough memory.
    var left: ArraySlice<[UInt8]>
    /// The first of what is damaged, and stays where it is.
    var damage: StoreError?
  }

  /// Moves keys by name; those that the source does not have stay where they are.
  func moveKeys(
    _ keys: ArraySlice<[UInt8]>, from source: Tier, to target: Tier
  ) throws(StoreError) -> MovedKeys {
    var left = keys
    let part = try counted(from: source, to: target) { () throws(StoreError) -> MovedPart in
      let tier = try tiers()[source]
      var entries: [StoredEntry] = []
      var byteCount = 0
      var damage: StoreError?
      while byteCount < Self.exportBytes, let key = left.popFirst() {
        do throws(StoreError) {
          guard let entry = try Self.entry(key, in: tier) else { continue }
          byteCount += entry.byteCount
          entries.append(entry)
        } catch {
          guard case .corruption = error else { throw error }
          damage = damage ?? error
        }
      }
      let moved = try move(entries, from: source, to: target)
      return MovedPart(
        movedCount: moved.count, byteCount: moved.bytes, next: nil, damage: damage ?? moved.damage)
    }
    return MovedKeys(
      movedCount: part.movedCount, byteCount: part.byteCount, left: left, damage: part.damage)
  }

  /// Carries a move out under the movers' lock, and counts it.
  private func counted(
    from source: Tier, to target: Tier, _ body: () throws(StoreError) -> MovedPart
  ) throws(StoreError) -> MovedPart {
    let route = MoveCounts.Route(from: source, to: target)
    return try mover.withLock { _ throws(StoreError) -> MovedPart in
      moveCounts.withLock { $0.begin() }
      do throws(StoreError) {
        let part = try body()
        moveCounts.withLock {
          $0.end(route, keys: part.movedCount, bytes: part.byteCount, isWhole: part.damage == nil)
        }
        return part
      } catch {
        moveCounts.withLock { $0.fail(route) }
        throw error
      }
    }
  }

  /// Moves copies; only under the movers' lock, under which they were read.
  private func move(
    _ entries: [StoredEntry], from source: Tier, to target: Tier
  ) throws(StoreError) -> (count: Int, bytes: Int, damage: StoreError?) {
    guard !entries.isEmpty else { return (0, 0, nil) }
    let tiers = try tiers()
    if source == .hot { try syncLogPromptly(of: tiers.hot) }
    let placement = try place(entries, in: target, from: source)
    try verify(placement.there, in: tiers[target])
    let whole = entries.filter { !placement.damagedKeys.contains($0.key) }
    let count = try remove(whole, from: source, to: target)
    // Readers wait for locks of the cache; the mover could lose its processor while it holds one.
    try moverTurns.run { [self] () throws(StoreError) -> Void in noteTier(target, of: whole) }
    return (count, whole.reduce(0) { $0 + $1.byteCount }, placement.damage)
  }

  /// Compares what was written with what is there; a newer version may have come instead.
  private func verify(_ entries: [StoredEntry], in tier: TierDatabase) throws(StoreError) {
    var expected = RangeDigest()
    var found = RangeDigest()
    let turn = published.rangeTurn()
    let ranges = published.tombstones
    for entry in entries where ranges?.hides(entry.key, entry.version) != true {
      let present = try Self.entry(entry.key, in: tier)
      if tier.tier == .cold, entry.kind == .tombstone, present == nil { continue }
      if let present, present.version > entry.version { continue }
      expected.add(entry)
      if let present { found.add(present) }
    }
    // A range that was deleted meanwhile took copies along; they are dead in the source as well.
    guard found == expected || !published.isUnchanged(since: turn) else {
      throw .corruption(
        tier: tier.tier, file: tier.path,
        cause: "\(found.count) of \(expected.count) copies were read back as they were written")
    }
  }
}
