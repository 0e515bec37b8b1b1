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
/// What a tier's drive has taken, and what is gone from it, the others note each time (``MoveMark``), so that they are
/// not opened beside an older copy of it.
///
/// A crash anywhere leaves copies with the same version in both, which is harmless; the move then
/// begins again with any key not above the last one that was retired. Moves take turns, part by part.
///
/// Commits wait only where a move changes the hot tier, or removes what went up, and then for some keys at
/// a time: a snapshot takes its tiers from hot down, so what goes down cannot pass it unseen.
extension TieredStore {
  /// Bytes of keys and values that one part of a range holds at most, one entry at least.
  public static var exportBytes: Int { 4 << 20 }

  /// Entries that one part of a range looks at most, copied or not, so that nobody waits long for it.
  public static var exportEntries: Int { 1 << 17 }

  /// Copies what one tier holds of a range, at one moment, up to a number of bytes.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - tier: Of which tier.
  ///   - byteLimit: Bytes of keys and values after which it ends; the last entry may exceed it.
  ///   - isWanted: Which of the keys; it must be short.
  /// - Returns: The copies, and where to go on.
  /// - Throws: What is damaged or failed.
  public func export(
    _ range: KeyRange, from tier: Tier, byteLimit: Int = exportBytes,
    where isWanted: (_ key: Span<UInt8>) -> Bool = { _ in true }
  ) throws(StoreError) -> RangeExport {
    var failure: StoreError?
    let result = try export(range, from: tier, byteLimit: byteLimit) { key, _ in
      isWanted(key)
    } damaged: {
      failure = $0
      return false
    }
    if let failure { throw failure }
    return result
  }

  /// As above; `isWanted` takes versions as well, nil where one cannot be read; `damaged` takes what cannot be
  /// copied, and tells whether to pass over it.
  func export(
    _ range: KeyRange, from tier: Tier, byteLimit: Int,
    where isWanted: (_ key: Span<UInt8>, _ version: Version?) -> Bool, damaged: (StoreError) -> Bool
  ) throws(StoreError) -> RangeExport {
    let tiers = try tiers()
    // Who closes the store waits for all that hold its tiers.
    defer { extendLifetime(tiers) }
    let source = tiers[tier]
    var result = RangeExport(entries: [], digest: RangeDigest(), next: nil)
    guard !range.isEmpty else { return result }
    var options = IteratorOptions(from: range.lowerBound, to: range.upperBound)
    options.fillCache = false
    var iterator = source.database.iterator(options)
    var byteCount = 0
    var seenCount = 0
    do throws(RocksDBError) {
      try iterator.walk { key, stored in
        key.withBytes { key in
          stored.withBytes { stored in
            guard byteCount < byteLimit, seenCount < Self.exportEntries else {
              result.next = key.copied()
              return false
            }
            seenCount += 1
            do throws(ValueHeader.Fault) {
              let header: ValueHeader
              do throws(ValueHeader.Fault) {
                header = try ValueHeader(reading: stored)
              } catch {
                guard isWanted(key, nil) else { return true }
                throw error
              }
              guard isWanted(key, header.version) else { return true }
              let entry = StoredEntry(key: key, header: header, stored: stored)
              byteCount += entry.byteCount
              result.digest.add(entry)
              result.entries.append(entry)
              return true
            } catch {
              return damaged(source.place.damage(error, key: key.copied()))
            }
          }
        }
      }
    } catch {
      throw source.storeError(error)
    }
    return result
  }

  /// Writes copies to a tier, each only where neither that tier nor one below it has the same or a newer
  /// version, syncs, and removes older copies from the tiers above.
  ///
  /// Deletions are not kept in the cold tier: nothing lies below it that they could hide. Where a copy is
  /// newer than anything here, what is written later gets versions above it. Of several copies of a key the
  /// newest counts.
  ///
  /// - Returns: How many copies were taken.
  @discardableResult
  public func ingest(
    _ entries: [StoredEntry], into tier: Tier
  ) throws(StoreError) -> Int {
    guard let committer else { throw .readOnly(path: path) }
    for entry in entries {
      try KeyRule.check(key: entry.key)
      try KeyRule.check(value: entry.value)
      guard entry.version.sequence < Self.sequencesMax else {
        throw .invalidArgument(
          "a copy has version \(entry.version); sequences end at \(Self.sequencesMax - 1)")
      }
    }
    if let newest = entries.map(\.version).max(), newest > published.lastVersion {
      try committer.commit(.raise(newest))
      // Else a power cut could take that back, and leave the copies.
      try Self.syncLog(of: try tiers().hot)
    }
    let newest = Self.newest(of: entries)
    return try mover.withLock { _ throws(StoreError) -> Int in
      try place(newest, in: tier, from: nil).takenCount
    }
  }

