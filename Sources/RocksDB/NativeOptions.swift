internal import CRocksDB
internal import CRocksDBShim

/// RocksDB's own options, made from ours, with what counts and listens for one database.
final class NativeOptions: @unchecked Sendable {
  let options: OpaquePointer
  let statistics: OpaquePointer?
  let listener: OpaquePointer
  /// The database's files; they must outlive it.
  let files: OpaquePointer
  /// What the options point to without owning it.
  private let source: DatabaseOptions

  /// - Parameters:
  ///   - source: Our options.
  ///   - path: The database's folder.
  ///   - readOnly: Whether nothing may be changed.
  init(_ source: DatabaseOptions, path: String, readOnly: Bool) {
    self.source = source
    files = rocksdb_shim_files_create(
      path, Database.reserveName, readOnly ? 0 : UInt64(max(0, source.reserveBytes)))
    options = rocksdb_options_create()
    statistics = source.statistics ? rocksdb_shim_statistics_create() : nil
    listener = rocksdb_shim_listener_create(source.backgroundYields)
    if let statistics { rocksdb_shim_options_set_statistics(options, statistics) }
    rocksdb_shim_options_add_listener(options, listener)
    rocksdb_shim_options_set_files(options, files, source.unbrokenLog)
    if readOnly { rocksdb_shim_options_keep_warnings(options) }
    setOpening()
    setMemtable()
    setLog()
    setCompaction()
    setCompression()
    setBlocks()
  }

  deinit {
    rocksdb_options_destroy(options)
    if let statistics { rocksdb_shim_statistics_destroy(statistics) }
    rocksdb_shim_listener_destroy(listener)
    rocksdb_shim_files_destroy(files)
  }

  /// Takes the room that is kept for the log, again where it had to be used.
  ///
  /// - Parameter opening: Whether the database is not open yet; want of room is then passed over.
  /// - Returns: Whether it is there.
  @discardableResult
  func fillReserve(opening: Bool = false) -> Bool {
    rocksdb_shim_files_fill_reserve(files, opening)
  }

  /// Reads of tables for callers, and their bytes.
  var callerReads: (count: UInt64, byteCount: UInt64) {
    (rocksdb_shim_files_reads(files), rocksdb_shim_files_read_bytes(files))
  }

  /// What RocksDB has warned of; nil where that stands in its file of messages.
  var warnings: String? {
    guard let text = rocksdb_shim_options_warnings(options) else { return nil }
    defer { rocksdb_free(text) }
    return String(cString: text)
  }

  /// Whether the room that is kept for the log is in use.
  var isReserveSpent: Bool { rocksdb_shim_files_is_reserve_spent(files) }

  private func setOpening() {
    rocksdb_options_set_create_if_missing(options, source.createIfMissing.flag)
    rocksdb_options_set_error_if_exists(options, source.errorIfExists.flag)
    rocksdb_options_set_paranoid_checks(options, source.paranoidChecks.flag)
    rocksdb_options_set_max_open_files(options, Int32(clamping: source.openFiles))
    // RocksDB's own log of messages: without a limit each opening leaves one more behind.
    rocksdb_options_set_keep_log_file_num(options, 4)
    rocksdb_options_set_max_log_file_size(options, 8 << 20)
  }

  private func setMemtable() {
    rocksdb_options_set_write_buffer_size(options, source.writeBufferBytes)
    rocksdb_options_set_max_write_buffer_number(options, Int32(clamping: source.writeBufferCount))
    rocksdb_options_set_min_write_buffer_number_to_merge(
      options, Int32(clamping: source.buffersToMerge))
    switch source.memtable {
    case .skiplist: break
    case .vector:
      rocksdb_options_set_memtable_vector_rep(options)
      rocksdb_options_set_allow_concurrent_memtable_write(options, 0)
    case .hashSegments(let segmentEntries):
      rocksdb_shim_options_set_hash_segments(options, max(1024, segmentEntries))
      rocksdb_options_set_allow_concurrent_memtable_write(options, 0)
    }
    if let budget = source.writeBudget {
      rocksdb_shim_options_set_write_budget(options, budget.budget)
    }
  }

  private func setLog() {
    rocksdb_options_set_recycle_log_file_num(options, max(0, source.logRecycling))
    rocksdb_options_set_wal_recovery_mode(options, source.logRecovery.rawValue)
    if source.tracksLogs { rocksdb_shim_options_track_logs(options) }
    rocksdb_options_set_manual_wal_flush(options, source.manualLogFlush.flag)
    rocksdb_options_set_use_fsync(options, source.useFsync ? 1 : 0)
    rocksdb_options_set_max_total_wal_size(options, UInt64(max(0, source.logByteLimit)))
    rocksdb_options_set_bytes_per_sync(options, UInt64(max(0, source.bytesPerSync)))
    rocksdb_options_set_wal_bytes_per_sync(options, UInt64(max(0, source.bytesPerSync)))
  }

