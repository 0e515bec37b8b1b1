internal import CRocksDB
internal import Synchronization

/// One moment of a database, for as long as this value is held.
///
/// The corresponding C calls are `rocksdb_create_snapshot` and `rocksdb_release_snapshot`. It keeps
/// the database open, so that it cannot outlive it; while it is held, compaction keeps what it sees.
/// Every call may come from any thread.
public struct Snapshot: ~Copyable, Sendable {
  @usableFromInline let snapshot: SnapshotHandle

  init(of database: DatabaseHandle) {
    snapshot = SnapshotHandle(of: database)
  }

  /// Lends the value that a key had; nil where the key was not there.
  ///
  /// - Throws: What failed; a failure is never told as a missing key.
  @inlinable
  public func get<R>(_ key: RawSpan, _ body: (RawSpan?) -> R) throws(RocksDBError) -> R {
    guard let value = try snapshot.pin(key) else { return body(nil) }
    defer { extendLifetime(value) }
    return body(RawSpan(_unsafeBytes: value.bytes))
  }

  /// A copy of the value that a key had; nil where the key was not there.
  ///
  /// - Throws: What failed; a failure is never told as a missing key.
  public func get(_ key: [UInt8]) throws(RocksDBError) -> [UInt8]? {
    try get(key.span.bytes) { value in
      if let value { [UInt8](copying: value) } else { nil }
    }
  }

  /// Looks many keys up at once, as ``Database/multiGet(_:sorted:_:)`` does.
  ///
  /// - Throws: The first failure; `each` is then not called at all.
  public func multiGet(
    _ keys: KeyList, sorted: Bool = false, _ each: (Int, RawSpan?) -> Void
  ) throws(RocksDBError) {
    try snapshot.database.multiGet(keys, options: snapshot.readOptions, sorted: sorted, each)
  }

  /// About how many bytes of table files hold keys from `start` up to, and without, `end`.
  public func approximateByteCount(
    from start: [UInt8], to end: [UInt8]
  ) throws(RocksDBError) -> UInt64 {
    try snapshot.database.approximateByteCount(from: start, to: end)
  }

  /// Walks over the keys of this moment; the iterator may be held longer than this value.
  public func iterator(_ options: IteratorOptions = IteratorOptions()) -> Iterator {
    Iterator(of: snapshot.database, options: options, snapshot: snapshot)
  }
}

/// What releases a snapshot once neither it nor an iterator of it is held.
@usableFromInline
final class SnapshotHandle: @unchecked Sendable {
  let database: DatabaseHandle
  let snapshot: OpaquePointer
  let readOptions: OpaquePointer

  init(of database: DatabaseHandle) {
    self.database = database
    database.borrowerCount.add(1, ordering: .relaxed)
    snapshot = rocksdb_create_snapshot(database.database)
    readOptions = rocksdb_readoptions_create()
    rocksdb_readoptions_set_snapshot(readOptions, snapshot)
  }

  @usableFromInline
  func pin(_ key: RawSpan) throws(RocksDBError) -> PinnedValue? {
    try database.pin(key, options: readOptions)
  }

  deinit {
    rocksdb_readoptions_destroy(readOptions)
    rocksdb_release_snapshot(database.database, snapshot)
    database.borrowerCount.subtract(1, ordering: .releasing)
  }
}
