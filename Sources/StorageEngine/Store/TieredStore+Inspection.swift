internal import LinuxIO
internal import RocksDB
internal import Synchronization

/// What a store holds and has done since it was opened.
public struct StoreStatistics: Sendable, Equatable {
  /// The same of one tier.
  public struct TierStatistics: Sendable, Equatable {
    /// Bytes of its files on the drive.
    public var fileBytes: UInt64
    /// About how many versions of keys it holds.
    ///
    /// RocksDB adds up the entries of files and memory: a key counts once more for each time that it
    /// was put, or deleted, since the last compaction, and so does the store's own record, which the
    /// first write of each opening renews. Where that is too rough, see
    /// ``TieredStore/keyCount(of:atMost:byteLimit:)``.
    public var keyCountEstimate: UInt64
    /// Reads of its files for gets and scans, not for flushes and compactions: with
    /// ``StoreConfiguration/directReads`` these are reads of the device.
    public var blockReads: UInt64
    /// Bytes of these reads.
    public var blockReadBytes: UInt64
    /// Blocks that were in the block cache.
    public var blockHits: UInt64
    /// Microseconds for which writers were delayed or stopped.
    public var stallMicroseconds: UInt64
    /// Flushes of memtables that ended.
    public var flushes: UInt64
    /// Compactions that ended.
    public var compactions: UInt64
    /// Lookups in a table that its filter spared.
    public var filterHits: UInt64
    /// Lookups that a filter let through to a table without the key.
    public var filterMisses: UInt64
  }

  /// By tier.
  public var tiers: [Tier: TierStatistics]
  /// Reads that the hot cache answered.
  public var cacheHits: UInt64
  /// Reads that it did not.
  public var cacheMisses: UInt64
  /// Values taken into it by readers.
  public var cacheFills: UInt64
  /// Values that came too late, as the key was changed meanwhile.
  public var cacheRefusedFills: UInt64
  /// Values that came before there was memory for them, as while a cache fills.
  public var cacheFillsBeforeMemory: UInt64
  /// Values that left it to make room.
  public var cacheEvictions: UInt64
  /// Values in it.
  public var cacheEntries: Int
  /// Bytes of it that are in use.
  public var cacheBytes: Int
  /// Keys that were read ahead.
  public var prefetchesIssued: UInt64
  /// Of them, those that a reader found in the hot cache.
  public var prefetchesUsed: UInt64
  /// Of them, those that nobody asked for in time.
  public var prefetchesWasted: UInt64
  /// How many clients, which are threads, go by each pattern; those that did too little of late to tell, and
  /// threads beyond 256 at once, are left out.
  public var clientPatterns: [AccessPattern: Int]
  /// What moves between tiers did.
  public var moves: MoveCounts
  /// Commits to the log.
  public var commits: UInt64
  /// Changes in them.
  public var changes: UInt64
  /// Bytes of keys and values in them.
  public var changedBytes: UInt64
  /// The newest version that readers see.
  public var lastVersion: Version
  /// The newest version that the drive is known to hold.
  public var durableVersion: Version
}

extension TieredStore {
  /// What the store holds and has done.
  public func statistics() throws(StoreError) -> StoreStatistics {
    let tiers = try tiers()
    let cacheCounts = cache?.counts ?? HotCache.Counts()
    let commits = committer?.counts ?? Committer.Counts()
    let prefetches = prefetch?.ledger.counts ?? PrefetchLedger.Counts()
    return StoreStatistics(
      tiers: Dictionary(
        uniqueKeysWithValues: Tier.allCases.map { ($0, Self.statistics(of: tiers[$0])) }),
      cacheHits: cacheCounts.hits, cacheMisses: cacheCounts.misses,
      cacheFills: cacheCounts.fills, cacheRefusedFills: cacheCounts.refusedFills,
      cacheFillsBeforeMemory: cacheCounts.fillsBeforeMemory,
      cacheEvictions: cacheCounts.evictions, cacheEntries: cache?.entryCount ?? 0,
      cacheBytes: cache?.byteCount ?? 0, prefetchesIssued: prefetches.issued,
      prefetchesUsed: prefetches.used, prefetchesWasted: prefetches.wasted,
      clientPatterns: meter.patterns(at: MonotonicClock.now()),
      moves: moveCounts.withLock { $0 }, commits: commits.commits, changes: commits.changes,
      changedBytes: commits.bytes, lastVersion: lastVersion, durableVersion: durableVersion)
  }

  private static func statistics(of tier: TierDatabase) -> StoreStatistics.TierStatistics {
    let reads = tier.database.callerReads
    let events = tier.database.events()
    let passed = tier.database.ticker(.filterPositive)
    return StoreStatistics.TierStatistics(
      fileBytes: tier.database.integerProperty("rocksdb.total-sst-files-size") ?? 0,
      keyCountEstimate: tier.database.integerProperty("rocksdb.estimate-num-keys") ?? 0,
      blockReads: reads.count, blockReadBytes: reads.byteCount,
      blockHits: tier.database.ticker(.dataBlockHit),
      stallMicroseconds: tier.database.ticker(.stallMicroseconds),
      flushes: events.flushCount, compactions: events.compactionCount,
      filterHits: tier.database.ticker(.filterUseful),
      filterMisses: passed - min(passed, tier.database.ticker(.filterTruePositive)))
  }

  /// How many keys have a value in a tier, counted one by one.
  ///
  /// Values that a newer version in a tier above hides count as well: they lie there.
  ///
  /// - Parameters:
  ///   - tier: Which tier.
  ///   - countMax: Most entries to look at, deletions included.
  ///   - byteLimit: Most bytes of keys and values to look at.
  /// - Returns: The number; nil where there are more entries, or more bytes.
  /// - Throws: What is damaged or failed.
  public func keyCount(
    of tier: Tier, atMost countMax: Int = 100_000, byteLimit: Int = 64 << 20
  ) throws(StoreError) -> UInt64? {
    let tiers = try tiers()
    let database = tiers[tier]
    // What is read once only must not push out what others read again.
    var options = IteratorOptions(from: KeyRule.lowest, to: nil)
    options.fillCache = false
    var iterator = database.database.iterator(options)
    var seen = (entries: 0, bytes: 0)
    var values: UInt64 = 0
    var fault: StoreError?
    do throws(RocksDBError) {
      try iterator.walk { key, stored in
        seen.entries += 1
        seen.bytes += key.byteCount + stored.byteCount
        guard seen.entries <= countMax, seen.bytes <= byteLimit else { return false }
        do throws(ValueHeader.Fault) {
          let header = try stored.withBytes { bytes throws(ValueHeader.Fault) in
            try ValueHeader(reading: bytes)
          }
          if header.kind == .value { values += 1 }
          return true
        } catch {
          fault = database.place.damage(error, key: key.withBytes { $0.copied() })
          return false
        }
      }
    } catch {
      throw database.storeError(error)
    }
    if let fault { throw fault }
    return seen.entries <= countMax && seen.bytes <= byteLimit ? values : nil
  }
}
