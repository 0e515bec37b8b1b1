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

  /// Whether a scan fills the cache.
  ///
  /// - Parameters:
  ///   - limit: Its most keys; nil where it has no limit.
  ///   - stored: About how many bytes of files hold its range, and how many hold the whole store,
  ///     compressed; nil where unknown.
  /// - Returns: Whether its blocks stay in the cache.
  func fillsCache(limit: Int?, stored: () -> (range: UInt64, store: UInt64)?) -> Bool {
    if let limit, limit <= Self.shortScan { return true }
    guard let stored = stored() else { return false }
    return fits(stored.store, of: 1) || fits(stored.range, of: Self.share)
  }

  /// Bytes that a scan reads ahead of itself; 0 leaves it to RocksDB, which begins with two blocks.
  ///
  /// RocksDB's own readahead asks the kernel, where the page cache is in use, and then reads block by
  /// block: a system call for each.
  /// A scan with a limit is left to it as well: every level reads ahead on its own, so that what is
  /// asked for would be read several times over (746 KiB for 116 KiB in six levels, and no faster).
  func readaheadBytes(limit: Int?) -> Int { limit == nil ? Self.longReadahead : 0 }

  /// Whether stored bytes, once in memory, take no more than one part in `parts` of the cache.
  private func fits(_ stored: UInt64, of parts: UInt64) -> Bool {
    let (needed, overflow) = stored.multipliedReportingOverflow(by: Self.expansion * parts)
    return !overflow && needed <= cacheBytes
  }

  /// Keys of a scan that may always stay: about 100 blocks of hot data.
  private static let shortScan = 1000
  /// What the drive is asked for at once in a long scan.
  private static let longReadahead = 1 << 20
  /// Cache bytes for each stored byte: cached blocks are not compressed.
  private static let expansion: UInt64 = 2
  /// A range may take half of the cache, so that the rest of the store keeps the other; the whole
  /// store may take all of it, as nothing is then pushed out.
  private static let share: UInt64 = 2
}
