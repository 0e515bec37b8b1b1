/// Which scans leave their blocks in the block cache: pure.
///
/// A long one must not push out what point reads keep there, but one over data that fits is served
/// from memory the next time.
struct ScanCachingRule: Sendable, Equatable {
  /// Bytes of the block cache, memory for memtables included where they share it.
  let cacheBytes: UInt64

  /// The tiers' caches; of separate ones the smallest decides, as any tier may hold the range.
  init(_ configuration: StoreConfiguration) {
    cacheBytes =
      configuration.sharesMemory
      ? configuration.tierMemoryBytes
      : Tier.allCases.map { UInt64(clamping: configuration.settings(of: $0).cacheBytes) }.min() ?? 0
  }

  /// How a scan reads.
  struct Plan: Sendable, Equatable {
    /// Whether its blocks stay in the cache.
    var fillsCache: Bool
    /// Bytes that it reads ahead of itself; 0 leaves it to RocksDB, which begins with two blocks and
    /// doubles.
    var readaheadBytes: Int
    /// Deleted and replaced entries, as moves leave them, that a tier may pass over at a time before it
    /// counts as being at its end; 0 for any number.
    var skippedMax: UInt64 = 0
  }

  /// How a scan reads.
  ///
  /// RocksDB's own readahead reads block by block where the page cache is in use, a system call for
  /// each. A readahead of ours is read by every file of every level, needed or not: for a long scan
  /// alone. It does nothing for a backward one.
  ///
  /// - Parameters:
  ///   - limit: Its most keys; nil where it has no limit.
  ///   - direction: Which way it goes.
  ///   - stored: About how many bytes of files hold its range, and how many hold the whole store,
  ///     compressed; nil where unknown.
  /// - Returns: The plan.
  func plan(
    limit: Int?, _ direction: ScanDirection, stored: () -> (range: UInt64, store: UInt64)?
  ) -> Plan {
    if let limit, limit <= Self.shortScan { return Plan(fillsCache: true, readaheadBytes: 0) }
    guard let stored = stored() else { return Plan(fillsCache: false, readaheadBytes: 0) }
    let isLong = limit == nil && direction == .forward && stored.range >= Self.longRange
    return Plan(
      fillsCache: fits(stored.store, of: 1) || fits(stored.range, of: Self.share),
      readaheadBytes: isLong ? Self.longReadahead : 0)
  }

  /// Whether stored bytes, once in memory, take no more than one part in `parts` of the cache.
  private func fits(_ stored: UInt64, of parts: UInt64) -> Bool {
    let (needed, overflow) = stored.multipliedReportingOverflow(by: Self.expansion * parts)
    return !overflow && needed <= cacheBytes
  }

  /// Keys of a scan that may always stay: about 100 blocks of hot data.
  private static let shortScan = 1000
  /// Stored bytes from which a range is long: what some files read too much is little beside it.
  private static let longRange: UInt64 = 64 << 20
  /// What the drive is asked for at once in a long scan.
  private static let longReadahead = 1 << 20
  /// Cache bytes for each stored byte: cached blocks are not compressed.
  private static let expansion: UInt64 = 2
  /// A range may take half of the cache, so that the rest of the store keeps the other; the whole
  /// store may take all of it, as nothing is then pushed out.
  private static let share: UInt64 = 2
}