  private func setCompaction() {
    rocksdb_options_set_level0_file_num_compaction_trigger(
      options, Int32(clamping: source.level0Files))
    rocksdb_options_set_level0_slowdown_writes_trigger(
      options, Int32(clamping: source.level0SlowdownFiles))
    rocksdb_options_set_level0_stop_writes_trigger(
      options, Int32(clamping: source.level0StopFiles))
    rocksdb_options_set_max_bytes_for_level_base(options, UInt64(max(1, source.level1Bytes)))
    rocksdb_options_set_target_file_size_base(options, UInt64(max(1, source.fileBytes)))
    rocksdb_shim_options_compact_oldest_first(options)
    // Else a get or an iterator that is the last to need a memtable or a table frees it, and waits for the drive.
    rocksdb_options_set_avoid_unnecessary_blocking_io(options, 1)
    rocksdb_options_set_max_background_jobs(options, Int32(clamping: source.backgroundJobs))
    rocksdb_options_set_max_subcompactions(options, UInt32(clamping: source.subcompactions))
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, source.dynamicLevels.flag)
    rocksdb_options_set_disable_auto_compactions(
      options, source.disableAutomaticCompaction ? 1 : 0)
    rocksdb_options_set_use_direct_io_for_flush_and_compaction(options, source.directWrites.flag)
    rocksdb_options_compaction_readahead_size(options, 2 << 20)
    guard source.backgroundBytesPerSecond > 0 else { return }
    // RocksDB's usual period of 100 ms and share of 1 in 10 for low priority.
    let limiter = rocksdb_ratelimiter_create(Int64(source.backgroundBytesPerSecond), 100_000, 10)
    rocksdb_options_set_ratelimiter(options, limiter)
    rocksdb_ratelimiter_destroy(limiter)
  }

  private func setCompression() {
    rocksdb_options_set_compression(options, source.compression.number)
    rocksdb_options_set_compression_options(
      options, Self.zlibWindowBits, source.compression.level, 0, 0)
    // The levels below get the compression that was set before.
    if !source.compressesLevel0 { rocksdb_options_set_min_level_to_compress(options, 1) }
    guard let bottom = source.bottomCompression else { return }
    rocksdb_options_set_bottommost_compression(options, bottom.number)
    rocksdb_options_set_bottommost_compression_options(
      options, Self.zlibWindowBits, bottom.level, 0, 0, 1)
  }

  private func setBlocks() {
    let table: OpaquePointer = rocksdb_block_based_options_create()
    defer { rocksdb_block_based_options_destroy(table) }
    rocksdb_block_based_options_set_block_size(table, source.blockBytes)
    rocksdb_block_based_options_set_format_version(table, 5)
    let bits = source.bloomBitsPerKey
    if bits > 0 {
      // The table options take the policy over.
      rocksdb_block_based_options_set_filter_policy(
        table,
        source.ribbonFilter
          ? rocksdb_filterpolicy_create_ribbon(bits) : rocksdb_filterpolicy_create_bloom_full(bits))
    }
    let cached = source.cacheIndexAndFilters.flag
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, cached)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, cached)
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, cached)
    if let cache = source.blockCache {
      rocksdb_block_based_options_set_block_cache(table, cache.cache)
    } else if source.blockCacheBytes > 0 {
      let cache = BlockCache(byteCount: source.blockCacheBytes)
      rocksdb_block_based_options_set_block_cache(table, cache.cache)
    } else {
      rocksdb_block_based_options_set_no_block_cache(table, 1)
    }
    rocksdb_options_set_block_based_table_factory(options, table)
    // Memory-mapped writes are never used: there a full disk would end the process.
    rocksdb_options_set_allow_mmap_reads(options, source.mmapReads.flag)
    rocksdb_options_set_use_direct_reads(options, source.directReads.flag)
  }

  /// What RocksDB's `CompressionOptions` begins with; only zlib looks at it.
  private static let zlibWindowBits: Int32 = -14
}

extension Bool {
  /// As the C calls take it.
  var flag: UInt8 { self ? 1 : 0 }
}

extension DatabaseOptions.Compression {
  /// RocksDB's number.
  fileprivate var number: Int32 {
    switch self {
    case .none: Int32(rocksdb_no_compression)
    case .lz4: Int32(rocksdb_lz4_compression)
    case .zstd: Int32(rocksdb_zstd_compression)
    }
  }

  /// The level; RocksDB's word for "the usual" where there is none.
  fileprivate var level: Int32 {
    if case .zstd(let level) = self { Int32(clamping: level) } else { 32767 }
  }
}
