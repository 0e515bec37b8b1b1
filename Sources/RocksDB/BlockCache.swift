internal import CRocksDB
internal import CRocksDBShim

/// Memory for table blocks that several databases may share, with one limit for all.
public final class BlockCache: @unchecked Sendable {
  /// How the cache is built.
  public enum Kind: Sendable, Equatable {
    /// Least recently used, sharded, each shard under a lock.
    case leastRecentlyUsed
    /// Lock-free CLOCK, RocksDB's `HyperClockCache`.
    ///
    /// RocksDB 7.8 calls it experimental. 7.9, a month later, marks it ready for production, and tells of no
    /// fault of it that was mended in between (RocksDB's HISTORY.md). Its table is charged from the start,
    /// 64 bytes for each place, and does not grow. Where a part of it holds nothing that may go, as memtables
    /// that are charged to it, what finds no room looks through that whole part.
    ///
    /// - Parameter blockBytes: The mean bytes of a block, rather too few than too many: what finds no place
    ///   pushes another out.
    case hyperClock(blockBytes: Int)
  }

  let cache: OpaquePointer

  /// Makes a cache of at most `byteCount` bytes.
  public init(byteCount: Int, kind: Kind = .leastRecentlyUsed) {
    precondition(byteCount >= 0)
    switch kind {
    case .leastRecentlyUsed:
      cache = rocksdb_cache_create_lru(byteCount)
    case .hyperClock(let blockBytes):
      precondition(blockBytes > 0)
      cache = rocksdb_shim_cache_create_hyper_clock(byteCount, blockBytes)
    }
  }

  deinit { rocksdb_cache_destroy(cache) }

  /// The limit, in bytes; once lowered, what is beyond it goes at once, of a CLOCK with the next insertion.
  public var byteLimit: Int {
    get { rocksdb_cache_get_capacity(cache) }
    set { rocksdb_cache_set_capacity(cache, newValue) }
  }

  /// Bytes in use.
  public var byteCount: Int { rocksdb_cache_get_usage(cache) }

  /// Bytes in use that cannot be evicted now.
  public var pinnedByteCount: Int { rocksdb_cache_get_pinned_usage(cache) }
}

/// One limit for the memtables of several databases, charged to a block cache.
///
/// The corresponding C++ class is `WriteBufferManager`. Beyond the limit memtables are flushed
/// early, the largest first within each database.
public final class WriteBudget: @unchecked Sendable {
  let budget: OpaquePointer
  private let cache: BlockCache

  /// Limits memtables to `byteCount` bytes, which `cache` gives up for them.
  ///
  /// - Parameters:
  ///   - byteCount: The limit in bytes.
  ///   - cache: What the bytes are charged to.
  ///   - stallsWriters: Whether writers wait while the limit is exceeded.
  public init(byteCount: Int, chargedTo cache: BlockCache, stallsWriters: Bool = false) {
    precondition(byteCount > 0)
    self.cache = cache
    budget = rocksdb_shim_write_budget_create(byteCount, cache.cache, stallsWriters)
  }

  deinit { rocksdb_shim_write_budget_destroy(budget) }

  /// Bytes that memtables take now.
  public var byteCount: Int { rocksdb_shim_write_budget_usage(budget) }
}