  /// The newest copy of each key, in the order of their first ones.
  private static func newest(of entries: [StoredEntry]) -> [StoredEntry] {
    var places: [[UInt8]: Int] = [:]
    var newest: [StoredEntry] = []
    for entry in entries {
      if let place = places[entry.key] {
        if newest[place].version < entry.version { newest[place] = entry }
      } else {
        places[entry.key] = newest.count
        newest.append(entry)
      }
    }
    return newest
  }

  /// Far from where counting on would overflow.
  private static let sequencesMax: UInt64 = 1 << 62

  /// What became of copies that were to be placed in a tier.
  struct Placed: Sendable {
    /// How many were written.
    var takenCount = 0
    /// Those that the tier has now, or a newer version in their place.
    var there: [StoredEntry] = []
    /// Keys whose copies in other tiers cannot be read: they stay where they are.
    var damagedKeys: Set<[UInt8]> = []
    /// The first of what is wrong with them.
    var damage: StoreError?

    mutating func add(_ other: Placed) {
      takenCount += other.takenCount
      there += other.there
      damagedKeys.formUnion(other.damagedKeys)
      damage = damage ?? other.damage
    }

    mutating func note(_ damage: StoreError, of key: [UInt8]) {
      damagedKeys.insert(key)
      self.damage = self.damage ?? damage
    }
  }

  /// What tiers beside the source and the target have of keys that are copied.
  private struct Survey {
    /// Copies than which nothing newer lies below the target.
    var newest: [StoredEntry] = []
    /// Of which keys another tier has an older version.
    ///
    /// Those above, and, where copies go up, those below as well. Else a reader who came by before the copy
    /// did would find that one once the source is empty.
    var outdated: [Tier: [StoredEntry]] = [:]
  }

  /// Places copies, under the movers' lock; they are on the drive when it returns.
  ///
  /// Only callers' commits change the hot tier beside the mover, so only there do commits wait, a few keys
  /// at a time and for no drive: what lies below is looked at before. The tier that the copies come from
  /// needs no look. Between tiers a key that cannot be read is passed over; what comes from elsewhere is
  /// not placed then.
  func place(
    _ entries: [StoredEntry], in tier: Tier, from source: Tier?
  ) throws(StoreError) -> Placed {
    let tiers = try tiers()
    // Between two tiers a reader finds what it found before.
    defer { if source == nil { dropFromCache(entries) } }
    var placement = Placed()
    let survey = try survey(entries, for: tier, of: tiers, from: source, &placement)
    let newest = survey.newest
    if tier == .hot {
      for chunk in Self.chunks(of: newest) {
        placement.add(
          try commitsWaiting { [self] () throws(StoreError) -> Placed in
            try write(newest[chunk], to: tiers.hot, skipsDamage: source != nil, sync: false)
          })
      }
      if placement.takenCount > 0 { try syncLogPromptly(of: tiers.hot) }
    } else {
      placement.add(
        try write(newest[...], to: tiers[tier], skipsDamage: source != nil, sync: true))
    }
    tiers.noteMoment(of: tier)
    for (other, older) in survey.outdated {
      try delete(
        older.filter { !placement.damagedKeys.contains($0.key) }, from: tiers[other],
        beside: other.isBelow(tier) ? .readers : .commits
      ) { $0 < $1 }
    }
    return placement
  }

