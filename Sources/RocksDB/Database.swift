internal import CRocksDB
internal import CRocksDBShim
internal import Glibc
internal import Synchronization

/// An open RocksDB; every call may come from any thread.
///
/// It closes when it is dropped, or, while snapshots and iterators taken from it are still held,
/// with the last of them: none of them can outlive what it reads. The corresponding C calls are
/// those of `rocksdb_t`; errors name the file where RocksDB does.
///
/// The first get, multi-get or iterator of a thread turns RocksDB's counts for that thread (its perf context)
/// off, in all databases: they took 1 to 3 µs of a get that reads the device. A thread that has asked for
/// times, too, keeps them; one that wants counts alone sets that level again afterwards.
public struct Database: ~Copyable, Sendable {
  @usableFromInline let handle: DatabaseHandle

  /// The folder.
  public var path: String { handle.path }

  /// Opens, or makes, the database in a folder.
  ///
  /// A folder without a database is left as it is unless it is to be made.
  ///
  /// - Parameters:
  ///   - path: The folder; its parent must be there.
  ///   - options: How to open it.
  ///   - readOnly: Whether to change nothing, not even RocksDB's messages. Another process may then
  ///     have it open; what that writes later is not seen.
  ///   - mendsManifest: Whether half an entry that a power cut left at the end of the manifest is cut
  ///     off, though nothing else is changed. Opening for writing does so by itself; to read, only where
  ///     nobody else has the database open.
  /// - Throws: `notFound` where there is no database, `busy` where another process has it open,
  ///   `corruption` naming the file, `ioError` for the rest.
  public init(
    at path: String, options: DatabaseOptions = DatabaseOptions(), readOnly: Bool = false,
    mendsManifest: Bool = false
  ) throws(RocksDBError) {
    if let problem = rocksdb_shim_problem() {
      throw RocksDBError(code: .other, path: path, message: String(cString: problem))
    }
    if readOnly || !options.createIfMissing { try Self.expectDatabase(at: path) }
    try Self.expectWholeManifest(at: path)
    let native = NativeOptions(options, path: path, readOnly: readOnly)
    if !readOnly, access(path, F_OK) == 0 { native.fillReserve(opening: true) }
    let database: OpaquePointer
    do throws(RocksDBError) {
      database = try Self.open(path, native, readOnly: readOnly)
    } catch {
      // Only now, or where the caller says so, is it certain that no other process has it open for writing.
      guard !readOnly || mendsManifest, error.code == .corruption,
        error.description.contains("/MANIFEST-"), rocksdb_shim_cut_torn_manifest(path)
      else { throw error }
      database = try Self.open(path, native, readOnly: readOnly)
    }
    native.fillReserve()
    handle = DatabaseHandle(database: database, path: path, options: native)
  }

  private static func open(
    _ path: String, _ native: NativeOptions, readOnly: Bool
  ) throws(RocksDBError) -> OpaquePointer {
    var attempt = 1
    while true {
      do throws(RocksDBError) {
        return try openOnce(path, native, readOnly: readOnly)
      } catch {
        // RocksDB gives up where the time of day is put back while its timer is at work: nothing is
        // wrong with the database, and the next moment it opens.
        guard error.code == .aborted, error.description.contains("periodic task"), attempt < 20
        else { throw error }
        attempt += 1
        // By now it is there.
        rocksdb_options_set_error_if_exists(native.options, 0)
        usleep(10_000)
      }
    }
  }

  private static func openOnce(
    _ path: String, _ native: NativeOptions, readOnly: Bool
  ) throws(RocksDBError) -> OpaquePointer {
    var failure: UnsafeMutablePointer<CChar>?
    let database =
      readOnly
      ? rocksdb_open_for_read_only(native.options, path, 0, &failure)
      : rocksdb_open(native.options, path, &failure)
    if let failure {
      throw RocksDBError(taking: failure, database: path)
        .namingDamagedLog(in: path, warnings: native.warnings)
        .namingDamagedTable(in: path, native)
    }
    guard let database else {
      throw RocksDBError(code: .other, path: path, message: "RocksDB gave no reason")
    }
    return database
  }

