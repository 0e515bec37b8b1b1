internal import CRocksDB
internal import CRocksDBShim
internal import Synchronization

/// What an iterator walks over, and how it reads.
public struct IteratorOptions: Sendable {
  /// The first key that may be seen; nil for no bound.
  public var lowerBound: [UInt8]?
  /// The key before which the walk ends; nil for no bound.
  public var upperBound: [UInt8]?
  /// Bytes read ahead of a forward walk; 0 lets RocksDB start small and grow to 256 KiB.
  public var readaheadBytes = 0
  /// Whether blocks that were read stay in the block cache; long scans should not.
  public var fillCache = true
  /// Deleted and replaced entries that one move may pass over before it ends as at a failure, with a status
  /// whose code is `busy`; 0 for any number.
  public var skippedMax: UInt64 = 0
  /// Whether block checksums are compared.
  public var verifyChecksums = true

  /// All keys, by way of the cache.
  public init() {}

  /// Keys from `lowerBound` up to, and without, `upperBound`.
  public init(from lowerBound: [UInt8]?, to upperBound: [UInt8]?) {
    self.lowerBound = lowerBound
    self.upperBound = upperBound
  }
}

/// A place among the keys of one moment, moving either way.
///
/// The corresponding C calls are `rocksdb_iter_*`. One thread at a time. It begins nowhere: seek
/// first. It keeps the database open, and the memory and files of its moment, so drop it soon. A walk
/// ends at the last key and at a failure alike: call ``status()`` once ``isValid`` is false, or use
/// ``walk(_:_:)``.
public struct Iterator: ~Copyable {
  /// Which way to walk.
  public enum Direction: Sendable, CaseIterable {
    /// Ascending keys.
    case forward
    /// Descending keys.
    case backward
  }

  /// Whether it stands on a key.
  public private(set) var isValid = false

  /// The current key and value, in RocksDB's memory until the next move.
  @usableFromInline var keyBuffer = UnsafeRawBufferPointer(start: nil, count: 0)
  @usableFromInline var valueBuffer = UnsafeRawBufferPointer(start: nil, count: 0)

  private let iterator: OpaquePointer
  private let options: OpaquePointer
  private let lowerBound: UnsafeMutableBufferPointer<CChar>?
  private let upperBound: UnsafeMutableBufferPointer<CChar>?
  private let database: DatabaseHandle
  private let snapshot: SnapshotHandle?

