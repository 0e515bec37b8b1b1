internal import CRocksDB
internal import CRocksDBShim

/// A table file of a database.
public struct TableFile: Sendable, Equatable {
  /// The whole path.
  public var path: String
  /// The level that it is in; 0 is the newest.
  public var level: Int
  /// Bytes on the drive.
  public var byteCount: Int
  /// Entries, deletes included.
  public var entryCount: UInt64
  /// Deletes.
  public var deletionCount: UInt64
  /// The smallest key.
  public var smallestKey: [UInt8]
  /// The largest key.
  public var largestKey: [UInt8]
}

/// What happened in the background since a database was opened.
public struct DatabaseEvents: Sendable, Equatable {
  /// Whether writers are held back.
  public enum Stall: UInt32, Sendable {
    /// They are not.
    case none
    /// They are slowed down.
    case delayed
    /// They wait.
    case stopped
  }

  /// Write buffers flushed.
  public var flushCount: UInt64
  /// Compactions done.
  public var compactionCount: UInt64
  /// Times that writers began to be delayed.
  public var delayedCount: UInt64
  /// Times that writers began to wait.
  public var stoppedCount: UInt64
  /// The longest delay that ended, in nanoseconds.
  public var longestDelayedNanoseconds: UInt64
  /// The longest wait that ended, in nanoseconds.
  public var longestStoppedNanoseconds: UInt64
  /// How it stands now.
  public var stall: Stall
  /// Failures of flushes, compactions and log writes.
  public var backgroundErrorCount: UInt64
  /// The first of these failures.
  public var backgroundError: RocksDBError?
}

extension Database {
  // MARK: Files