  /// Looks for copies in other tiers.
  private func survey(
    _ entries: [StoredEntry], for tier: Tier, of tiers: OpenTiers, from source: Tier?,
    _ placement: inout Placed
  ) throws(StoreError) -> Survey {
    let above = Tier.allCases.prefix { $0 != tier }.filter { $0 != source }
    let below = Tier.allCases.drop { $0 != tier }.dropFirst().filter { $0 != source }
    let goesUp = source?.isBelow(tier) ?? false
    let ranges = published.tombstones
    var survey = Survey()
    for entry in entries where ranges?.hides(entry.key, entry.version) != true {
      do throws(StoreError) {
        var outdated: [Tier] = []
        for tier in above {
          if let other = try Self.version(of: entry.key, in: tiers[tier]), other < entry.version {
            outdated.append(tier)
          }
        }
        var isOutdated = false
        for tier in below where !isOutdated {
          if let other = try Self.version(of: entry.key, in: tiers[tier]) {
            isOutdated = other > entry.version
            if goesUp, other < entry.version { outdated.append(tier) }
          }
        }
        for tier in outdated { survey.outdated[tier, default: []].append(entry) }
        if !isOutdated { survey.newest.append(entry) }
      } catch {
        guard source != nil, case .corruption = error else { throw error }
        placement.note(error, of: entry.key)
      }
    }
    return survey
  }

  /// Writes copies to a tier where it has nothing as new.
  private func write(
    _ entries: ArraySlice<StoredEntry>, to tier: TierDatabase, skipsDamage: Bool, sync: Bool
  ) throws(StoreError) -> Placed {
    let ranges = published.tombstones
    var placement = Placed()
    var batch = WriteBatch()
    for entry in entries where ranges?.hides(entry.key, entry.version) != true {
      let present: Version?
      do throws(StoreError) {
        present = try Self.version(of: entry.key, in: tier)
      } catch {
        guard skipsDamage, case .corruption = error else { throw error }
        placement.note(error, of: entry.key)
        continue
      }
      placement.there.append(entry)
      if let present, present >= entry.version { continue }
      if tier.tier == .cold, entry.kind == .tombstone {
        batch.delete(entry.key)
      } else {
        batch.put(entry.key, entry.stored)
      }
      placement.takenCount += 1
    }
    try Self.write(&batch, to: tier, sync: sync)
    return placement
  }

  /// What goes on beside a deletion that must not see half of it.
  private enum Company {
    /// Commits change the same tier, or snapshots of all tiers could miss what moves up.
    case commits
    /// Only readers, which find the key in this tier or below it.
    case readers
  }

  /// Deletes keys whose version in a tier still is as asked; they are gone from the drive when it returns.
  ///
  /// A deletion that a power cut could take back would bring an old version back above a newer one.
  ///
  /// - Parameters:
  ///   - entries: Copies of them.
  ///   - tier: From where.
  ///   - company: What goes on beside it.
  ///   - done: Called for the keys that were looked at, before anybody else goes on.
  ///   - isDue: Takes the version that is there and that of the copy.
  /// - Returns: How many were deleted.
  /// - Throws: What failed; some may be gone then.
  @discardableResult
  private func delete(
    _ entries: [StoredEntry], from tier: TierDatabase, beside company: Company,
    afterEach done: @escaping @Sendable ([StoredEntry]) -> Void = { _ in },
    where isDue: @escaping @Sendable (Version, Version) -> Bool
  ) throws(StoreError) -> Int {
    let tiers = try tiers()
    @Sendable func delete(_ entries: ArraySlice<StoredEntry>, sync: Bool) throws(StoreError) -> Int
    {
      var batch = WriteBatch()
      for entry in entries {
        guard let present = try Self.version(of: entry.key, in: tier),
          isDue(present, entry.version)
        else { continue }
        batch.delete(entry.key)
      }
      let count = batch.count
      try Self.write(&batch, to: tier, sync: sync)
      return count
    }
    // Else an older copy of the tier would have them again, above or below newer ones.
    defer { tiers.noteMoment(of: tier.tier) }
    guard case .commits = company else { return try delete(entries[...], sync: true) }
    var count = 0
    if !entries.isEmpty { owedSyncs.withLock { _ = $0.insert(tier.tier) } }
    for chunk in Self.chunks(of: entries) {
      count += try commitsWaiting { [self] () throws(StoreError) -> Int in
        // Before the keys go: a reader that finds them neither above nor here must see the count.
        retirements.add(1, ordering: .acquiringAndReleasing)
        let count = try delete(entries[chunk], sync: false)
        done(Array(entries[chunk]))
        return count
      }
    }
    if count > 0 { try syncLogPromptly(of: tier) }
    owedSyncs.withLock { _ = $0.remove(tier.tier) }
    return count
  }

