internal import RocksDB
internal import Synchronization

/// Moving a range from one tier to another, step by step:
///
/// 1. Export a part: the copies that the source holds at one moment.
/// 2. Put the source's log on the drive, so that the destination is never ahead of it.
/// 3. Ingest: write each copy to the destination unless that or a tier below it has the same or a newer
///    version, sync; then remove older copies above it. So the newest stays the first that a read meets.
/// 4. Read every copy back and compare count and hash.
/// 5. Retire: remove each key from the source whose version is still the one that was copied.
///
/// A crash anywhere leaves copies with the same version in both, which is harmless; the move then
/// begins again with any key not above the last one that was retired. Moves take turns, part by part.
extension TieredStore {
  /// Bytes of keys and values that one part of a range holds at most, one entry at least.
  public static var exportBytes: Int { 4 << 20 }

  /// Copies what one tier holds of a range, at one moment, up to a number of bytes.
  public func export(
    _ range: KeyRange, from tier: Tier, byteLimit: Int = exportBytes
  ) throws(StoreError) -> RangeExport {
    let source = try tiers()[tier]
    var result = RangeExport(entries: [], digest: RangeDigest(), next: nil)
    guard !range.isEmpty else { return result }
    var options = IteratorOptions(from: range.lowerBound, to: range.upperBound)
    options.fillCache = false
    var iterator = source.database.iterator(options)
    var byteCount = 0
    var failure: StoreError?
    do throws(RocksDBError) {
      try iterator.walk { key, stored in
        key.withBytes { key in
          stored.withBytes { stored in
            guard byteCount < byteLimit else {
              result.next = key.copied()
              return false
            }
            do throws(ValueHeader.Fault) {
              let entry = try StoredEntry(key: key, stored: stored)
              byteCount += entry.byteCount
              result.digest.add(entry)
              result.entries.append(entry)
              return true
            } catch {
              failure = source.place.damage(error, key: key.copied())
              return false
            }
          }
        }
      }
    } catch {
      throw source.storeError(error)
    }
    if let failure { throw failure }
    return result
  }

  /// Writes copies to a tier, each only where neither that tier nor one below it has the same or a newer
  /// version, syncs, and removes older copies from the tiers above.
  ///
  /// Deletions are not kept in the cold tier: nothing lies below it that they could hide.
  ///
  /// - Returns: How many copies were taken.
  @discardableResult
  public func ingest(
    _ entries: [StoredEntry], into tier: Tier
  ) throws(StoreError) -> Int {
    guard committer != nil else { throw .readOnly(path: path) }
    for entry in entries {
      try KeyRule.check(key: entry.key)
      try KeyRule.check(value: entry.value)
    }
    return try mover.withLock { _ throws(StoreError) -> Int in
      try place(entries, in: tier, from: nil).takenCount
    }
  }

  /// What became of copies that were to be placed in a tier.
  private struct Placement: Sendable {
    /// How many were written.
    var takenCount = 0
    /// Those that the tier has now, or a newer version in their place.
    var there: [StoredEntry] = []
  }

  /// Places copies, under the movers' lock.
  ///
  /// The tier that they come from needs no look.
  private func place(
    _ entries: [StoredEntry], in tier: Tier, from source: Tier?
  ) throws(StoreError) -> Placement {
    let tiers = try tiers()
    let above = Tier.allCases.prefix { $0 != tier }.filter { $0 != source }
    let below = Tier.allCases.drop { $0 != tier }.dropFirst().filter { $0 != source }
    return try atOneMoment { () throws(StoreError) -> Placement in
      let ranges = published.tombstones
      var placement = Placement()
      var batch = WriteBatch()
      var outdated: [Tier: [[UInt8]]] = [:]
      for entry in entries where ranges?.hides(entry.key, entry.version) != true {
        for tier in above {
          if let other = try Self.version(of: entry.key, in: tiers[tier]), other < entry.version {
            outdated[tier, default: []].append(entry.key)
          }
        }
        var isOutdated = false
        for tier in below where !isOutdated {
          if let other = try Self.version(of: entry.key, in: tiers[tier]) {
            isOutdated = other > entry.version
          }
        }
        if isOutdated { continue }
        placement.there.append(entry)
        if let present = try Self.version(of: entry.key, in: tiers[tier]),
          present >= entry.version
        {
          continue
        }
        if tier == .cold, entry.kind == .tombstone {
          batch.delete(entry.key)
        } else {
          batch.put(entry.key, entry.stored)
        }
        placement.takenCount += 1
      }
      try Self.write(&batch, to: tiers[tier])
      for (tier, keys) in outdated {
        var batch = WriteBatch()
        for key in keys { batch.delete(key) }
        try Self.write(&batch, to: tiers[tier])
      }
      dropFromCache(entries)
      return placement
    }
  }

  /// Removes from a tier each key whose version there is still that of the copy.
  ///
  /// - Returns: How many keys were removed; the rest was changed meanwhile, or is gone.
  @discardableResult
  public func retire(
    _ entries: [StoredEntry], from tier: Tier
  ) throws(StoreError) -> Int {
    guard committer != nil else { throw .readOnly(path: path) }
    return try mover.withLock { _ throws(StoreError) -> Int in
      try remove(entries, from: tier, staysHere: false)
    }
  }