  /// The first log of which opening dropped something, as a damaged record and what follows it; nil where there was
  /// none, and where the database is not read-only, as that is then told in its file of messages alone.
  public var damagedLog: String? {
    handle.options.warnings.flatMap(RocksDBError.droppedLog).map { "\(path)/\($0.name)" }
  }

  /// The file in a database's folder that tells how much of the manifest the drive held.
  public static let manifestMarkName = rocksdb_shim_manifest_mark

  /// RocksDB opens without a word where the end of the manifest is gone, and removes the tables of which
  /// it then knows nothing.
  private static func expectWholeManifest(at path: String) throws(RocksDBError) {
    var name = [CChar](repeating: 0, count: 64)
    var (found, noted): (UInt64, UInt64) = (0, 0)
    let state = rocksdb_shim_manifest_state(path, &name, name.count, &found, &noted)
    guard state != rocksdb_shim_manifest_unknown else {
      throw RocksDBError(
        code: .corruption, path: path + "/" + manifestMarkName,
        message:
          "it is damaged or cannot be read, so that nobody knows whether the list of tables is all there; "
          + "only where there is no copy, remove it: what the list tells of is then opened")
    }
    guard state == rocksdb_shim_manifest_short else { return }
    let file = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw RocksDBError(
      code: .corruption, path: path + "/" + file,
      message: "it is whole up to byte \(found), and the drive held \(noted) bytes: newer tables "
        + "would be forgotten and removed; only where there is no copy, remove the file "
        + "\(manifestMarkName): what can be read is then opened, and the rest is lost"
    )
  }

  /// The file in a database's folder whose room the log takes on a full disk.
  public static let reserveName = "RESERVE"

  /// Version of the library that is loaded, such as `7.8.3`.
  public static var libraryVersion: String { String(cString: rocksdb_shim_version()) }

