internal import RocksDB

/// What stored values are read from: a database as it is, or as it was.
protocol ValueSource: ~Copyable {
  func get<R>(_ key: RawSpan, _ body: (RawSpan?) -> R) throws(RocksDBError) -> R
  func multiGet(
    _ keys: KeyList, sorted: Bool, _ each: (Int, RawSpan?) -> Void
  ) throws(RocksDBError)
}

extension Database: ValueSource {}
extension Snapshot: ValueSource {}

/// What a tier says about a key.
enum Found<R> {
  /// Nothing: ask the tier below.
  case absent
  /// The newest version is a deletion.
  case deleted
  case value(R)
  case damaged(ValueHeader.Fault)
}

extension Found {
  /// Judges a stored value; nil is a key that the tier does not have.
  ///
  /// - Parameters:
  ///   - stored: Header and value.
  ///   - key: Whose it is.
  ///   - tombstones: Deleted ranges; nil where there are none.
  ///   - body: Takes the value without its header.
  init(
    _ stored: RawSpan?, key: Span<UInt8>, tombstones: RangeTombstones?,
    _ body: (Span<UInt8>, Version) -> R
  ) {
    guard let stored else {
      self = .absent
      return
    }
    self = stored.withBytes { bytes -> Found<R> in
      let header: ValueHeader
      do throws(ValueHeader.Fault) {
        header = try ValueHeader(reading: bytes)
      } catch {
        return .damaged(error)
      }
      guard header.kind == .value, tombstones?.hides(key, header.version) != true else {
        return .deleted
      }
      return .value(body(bytes.extracting(ValueHeader.byteCount..<bytes.count), header.version))
    }
  }

  /// Looks a key up in one tier.
  static func find<Source: ValueSource & ~Copyable>(
    _ key: Span<UInt8>, in source: borrowing Source, at place: TierPlace,
    tombstones: RangeTombstones?, _ body: (Span<UInt8>, Version) -> R
  ) throws(StoreError) -> Found<R> {
    do throws(RocksDBError) {
      return try key.withRawSpan { raw throws(RocksDBError) in
        try source.get(raw) { Found($0, key: key, tombstones: tombstones, body) }
      }
    } catch {
      throw place.storeError(error)
    }
  }
}