  /// Retires copies, under the movers' lock.
  ///
  /// Where another tier has them (`staysHere`), the cache stays right.
  private func remove(
    _ entries: [StoredEntry], from tier: Tier, staysHere: Bool
  ) throws(StoreError) -> Int {
    let source = try tiers()[tier]
    return try atOneMoment { () throws(StoreError) -> Int in
      var removed = 0
      var batch = WriteBatch()
      for entry in entries {
        guard try Self.version(of: entry.key, in: source) == entry.version else { continue }
        batch.delete(entry.key)
        removed += 1
      }
      // What was not copied, since a deleted range hides it, must not outlive that range's loss.
      if tier != .hot { try Self.syncLog(of: tiers().hot) }
      // Before the keys go: a reader that finds them neither above nor here must see the count.
      retirements.add(1, ordering: .acquiringAndReleasing)
      try Self.write(&batch, to: source)
      if !staysHere { dropFromCache(entries) }
      return removed
    }
  }

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
    guard source != target else {
      throw .invalidArgument("a range moves between two tiers; both are \(source.rawValue)")
    }
    guard committer != nil else { throw .readOnly(path: path) }
    var left = range
    var moved = 0
    while true {
      let (count, next) = try mover.withLock { _ throws(StoreError) in
        try movePart(left, from: source, to: target)
      }
      moved += count
      guard let next else { return moved }
      left.lower = next
    }
  }

  /// Moves what a tier holds at the beginning of a range; only under the movers' lock.
  ///
  /// - Returns: How many keys left the source, and where to go on; nil at the range's end.
  private func movePart(
    _ range: KeyRange, from source: Tier, to target: Tier
  ) throws(StoreError) -> (count: Int, next: [UInt8]?) {
    let part = try export(range, from: source)
    let tiers = try tiers()
    if source == .hot { try Self.syncLog(of: tiers.hot) }
    let placement = try place(part.entries, in: target, from: source)
    try verify(placement.there, in: tiers[target])
    return (try remove(part.entries, from: source, staysHere: true), part.next)
  }

  // MARK: Details

  /// Compares what was written with what is there; a newer version may have come instead.
  private func verify(_ entries: [StoredEntry], in tier: TierDatabase) throws(StoreError) {
    var expected = RangeDigest()
    var found = RangeDigest()
    let ranges = published.tombstones
    for entry in entries where ranges?.hides(entry.key, entry.version) != true {
      let present = try Self.entry(entry.key, in: tier)
      if tier.tier == .cold, entry.kind == .tombstone, present == nil { continue }
      if let present, present.version > entry.version { continue }
      expected.add(entry)
      if let present { found.add(present) }
    }
    // A range that was deleted meanwhile took copies along; they are dead in the source as well.
    guard found == expected || published.tombstones != ranges else {
      throw .corruption(
        tier: tier.tier, file: tier.path,
        cause: "\(found.count) of \(expected.count) copies were read back as they were written")
    }
  }

  /// What the cache has may be older than what came from elsewhere.
  private func dropFromCache(_ entries: [StoredEntry]) {
    guard let cache else { return }
    for entry in entries {
      let hash = KeyHash.hash(entry.key.span)
      cache.beginChange(hash: hash)
      cache.endChange(hash: hash, key: entry.key, value: nil, version: entry.version)
    }
  }

  private static func entry(
    _ key: [UInt8], in tier: TierDatabase
  ) throws(StoreError) -> StoredEntry? {
    let found: Result<StoredEntry, ValueHeader.Fault>?
    do throws(RocksDBError) {
      found = try key.withRawSpan { raw throws(RocksDBError) in
        try tier.database.get(raw) { stored -> Result<StoredEntry, ValueHeader.Fault>? in
          guard let stored else { return nil }
          return stored.withBytes { stored in
            do throws(ValueHeader.Fault) {
              return .success(try StoredEntry(key: key.span, stored: stored))
            } catch {
              return .failure(error)
            }
          }
        }
      }
    } catch {
      throw tier.storeError(error)
    }
    switch found {
    case nil: return nil
    case .success(let entry): return entry
    case .failure(let fault): throw tier.place.damage(fault, key: key)
    }
  }

  private static func version(
    of key: [UInt8], in tier: TierDatabase
  ) throws(StoreError) -> Version? {
    try entry(key, in: tier)?.version
  }

  /// Puts a tier's log on the drive.
  static func syncLog(of tier: TierDatabase) throws(StoreError) {
    do throws(RocksDBError) { try tier.database.syncLog() } catch { throw tier.storeError(error) }
  }

  private static func write(
    _ batch: inout WriteBatch, to tier: TierDatabase
  ) throws(StoreError) {
    guard batch.count > 0 else { return }
    do throws(RocksDBError) {
      try tier.database.write(&batch, sync: true)
      tier.noteDurable(sequence: tier.database.latestSequenceNumber)
    } catch {
      throw tier.storeError(error)
    }
  }
}