  init(of database: DatabaseHandle, options wanted: IteratorOptions, snapshot: SnapshotHandle?) {
    rocksdb_shim_leave_out_counts()
    self.database = database
    self.snapshot = snapshot
    database.borrowerCount.add(1, ordering: .relaxed)
    let options: OpaquePointer = rocksdb_readoptions_create()
    // RocksDB keeps the addresses of bounds, so they need memory that stays where it is.
    lowerBound = wanted.lowerBound.map(Self.copy)
    upperBound = wanted.upperBound.map(Self.copy)
    if let lowerBound {
      rocksdb_readoptions_set_iterate_lower_bound(
        options, lowerBound.baseAddress, wanted.lowerBound?.count ?? 0)
    }
    if let upperBound {
      rocksdb_readoptions_set_iterate_upper_bound(
        options, upperBound.baseAddress, wanted.upperBound?.count ?? 0)
    }
    if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot.snapshot) }
    rocksdb_readoptions_set_readahead_size(options, wanted.readaheadBytes)
    rocksdb_readoptions_set_fill_cache(options, wanted.fillCache ? 1 : 0)
    rocksdb_readoptions_set_max_skippable_internal_keys(options, wanted.skippedMax)
    rocksdb_readoptions_set_verify_checksums(options, wanted.verifyChecksums ? 1 : 0)
    self.options = options
    iterator = rocksdb_create_iterator(database.database, options)
  }

  deinit {
    rocksdb_iter_destroy(iterator)
    rocksdb_readoptions_destroy(options)
    lowerBound?.deallocate()
    upperBound?.deallocate()
    database.borrowerCount.subtract(1, ordering: .releasing)
  }

  // MARK: Moving

  /// Goes to the first key within the bounds.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func seekToFirst() -> Bool {
    move(UInt32(rocksdb_shim_move_to_first))
  }

  /// Goes to the last key within the bounds.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func seekToLast() -> Bool {
    move(UInt32(rocksdb_shim_move_to_last))
  }

  /// Goes to the first key that is not below `key`.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func seek(to key: RawSpan) -> Bool {
    seek(key, backward: false)
  }

  /// Goes to the last key that is not above `key`.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func seekBackward(to key: RawSpan) -> Bool {
    seek(key, backward: true)
  }

  /// Goes on to the next key; stays at the end once there.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func next() -> Bool {
    isValid && move(UInt32(rocksdb_shim_move_to_next))
  }

  /// Goes back to the key before; stays at the end once there.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public mutating func previous() -> Bool {
    isValid && move(UInt32(rocksdb_shim_move_to_previous))
  }

  /// Tells whether the walk ended by a failure.
  ///
  /// - Throws: That failure.
  public func status() throws(RocksDBError) {
    try database.checked { rocksdb_iter_get_error(iterator, &$0) }
  }

  // MARK: Reading

  /// Lends the key; only while ``isValid``.
  @inlinable
  public func withKey<R>(_ body: (RawSpan) -> R) -> R {
    precondition(isValid, "the iterator stands on no key")
    return body(RawSpan(_unsafeBytes: keyBuffer))
  }

  /// Lends the value; only while ``isValid``.
  @inlinable
  public func withValue<R>(_ body: (RawSpan) -> R) -> R {
    precondition(isValid, "the iterator stands on no key")
    return body(RawSpan(_unsafeBytes: valueBuffer))
  }

  /// Lends key and value; only while ``isValid``.
  @inlinable
  public func withEntry<R>(_ body: (_ key: RawSpan, _ value: RawSpan) -> R) -> R {
    precondition(isValid, "the iterator stands on no key")
    return body(RawSpan(_unsafeBytes: keyBuffer), RawSpan(_unsafeBytes: valueBuffer))
  }

  /// A copy of the key; nil where it stands on none.
  public var keyBytes: [UInt8]? { isValid ? withKey { [UInt8](copying: $0) } : nil }

  /// A copy of the value; nil where it stands on no key.
  public var valueBytes: [UInt8]? { isValid ? withValue { [UInt8](copying: $0) } : nil }

  /// Walks from the first key, or backward from the last, for as long as `body` says true.
  ///
  /// - Parameters:
  ///   - direction: Which way.
  ///   - body: Takes a key and its value, both lent for the call only.
  /// - Throws: The failure that ended the walk.
  @inlinable
  public mutating func walk(
    _ direction: Direction = .forward, _ body: (_ key: RawSpan, _ value: RawSpan) -> Bool
  ) throws(RocksDBError) {
    switch direction {
    case .forward:
      seekToFirst()
      while isValid, withEntry(body) { next() }
    case .backward:
      seekToLast()
      while isValid, withEntry(body) { previous() }
    }
    try status()
  }

  private mutating func move(_ move: UInt32) -> Bool {
    var entry = rocksdb_shim_entry()
    return arrive(rocksdb_shim_iter_move(iterator, move, &entry), entry)
  }

  private mutating func seek(_ key: RawSpan, backward: Bool) -> Bool {
    var entry = rocksdb_shim_entry()
    let found = key.withSlice { rocksdb_shim_iter_seek(iterator, $0, $1, backward, &entry) }
    return arrive(found, entry)
  }

  private mutating func arrive(_ found: Bool, _ entry: rocksdb_shim_entry) -> Bool {
    isValid = found
    keyBuffer = UnsafeRawBufferPointer(start: entry.key, count: entry.key_bytes)
    valueBuffer = UnsafeRawBufferPointer(start: entry.value, count: entry.value_bytes)
    return found
  }

  private static func copy(_ bytes: [UInt8]) -> UnsafeMutableBufferPointer<CChar> {
    // At least one byte, as a null pointer would mean that there is no bound.
    let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, bytes.count))
    copy.initialize(repeating: 0)
    for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
    return copy
  }
}
