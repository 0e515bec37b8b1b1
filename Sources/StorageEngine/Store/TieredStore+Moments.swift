internal import FoundationEssentials
internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

extension TieredStore {
  /// Holds on to this moment: the snapshots of all tiers are taken between two commits.
  public func snapshot() throws(StoreError) -> StoreSnapshot {
    let tiers = try tiers()
    return try atOneMoment { () throws(StoreError) in
      StoreSnapshot(
        of: tiers, published: published, scanRule: ScanCachingRule(configuration))
    }
  }

  /// Walks over keys of a range as they are at this moment.
  ///
  /// As ``StoreSnapshot/scan(_:_:limit:_:)`` on a snapshot of now.
  public func scan(
    _ range: KeyRange = .all, _ direction: ScanDirection = .forward, limit: Int? = nil,
    _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(StoreError) {
    let began = metrics == nil ? nil : MonotonicClock.now()
    meter.noteScan()
    defer { if let began { metrics?.noteScan(began) } }
    try snapshot().scan(range, direction, limit: limit, body)
  }

  /// Makes a second store of this moment in a folder, sharing files where it is on the same file
  /// system.
  ///
  /// All its tiers lie in that folder. Commits wait meanwhile, as memory is written to files.
  ///
  /// - Parameter target: A folder that is new or empty; its parent must be there.
  /// - Throws: ``StoreError/exists(path:)`` where the folder holds something,
  ///   ``StoreError/invalidArgument(_:)`` where it lies in the store or is no name, or what failed.
  public func checkpoint(to target: String) throws(StoreError) {
    let tiers = try tiers()
    try folder.checkIsOutside(target, of: [path] + Tier.allCases.map { tiers[$0].path })
    try StoreFolder.makeEmpty(target)
    // Before the tiers: what one says of the others must not be newer than what is kept of them.
    let moves = Tier.allCases.map { ($0, tiers[$0].moveMark) }
    try atOneMoment { () throws(StoreError) in
      for tier in Tier.allCases {
        do throws(RocksDBError) {
          try tiers[tier].database.checkpoint(to: target + "/" + tier.rawValue)
        } catch {
          // RocksDB names what it was copying, and where to in its message: the store has all its room.
          guard error.code != .noSpace || !error.message.contains(target) else {
            throw .system(
              path: target,
              cause:
                "\(error.message); make room there, or name another folder; the store goes on as it is"
            )
          }
          throw tiers[tier].storeError(error)
        }
      }
    }
    try folder.seal(checkpoint: target, moves: Dictionary(uniqueKeysWithValues: moves))
  }

  /// Writes what is in memory to files, tier by tier.
  public func flush() throws(StoreError) {
    guard committer != nil else { throw .readOnly(path: path) }
    let tiers = try tiers()
    for tier in Tier.allCases {
      do throws(RocksDBError) {
        try tiers[tier].database.flush()
      } catch {
        throw tiers[tier].storeError(error)
      }
    }
  }

  /// Merges the files of each tier until no newer version stands before an older one.
  ///
  /// It takes as long as reading and writing everything once.
  public func compact() throws(StoreError) {
    guard committer != nil else { throw .readOnly(path: path) }
    let tiers = try tiers()
    for tier in Tier.allCases {
      do throws(RocksDBError) {
        try tiers[tier].database.compact()
      } catch {
        throw tiers[tier].storeError(error)
      }
    }
  }

  /// Whether a tier is writing memory to files, or merging files, or is about to.
  public func isBusyInBackground() throws(StoreError) -> Bool {
    let tiers = try tiers()
    return Tier.allCases.contains { tiers[$0].database.isBusyInBackground }
  }

  /// Writes what is in memory to files and returns once no flush or compaction runs or is due.
  ///
  /// - Parameter goesOn: Asked every 2 ms; false ends the waiting.
  /// - Returns: Whether the store is idle.
  /// - Throws: What failed; a failure in the background is thrown by the next write.
  @discardableResult
  public func waitUntilIdle(while goesOn: () -> Bool = { true }) throws(StoreError) -> Bool {
    try flush()
    return try waitForBackgroundWork(while: goesOn)
  }

  /// Returns once no flush or compaction runs or is due; what is in memory stays there.
  ///
  /// - Parameter goesOn: Asked every 2 ms; false ends the waiting.
  /// - Returns: Whether none does.
  /// - Throws: ``StoreError/closed(path:)``.
  @discardableResult
  public func waitForBackgroundWork(
    while goesOn: () -> Bool = { true }
  ) throws(StoreError) -> Bool {
    while try isBusyInBackground() {
      guard goesOn() else { return false }
      MonotonicClock.sleep(Nanoseconds(2_000_000))
    }
    return true
  }

  /// Runs `body` while no commit changes what readers see.
  func atOneMoment<R: Sendable>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
    guard let committer else { return try body() }
    return try committer.barrier.withLock { _ throws(StoreError) -> R in try body() }
  }

  /// Removes from the tiers below what deleted ranges hide, and forgets those ranges.
  func forgetRanges() throws(StoreError) {
    guard let committer else { throw .readOnly(path: path) }
    let tiers = try tiers()
    try mover.withLock { _ throws(StoreError) in
      guard let ranges = published.tombstones else { return }
      // Else a power cut could take the deletion back, and leave what it took with it.
      try Self.syncLog(of: tiers.hot)
      tiers.noteMoment(of: .hot)
      for tier in [tiers.warm, tiers.cold] {
        for fragment in ranges.fragments { try Self.clear(fragment, in: tier) }
        // An older one would have again what nothing hides any more.
        tiers.noteMoment(of: tier.tier)
      }
      // What readers still hold of these ranges is gone from the tiers, but not from the cache.
      cache?.removeAll()
      try committer.commit(.forgetRanges(Set(ranges.fragments.map(\.version))))
      cache?.removeAll()
    }
  }

  /// Removes from a tier the copies in a range that are older than its deletion.
  private static func clear(
    _ fragment: RangeTombstones.Fragment, in tier: TierDatabase
  ) throws(StoreError) {
    do throws(RocksDBError) {
      var left = Optional(fragment.lower)
      // Part by part: a range may hold more keys than memory does.
      while let lower = left {
        left = nil
        var batch = WriteBatch()
        var options = IteratorOptions(from: lower, to: fragment.upper)
        options.fillCache = false
        var iterator = tier.database.iterator(options)
        try iterator.walk { key, stored in
          guard batch.count < Self.clearedAtOnce else {
            left = key.withBytes { $0.copied() }
            return false
          }
          let isOlder = stored.withBytes { bytes in
            (try? ValueHeader(reading: bytes)).map { $0.version < fragment.version } ?? false
          }
          if isOlder { batch.delete(key) }
          return true
        }
        if batch.count > 0 { try tier.write(&batch, sync: true) }
      }
    } catch {
      throw tier.storeError(error)
    }
  }

  /// Deletions in one batch: 10,000 of the longest keys take 640 MiB.
  private static let clearedAtOnce = 10_000
}
