internal import CRocksDB
internal import CRocksDBShim
internal import Dispatch
internal import Synchronization

/// The open database itself, kept alive by everything that was taken from it.
///
/// RocksDB allows every call from every thread, and nothing here changes after opening.
@usableFromInline
final class DatabaseHandle: @unchecked Sendable {
  let database: OpaquePointer
  let path: String
  let options: NativeOptions
  let readOptions: OpaquePointer
  /// For reads that touch no file.
  private let memoryReadOptions: OpaquePointer
  /// Snapshots and iterators that are held.
  let borrowerCount = Atomic(0)
  /// Whether a write failed, and why.
  private let hasFailed = Atomic(false)
  private let needsReopening = Atomic(false)
  private let isResuming = Atomic(false)
  private let firstFailure = Mutex<RocksDBError?>(nil)
  /// When it was last tried to go on after a full disk.
  private let lastLook = Mutex<ContinuousClock.Instant?>(nil)
  private let writeOptions: [OpaquePointer]

  init(database: OpaquePointer, path: String, options: NativeOptions) {
    self.database = database
    self.path = path
    self.options = options
    readOptions = rocksdb_readoptions_create()
    memoryReadOptions = rocksdb_readoptions_create()
    rocksdb_readoptions_set_read_tier(memoryReadOptions, Self.blockCacheTier)
    writeOptions = (0..<8).map { bits in
      let options = rocksdb_writeoptions_create()
      rocksdb_writeoptions_set_sync(options, bits & 1 != 0 ? 1 : 0)
      rocksdb_writeoptions_disable_WAL(options, bits & 2 != 0 ? 1 : 0)
      rocksdb_writeoptions_set_low_pri(options, bits & 4 != 0 ? 1 : 0)
      return options.unsafelyUnwrapped
    }
  }

  deinit {
    rocksdb_close(database)
    rocksdb_readoptions_destroy(readOptions)
    rocksdb_readoptions_destroy(memoryReadOptions)
    for options in writeOptions { rocksdb_writeoptions_destroy(options) }
  }

  /// Makes a call that leaves the text of a failure behind its last argument.
  @inline(__always)
  func checked<R>(
    _ call: (inout UnsafeMutablePointer<CChar>?) -> R
  ) throws(RocksDBError) -> R {
    var failure: UnsafeMutablePointer<CChar>?
    let result = call(&failure)
    if let failure { throw RocksDBError(taking: failure, database: path) }
    return result
  }

  /// Why nothing is written any more; nil while all is well.
  var writeFailure: RocksDBError? { firstFailure.withLock { $0 } }

  /// Makes a call that writes, unless one has failed before or only the log's reserve is left.
  ///
  /// RocksDB 7.8 may take its log for sound again while the log's writer still remembers the failure,
  /// which with assertions on, as Debian builds it, ends the process at the next write or sync.
  func writing(
    _ call: (inout UnsafeMutablePointer<CChar>?) -> Void
  ) throws(RocksDBError) {
    if hasFailed.load(ordering: .acquiring) || options.isReserveSpent { try goOn() }
    do {
      try checked(call)
    } catch {
      remember(error)
      throw error
    }
  }

  /// Makes a call that syncs the log, between the failures of those that write to it.
  func syncing(
    _ call: (inout UnsafeMutablePointer<CChar>?) -> Void
  ) throws(RocksDBError) {
    if hasFailed.load(ordering: .acquiring), needsReopening.load(ordering: .acquiring),
      let writeFailure
    {
      throw writeFailure
    }
    rocksdb_shim_files_enter_gate(options.files)
    defer { rocksdb_shim_files_leave_gate(options.files) }
    do throws(RocksDBError) {
      if let failure = rocksdb_shim_files_log_failure(options.files) {
        throw RocksDBError(taking: failure, database: path)
      }
      try checked(call)
    } catch {
      remember(error)
      throw error
    }
  }

  private func remember(_ error: RocksDBError) {
    switch error.code {
    case .busy, .invalidArgument, .aborted: break
    case .corruption, .ioError, .noSpace, .refused, .notFound, .other:
      firstFailure.withLock { $0 = $0 ?? error }
      if error.code != .noSpace || error.path.hasSuffix(".log") {
        needsReopening.store(true, ordering: .releasing)
      }
      hasFailed.store(true, ordering: .releasing)
    }
  }

  /// Writes again after a full disk where there is room by now, which is looked for once a second.
  private func goOn() throws(RocksDBError) {
    if needsReopening.load(ordering: .acquiring), let writeFailure { throw writeFailure }
    let now = ContinuousClock.now
    let isDue = lastLook.withLock { last in
      if let last, now - last < .seconds(1) { return false }
      last = now
      return true
    }
    guard isDue else { throw writeFailure ?? reserveFailure }
    try resume()
  }

  /// Tries to write again after a failure that left the log alone.
  func resume() throws(RocksDBError) {
    if needsReopening.load(ordering: .acquiring), let writeFailure { throw writeFailure }
    guard options.fillReserve() else { throw writeFailure ?? reserveFailure }
    guard hasFailed.load(ordering: .acquiring) else { return }
    // On a thread of its own: it flushes, and was once seen to wait for ever for a flush that nobody
    // began. Until it is through, writes are refused as before.
    if !isResuming.exchange(true, ordering: .acquiringAndReleasing) {
      DispatchQueue.global().async { [self] in
        do throws(RocksDBError) {
          try checked { rocksdb_shim_resume(database, &$0) }
          firstFailure.withLock { $0 = nil }
          hasFailed.store(false, ordering: .releasing)
        } catch {
          remember(writeFailure ?? error)
        }
        isResuming.store(false, ordering: .releasing)
      }
    }
    throw writeFailure ?? reserveFailure
  }

