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
  ///   - storedBytes: About how many bytes of files hold its range, compressed; nil where unknown.
  /// - Returns: Whether its blocks stay in the cache.
  func fillsCache(limit: Int?, storedBytes: () -> UInt64?) -> Bool {
    if let limit, limit <= Self.shortScan { return true }
    guard let stored = storedBytes() else { return false }
    let (needed, overflow) = stored.multipliedReportingOverflow(by: Self.room)
    return !overflow && needed <= cacheBytes
  }

  /// Keys of a scan that may always stay: about 100 blocks of hot data.
  private static let shortScan = 1000
  /// Cache bytes for each stored byte: cached blocks are not compressed, which takes up to twice as
  /// much, and half of the cache stays for others.
  private static let room: UInt64 = 4
}