  /// Opening leaves a folder and a log file behind even where it fails, so it is not tried.
  private static func expectDatabase(at path: String) throws(RocksDBError) {
    let current = path + "/CURRENT"
    guard access(current, F_OK) != 0 else { return }
    let code = errno
    switch code {
    case ENOENT, ENOTDIR:
      let folderIsThere = access(path, F_OK) == 0
      throw RocksDBError(
        code: .notFound, path: path,
        message: folderIsThere ? "no database is in this folder" : "there is no such folder")
    default:
      var text = [CChar](repeating: 0, count: 256)
      _ = strerror_r(code, &text, text.count)
      let words = String(
        decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw RocksDBError(code: .ioError, path: current, message: words)
    }
  }

  // MARK: Reading

  /// Lends the value of a key, pinned in memory and not copied; nil where the key is not there.
  ///
  /// - Throws: What failed; a failure is never told as a missing key.
  @inlinable
  public func get<R>(_ key: RawSpan, _ body: (RawSpan?) -> R) throws(RocksDBError) -> R {
    guard let value = try handle.pin(key) else { return body(nil) }
    defer { extendLifetime(value) }
    return body(RawSpan(_unsafeBytes: value.bytes))
  }

  /// Lends the value of a key where it can be had without reading a file.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - body: Takes the value, lent for the call only.
  /// - Returns: Whether it was found, is not there, or is not known without a file, for which a failure
  ///   counts as well: ``get(_:_:)`` tells.
  public func getFromMemory(_ key: RawSpan, _ body: (RawSpan) -> Void) -> MemoryAnswer {
    handle.getFromMemory(key, body)
  }

  /// Lends the value that a key had at the moment of a snapshot.
  ///
  /// - Throws: What failed; a failure is never told as a missing key.
  @inlinable
  public func get<R>(
    _ key: RawSpan, at snapshot: borrowing Snapshot, _ body: (RawSpan?) -> R
  ) throws(RocksDBError) -> R {
    try snapshot.get(key, body)
  }

  /// A copy of the value of a key; nil where the key is not there.
  ///
  /// - Throws: What failed; a failure is never told as a missing key.
  public func get(_ key: [UInt8]) throws(RocksDBError) -> [UInt8]? {
    try get(key.span.bytes) { value in
      if let value { [UInt8](copying: value) } else { nil }
    }
  }

  /// Looks many keys up at once, which overlaps their reads and shares their blocks.
  ///
  /// - Parameters:
  ///   - keys: What to look up.
  ///   - sorted: Whether the keys ascend, which spares sorting them.
  ///   - each: Called once for each key, in the list's order, with its index and its value; the
  ///     value is nil where the key is not there, and lent for the call only.
  /// - Throws: The first failure; `each` is then not called at all.
  public func multiGet(
    _ keys: KeyList, sorted: Bool = false, _ each: (Int, RawSpan?) -> Void
  ) throws(RocksDBError) {
    try handle.multiGet(keys, options: handle.readOptions, sorted: sorted, each)
  }

  /// Looks many keys up at once.
  ///
  /// - Throws: The first failure; `each` is then not called at all.
  public func multiGet(
    _ keys: [[UInt8]], _ each: (Int, RawSpan?) -> Void
  ) throws(RocksDBError) {
    try multiGet(KeyList(keys), each)
  }

  /// Holds on to this moment.
  public func snapshot() -> Snapshot { Snapshot(of: handle) }

  /// Walks over keys as they are at this moment; the iterator begins before the first key.
  public func iterator(_ options: IteratorOptions = IteratorOptions()) -> Iterator {
    Iterator(of: handle, options: options, snapshot: nil)
  }

  /// Walks over keys as they were at the moment of a snapshot.
  public func iterator(
    _ options: IteratorOptions = IteratorOptions(), at snapshot: borrowing Snapshot
  ) -> Iterator {
    snapshot.iterator(options)
  }

  // MARK: Writing

  /// Why nothing is written any more; nil while all is well.
  ///
  /// After a write, a sync or a flush has failed, all others throw that failure at once, and reads go
  /// on. To write again once the cause is gone, close the database and open it: what was acknowledged
  /// is there. Where the disk was full, it goes on by itself when there is room again, unless the log
  /// failed, which ``DatabaseOptions/reserveBytes`` prevents.
  public var writeFailure: RocksDBError? { handle.writeFailure }

  /// Writes a batch: after a crash all of it is there, or none.
  ///
  /// The batch keeps its contents. It is lent exclusively, as its head is filled in.
  ///
  /// - Parameters:
  ///   - batch: The changes.
  ///   - sync: Whether to return only once the log is on the drive.
  ///   - disableLog: Whether to skip the log, so that a crash takes the changes until the next
  ///     flush; not together with `sync`.
  ///   - lowPriority: Whether to wait while compaction is behind.
  /// - Throws: What failed; nothing of the batch is then visible, but a log that failed may hold it.
  public func write(
    _ batch: inout WriteBatch, sync: Bool = false, disableLog: Bool = false,
    lowPriority: Bool = false
  ) throws(RocksDBError) {
    batch.seal()
    try handle.write(batch, sync: sync, disableLog: disableLog, lowPriority: lowPriority)
  }

  /// Puts the log of everything written so far on the drive.
  public func syncLog() throws(RocksDBError) {
    try handle.syncing { rocksdb_flush_wal(handle.database, 1, &$0) }
  }

  /// Hands the log of everything written so far to the kernel, which a crash of the process
  /// outlives; needed only with ``DatabaseOptions/manualLogFlush``.
  public func pushLog() throws(RocksDBError) {
    try handle.writing { rocksdb_flush_wal(handle.database, 0, &$0) }
  }

  // MARK: Closing

  /// Stops background work and closes the files, telling what fails.
  ///
  /// - Throws: `aborted` while snapshots or iterators are still held; the database then closes
  ///   with the last of them. `ioError` or `noSpace` where the log could not be written before; it is
  ///   closed all the same.
  public consuming func close() throws(RocksDBError) {
    guard handle.borrowerCount.load(ordering: .acquiring) == 0 else {
      throw RocksDBError(
        code: .aborted, path: handle.path, message: "snapshots or iterators are still held")
    }
    try handle.checked { rocksdb_shim_close(handle.database, &$0) }
  }
}

/// What memory alone says of a key.
public enum MemoryAnswer: Sendable {
  /// It is there.
  case found
  /// It is not there.
  case absent
  /// A file must be read.
  case unknown
}