  /// What is told while the log has only its reserve left.
  private var reserveFailure: RocksDBError {
    RocksDBError(
      code: .noSpace, path: path,
      message: "No space left on device: what is left is kept for the log")
  }

  /// RocksDB's `kBlockCacheTier`.
  private static let blockCacheTier: Int32 = 1

  /// Lends the value of a key where memory has it.
  func getFromMemory(_ key: RawSpan, _ body: (RawSpan) -> Void) -> MemoryAnswer {
    // The callback is C's, so the closure travels behind the context; it is not kept.
    let answer = withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: MemoryReceiver(found: body)) { receiver in
        key.withSlice { start, count in
          rocksdb_shim_get_from_memory(
            database, memoryReadOptions, start, count, UnsafeMutableRawPointer(mutating: receiver)
          ) { context, value, count in
            guard let context else { return }
            let bytes = UnsafeRawBufferPointer(start: value, count: count)
            context.assumingMemoryBound(to: MemoryReceiver.self).pointee
              .found(RawSpan(_unsafeBytes: bytes))
          }
        }
      }
    }
    switch Int(answer) {
    case rocksdb_shim_memory_found: return .found
    case rocksdb_shim_memory_absent: return .absent
    default: return .unknown
    }
  }

  /// Finds a value and holds it in place; nil where the key is not there.
  @usableFromInline
  func pin(_ key: RawSpan) throws(RocksDBError) -> PinnedValue? {
    try pin(key, options: readOptions)
  }

  func pin(_ key: RawSpan, options: OpaquePointer) throws(RocksDBError) -> PinnedValue? {
    rocksdb_shim_leave_out_counts()
    var failure: UnsafeMutablePointer<CChar>?
    let pinned = key.withSlice { rocksdb_get_pinned(database, options, $0, $1, &failure) }
    if let failure { throw RocksDBError(taking: failure, database: path) }
    guard let pinned else { return nil }
    var count = 0
    let start = rocksdb_pinnableslice_value(pinned, &count)
    return PinnedValue(owner: pinned, bytes: UnsafeRawBufferPointer(start: start, count: count))
  }

  func multiGet(
    _ keys: KeyList, options: OpaquePointer, sorted: Bool, _ each: (Int, RawSpan?) -> Void
  ) throws(RocksDBError) {
    rocksdb_shim_leave_out_counts()
    var failure: UnsafeMutablePointer<CChar>?
    // The callback is C's, so the closure travels behind the context; it is not kept.
    withoutActuallyEscaping(each) { each in
      withUnsafePointer(to: ValueReceiver(each: each)) { receiver in
        keys.bytes.withSlice { bytes, _ in
          rocksdb_shim_multi_get(
            database, options, keys.count, bytes, keys.ends, sorted,
            UnsafeMutableRawPointer(mutating: receiver),
            { context, index, value, count in
              guard let context else { return }
              let receiver = context.assumingMemoryBound(to: ValueReceiver.self)
              guard let value else { return receiver.pointee.each(index, nil) }
              let bytes = UnsafeRawBufferPointer(start: value, count: count)
              receiver.pointee.each(index, RawSpan(_unsafeBytes: bytes))
            }, &failure)
        }
      }
    }
    if let failure { throw RocksDBError(taking: failure, database: path) }
  }

  func write(
    _ batch: WriteBatch, sync: Bool, disableLog: Bool, lowPriority: Bool
  ) throws(RocksDBError) {
    let bits = (sync ? 1 : 0) | (disableLog ? 2 : 0) | (lowPriority ? 4 : 0)
    guard sync else { return try writing { write(batch, writeOptions[bits], &$0) } }
    if hasFailed.load(ordering: .acquiring) || options.isReserveSpent { try goOn() }
    try syncing { write(batch, writeOptions[bits], &$0) }
  }

  private func write(
    _ batch: WriteBatch, _ options: OpaquePointer, _ failure: inout UnsafeMutablePointer<CChar>?
  ) {
    batch.withBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      rocksdb_shim_write(
        database, options, start.assumingMemoryBound(to: CChar.self), bytes.count, &failure)
    }
  }
}

/// What takes a value that memory has.
private struct MemoryReceiver {
  let found: (RawSpan) -> Void
}

/// What takes the values of a multi-get.
private struct ValueReceiver {
  let each: (Int, RawSpan?) -> Void
}

/// A value in RocksDB's memory, until it is released.
@usableFromInline
struct PinnedValue: ~Copyable {
  private let owner: OpaquePointer
  @usableFromInline let bytes: UnsafeRawBufferPointer

  init(owner: OpaquePointer, bytes: UnsafeRawBufferPointer) {
    self.owner = owner
    self.bytes = bytes
  }

  deinit { rocksdb_pinnableslice_destroy(owner) }
}

extension DatabaseHandle {
  /// About how many bytes of table files hold keys from `start` up to, and without, `end`.
  func approximateByteCount(from start: [UInt8], to end: [UInt8]) throws(RocksDBError) -> UInt64 {
    var bytes: UInt64 = 0
    try checked { failure in
      start.withSlice { start, startBytes in
        end.withSlice { end, endBytes in
          var starts: UnsafePointer<CChar>? = start
          var ends: UnsafePointer<CChar>? = end
          var startSizes = startBytes
          var endSizes = endBytes
          rocksdb_approximate_sizes(
            database, 1, &starts, &startSizes, &ends, &endSizes, &bytes, &failure)
        }
      }
    }
    return bytes
  }
}
