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
    let settings = Tier.allCases.map { configuration.settings(of: $0) }
    let bufferBytes = settings.reduce(0) { $0 + $1.writeBufferBytes * $1.writeBufferCount }
    blocks = BlockCache(byteCount: settings.reduce(bufferBytes) { $0 + $1.cacheBytes })
    memtables = WriteBudget(byteCount: max(1, bufferBytes), chargedTo: blocks)
  }
}