  /// Runs a step of a move while no commit changes what readers see.
  private func commitsWaiting<R: Sendable>(
    _ step: @escaping @Sendable () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    try moverTurns.run { [self] () throws(StoreError) -> R in try atOneMoment(step) }
  }

  /// Puts those logs on the drive whose deletions an earlier move could not; what they make way for must
  /// not be retired before.
  private func syncOwed() throws(StoreError) {
    for tier in owedSyncs.withLock({ $0 }) {
      try Self.syncLog(of: try tiers()[tier])
      owedSyncs.withLock { _ = $0.remove(tier) }
    }
  }

  /// Positions of entries that are dealt with while commits wait: some 100 µs.
  private static func chunks(of entries: [StoredEntry]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var (start, byteCount) = (0, 0)
    for (index, entry) in entries.enumerated() {
      byteCount += entry.byteCount
      guard index + 1 - start == chunkCount || byteCount >= chunkBytes else { continue }
      chunks.append(start..<index + 1)
      (start, byteCount) = (index + 1, 0)
    }
    return start < entries.count ? chunks + [start..<entries.count] : chunks
  }

  private static let chunkCount = 64
  private static let chunkBytes = 256 << 10

  /// Removes from a tier each key whose version there is still that of the copy.
  ///
  /// - Returns: How many keys were removed; the rest was changed meanwhile, or is gone.
  @discardableResult
  public func retire(
    _ entries: [StoredEntry], from tier: Tier
  ) throws(StoreError) -> Int {
    guard committer != nil else { throw .readOnly(path: path) }
    return try mover.withLock { _ throws(StoreError) -> Int in
      try remove(entries, from: tier, to: nil)
    }
  }

  /// Retires copies, under the movers' lock; where another tier has them now, the cache stays right.
  func remove(
    _ entries: [StoredEntry], from tier: Tier, to target: Tier?
  ) throws(StoreError) -> Int {
    let tiers = try tiers()
    try syncOwed()
    // What was not copied, since a deleted range hides it, must not outlive that range's loss.
    if tier != .hot { try syncLogPromptly(of: tiers.hot) }
    tiers.noteMoment(of: .hot)
    let company: Company = tier == .warm && target == .cold ? .readers : .commits
    return try delete(
      entries, from: tiers[tier], beside: company,
      afterEach: { [self] in if target == nil { dropFromCache($0) } }, where: ==)
  }

  // MARK: Details

  func noteTier(_ tier: Tier, of entries: [StoredEntry]) {
    guard let cache else { return }
    for entry in entries where entry.kind == .value {
      cache.noteTier(
        tier, hash: KeyHash.hash(entry.key.span), key: entry.key.span, version: entry.version)
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

  static func entry(
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

  static func version(
    of key: [UInt8], in tier: TierDatabase
  ) throws(StoreError) -> Version? {
    try entry(key, in: tier)?.version
  }

  /// Puts a tier's log on the drive; commits may wait for the locks that it takes on the way.
  func syncLogPromptly(of tier: TierDatabase) throws(StoreError) {
    try moverTurns.run { () throws(StoreError) -> Void in try Self.syncLog(of: tier) }
  }

  /// Puts a tier's log on the drive.
  static func syncLog(of tier: TierDatabase) throws(StoreError) {
    do throws(RocksDBError) { try tier.syncLog() } catch { throw tier.storeError(error) }
  }

  private static func write(
    _ batch: inout WriteBatch, to tier: TierDatabase, sync: Bool
  ) throws(StoreError) {
    guard batch.count > 0 else { return }
    do throws(RocksDBError) {
      try tier.write(&batch, sync: sync)
    } catch {
      throw tier.storeError(error)
    }
  }
}