  /// Writes what is in memory to table files.
  ///
  /// - Parameter wait: Whether to return only once they are on the drive.
  /// - Throws: What failed, such as `noSpace`.
  public func flush(wait: Bool = true) throws(RocksDBError) {
    let options: OpaquePointer = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(options) }
    rocksdb_flushoptions_set_wait(options, wait.flag)
    try handle.writing { rocksdb_flush(handle.database, options, &$0) }
  }

  /// Compacts a range of keys and returns when it is done.
  ///
  /// - Parameters:
  ///   - start: The first key; nil for no bound.
  ///   - end: The last key; nil for no bound.
  ///   - rewriteBottom: Whether files of the last level are written anew, which drops what is
  ///     deleted there.
  /// - Throws: What failed; `invalidArgument` where the database is read-only.
  public func compact(
    from start: [UInt8]? = nil, to end: [UInt8]? = nil, rewriteBottom: Bool = false
  ) throws(RocksDBError) {
    try handle.checked { failure in
      start.withSlice { start, startBytes in
        end.withSlice { end, endBytes in
          rocksdb_shim_compact_range(
            handle.database, start, startBytes, end, endBytes, rewriteBottom, &failure)
        }
      }
    }
  }

  /// Whether a flush or compaction runs or is due.
  public var isBusyInBackground: Bool {
    let properties = [
      "rocksdb.mem-table-flush-pending", "rocksdb.num-running-flushes",
      "rocksdb.compaction-pending", "rocksdb.num-running-compactions",
    ]
    return properties.contains { (integerProperty($0) ?? 0) > 0 }
  }

  /// Stops flushes and compactions for good; what is in memory stays in the log.
  public func cancelBackgroundWork(wait: Bool = true) {
    rocksdb_cancel_all_background_work(handle.database, wait.flag)
  }

  /// Goes on writing after a flush or compaction has failed for want of space that is there again.
  ///
  /// Nothing to do where nothing has failed. Otherwise RocksDB begins to try, and a later call returns
  /// once it has succeeded; writes ask once a second by themselves.
  ///
  /// - Throws: ``writeFailure`` until then, and for good where it was of the log or not of space: close
  ///   the database then and open it again.
  public func resume() throws(RocksDBError) {
    try handle.resume()
  }

  /// Makes a second database of this moment, sharing table files by hard links where the folder
  /// is on the same file system.
  ///
  /// - Parameters:
  ///   - path: A folder that is not there yet; its parent is.
  ///   - logBytes: Logs up to this size are copied; beyond it memory is flushed first. 0 flushes.
  /// - Throws: `invalidArgument` where the folder is there, or what failed.
  public func checkpoint(to path: String, logBytes: UInt64 = 0) throws(RocksDBError) {
    let checkpoint = try handle.checked {
      rocksdb_checkpoint_object_create(handle.database, &$0)
    }
    defer { rocksdb_checkpoint_object_destroy(checkpoint) }
    try handle.checked { rocksdb_checkpoint_create(checkpoint, path, logBytes, &$0) }
  }

  /// Takes in table files made by ``TableFileWriter``, all or none; their entries are then newer
  /// than all that is there.
  ///
  /// - Parameters:
  ///   - files: Paths; ranges of keys must not overlap.
  ///   - moving: Whether the files are linked and then removed instead of copied.
  /// - Throws: What failed; nothing is then taken in.
  public func ingest(files: [String], moving: Bool = true) throws(RocksDBError) {
    guard !files.isEmpty else { return }
    let options: OpaquePointer = rocksdb_ingestexternalfileoptions_create()
    defer { rocksdb_ingestexternalfileoptions_destroy(options) }
    rocksdb_ingestexternalfileoptions_set_move_files(options, moving.flag)
    var bytes: [CChar] = []
    var starts: [Int] = []
    for file in files {
      starts.append(bytes.count)
      bytes += file.utf8CString
    }
    try handle.checked { failure in
      bytes.withUnsafeBufferPointer { bytes in
        let paths = starts.map { start in bytes.baseAddress.map { $0 + start } }
        rocksdb_ingest_external_file(
          handle.database, paths, paths.count, options, &failure)
      }
    }
  }

  /// The table files at this moment.
  public func tableFiles() -> [TableFile] {
    guard let files = rocksdb_livefiles(handle.database) else { return [] }
    defer { rocksdb_livefiles_destroy(files) }
    return (0..<rocksdb_livefiles_count(files)).map { index in
      var smallestBytes = 0
      var largestBytes = 0
      let smallest = rocksdb_livefiles_smallestkey(files, index, &smallestBytes)
      let largest = rocksdb_livefiles_largestkey(files, index, &largestBytes)
      return TableFile(
        path: path + (rocksdb_livefiles_name(files, index).map { String(cString: $0) } ?? ""),
        level: Int(rocksdb_livefiles_level(files, index)),
        byteCount: rocksdb_livefiles_size(files, index),
        entryCount: rocksdb_livefiles_entries(files, index),
        deletionCount: rocksdb_livefiles_deletions(files, index),
        smallestKey: [UInt8](UnsafeRawBufferPointer(start: smallest, count: smallestBytes)),
        largestKey: [UInt8](UnsafeRawBufferPointer(start: largest, count: largestBytes)))
    }
  }

  // MARK: Checking

  /// Reads every block of every table file and compares its checksum.
  ///
  /// - Parameter readaheadBytes: Bytes read at once.
  /// - Throws: The first damage, naming the file.
  public func verifyChecksums(readaheadBytes: Int = 1 << 20) throws(RocksDBError) {
    do {
      try handle.checked {
        rocksdb_shim_verify_checksums(handle.database, readaheadBytes, &$0)
      }
    } catch {
      guard error.path == path else { throw error }
      // RocksDB did not name the file: find it, one by one.
      throw damagedFiles(readaheadBytes: readaheadBytes).first ?? error
    }
  }

  /// Reads every block of every table file, and tells of each file that is damaged or missing.
  ///
  /// Files that a compaction removes meanwhile are not told of.
  public func damagedFiles(readaheadBytes: Int = 1 << 20) -> [RocksDBError] {
    let damaged = tableFiles().compactMap { file -> RocksDBError? in
      var failure: UnsafeMutablePointer<CChar>?
      rocksdb_shim_verify_file(handle.options.options, file.path, readaheadBytes, &failure)
      guard let failure else { return nil }
      var error = RocksDBError(taking: failure, database: path)
      error.path = file.path
      return error
    }
    guard !damaged.isEmpty else { return [] }
    let present = Set(tableFiles().map(\.path))
    return damaged.filter { present.contains($0.path) }
  }

  // MARK: Numbers

  /// A property as RocksDB words it, such as `rocksdb.stats`; nil where it knows none of the name.
  public func property(_ name: String) -> String? {
    guard let text = rocksdb_property_value(handle.database, name) else { return nil }
    defer { rocksdb_free(text) }
    return String(cString: text)
  }

  /// A property that is a number, such as `rocksdb.estimate-num-keys`; nil where there is none of
  /// the name.
  public func integerProperty(_ name: String) -> UInt64? {
    var value: UInt64 = 0
    return rocksdb_property_int(handle.database, name, &value) == 0 ? value : nil
  }

  /// The number of the newest change; each key of a batch takes one.
  public var latestSequenceNumber: UInt64 {
    rocksdb_get_latest_sequence_number(handle.database)
  }

  /// About how many bytes of table files hold keys from `start` up to, and without, `end`.
  public func approximateByteCount(
    from start: [UInt8], to end: [UInt8]
  ) throws(RocksDBError) -> UInt64 {
    try handle.approximateByteCount(from: start, to: end)
  }

  /// One count since the database was opened; 0 where ``DatabaseOptions/statistics`` is off.
  public func ticker(_ ticker: Ticker) -> UInt64 {
    guard let statistics = handle.options.statistics else { return 0 }
    return rocksdb_shim_ticker(statistics, ticker.number)
  }

  /// Reads of table files for callers since the database was opened, and their bytes.
  ///
  /// What flushes and compactions read is not in them. Without direct reads the page cache may have
  /// answered.
  public var callerReads: (count: UInt64, byteCount: UInt64) {
    handle.options.callerReads
  }

  /// All counts since the database was opened; empty where ``DatabaseOptions/statistics`` is off.
  public func tickers() -> [Ticker: UInt64] {
    guard handle.options.statistics != nil else { return [:] }
    return Dictionary(uniqueKeysWithValues: Ticker.allCases.map { ($0, ticker($0)) })
  }

  /// What happened in the background since the database was opened.
  public func events() -> DatabaseEvents {
    let listener = handle.options.listener
    let events = rocksdb_shim_listener_events(listener)
    return DatabaseEvents(
      flushCount: events.flush_count, compactionCount: events.compaction_count,
      delayedCount: events.delayed_count, stoppedCount: events.stopped_count,
      longestDelayedNanoseconds: events.longest_delayed_nanoseconds,
      longestStoppedNanoseconds: events.longest_stopped_nanoseconds,
      stall: DatabaseEvents.Stall(rawValue: events.stall_condition) ?? .none,
      backgroundErrorCount: events.background_error_count,
      backgroundError: rocksdb_shim_listener_error(listener).map {
        RocksDBError(taking: $0, database: path)
      })
  }
}
