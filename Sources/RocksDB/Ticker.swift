internal import CRocksDBShim

/// What RocksDB counts since a database was opened.
public enum Ticker: String, Sendable, CaseIterable {
  /// Blocks of any kind that were in the block cache.
  case blockCacheHit
  /// Blocks of any kind that had to be read.
  case blockCacheMiss
  /// Data blocks that were in the block cache.
  case dataBlockHit
  /// Data blocks that had to be read: the device reads of point lookups.
  case dataBlockMiss
  /// Lookups that a filter spared a file.
  case filterUseful
  /// Lookups that a filter let through.
  case filterPositive
  /// Lookups that a filter let through and the file answered.
  case filterTruePositive
  /// Gets that a write buffer answered.
  case memtableHit
  /// Gets that no write buffer answered.
  case memtableMiss
  /// Keys written.
  case keysWritten
  /// Keys asked for by gets.
  case keysRead
  /// Bytes of keys and values written by callers.
  case bytesWritten
  /// Bytes of values that gets answered.
  case bytesRead
  /// Bytes of keys and values that iterators passed.
  case iteratorBytesRead
  /// Bytes of values that multi-gets answered.
  case multiGetBytesRead
  /// Microseconds for which writers were delayed or stopped.
  case stallMicroseconds
  /// Syncs of the log.
  case logSyncs
  /// Bytes written to the log.
  case logBytes
  /// Bytes written by flushes.
  case flushBytesWritten
  /// Bytes read by compactions.
  case compactionBytesRead
  /// Bytes written by compactions.
  case compactionBytesWritten
  /// Files opened.
  case fileOpens

  var number: UInt32 {
    switch self {
    case .blockCacheHit: rocksdb_shim_ticker_block_cache_hit.value
    case .blockCacheMiss: rocksdb_shim_ticker_block_cache_miss.value
    case .dataBlockHit: rocksdb_shim_ticker_block_cache_data_hit.value
    case .dataBlockMiss: rocksdb_shim_ticker_block_cache_data_miss.value
    case .filterUseful: rocksdb_shim_ticker_filter_useful.value
    case .filterPositive: rocksdb_shim_ticker_filter_full_positive.value
    case .filterTruePositive: rocksdb_shim_ticker_filter_true_positive.value
    case .memtableHit: rocksdb_shim_ticker_memtable_hit.value
    case .memtableMiss: rocksdb_shim_ticker_memtable_miss.value
    case .keysWritten: rocksdb_shim_ticker_keys_written.value
    case .keysRead: rocksdb_shim_ticker_keys_read.value
    case .bytesWritten: rocksdb_shim_ticker_bytes_written.value
    case .bytesRead: rocksdb_shim_ticker_bytes_read.value
    case .iteratorBytesRead: rocksdb_shim_ticker_iterator_bytes_read.value
    case .multiGetBytesRead: rocksdb_shim_ticker_multi_get_bytes_read.value
    case .stallMicroseconds: rocksdb_shim_ticker_stall_microseconds.value
    case .logSyncs: rocksdb_shim_ticker_log_syncs.value
    case .logBytes: rocksdb_shim_ticker_log_bytes.value
    case .flushBytesWritten: rocksdb_shim_ticker_flush_bytes_written.value
    case .compactionBytesRead: rocksdb_shim_ticker_compaction_bytes_read.value
    case .compactionBytesWritten: rocksdb_shim_ticker_compaction_bytes_written.value
    case .fileOpens: rocksdb_shim_ticker_file_opens.value
    }
  }
}

extension Int {
  /// An anonymous C enumeration comes to Swift as plain integers.
  fileprivate var value: UInt32 { UInt32(self) }
}
