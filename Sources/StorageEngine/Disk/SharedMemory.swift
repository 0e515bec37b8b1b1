internal import RocksDB

/// The memory that the tiers of an open store share: blocks of tables, and what was written and is
/// not yet in a table.
///
/// One limit for both, and for all tiers: what memtables do not need just now, and what a tier with
/// little in it leaves over, holds blocks of the others.
struct SharedMemory: Sendable {
  /// Blocks; memtables are charged to it.
  let blocks: BlockCache
  let memtables: WriteBudget

  /// The caches and write buffers of all tiers together.
  init(for configuration: StoreConfiguration) {
    let byteCount = Int(clamping: configuration.tierMemoryBytes)
    let cacheBytes = Tier.allCases.reduce(0) { $0 + configuration.settings(of: $1).cacheBytes }
    let blockBytes = Tier.allCases.reduce(Int.max) {
      min($0, configuration.settings(of: $1).blockBytes)
    }
    // With RocksDB's LRU cache scans of 116 B in memory took 8.2M entries/s, with this 10.5M (medians of 3, two
    // threads): there a block's lookup follows lists from entry to entry.
    blocks = BlockCache(byteCount: byteCount, kind: .hyperClock(blockBytes: max(1024, blockBytes)))
    memtables = WriteBudget(byteCount: max(1, byteCount - cacheBytes), chargedTo: blocks)
  }
}
