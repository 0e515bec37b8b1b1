internal import RocksDB

/// Changes as the hot tier's log takes them, without their versions: these are filled in where they
/// lie once the changes have their place in the order of all.
struct EncodedChanges: Sendable {
  /// A change of one key; places are offsets in the batch.
  struct KeyChange: Sendable {
    var hash: UInt64
    var key: UInt32
    /// The value's header; the value follows it.
    var header: UInt32
    var keyCount: UInt32
    var valueCount: UInt32
    var kind: ValueKind
  }

  /// A deletion of a range; it stands after so many changes of keys.
  struct RangeChange: Sendable {
    var place: Int
    var lower: [UInt8]
    var upper: [UInt8]
  }

  private(set) var batch = WriteBatch()
  private(set) var keys: [KeyChange] = []
  private(set) var ranges: [RangeChange] = []
  /// Bytes of keys and values.
  private(set) var byteCount = 0

  /// How many changes there are.
  var count: Int { keys.count + ranges.count }
  var isEmpty: Bool { keys.isEmpty && ranges.isEmpty }

  mutating func put(_ key: Span<UInt8>, _ value: Span<UInt8>) {
    add(key, hash: KeyHash.hash(key), value, .value)
  }

  /// RocksDB's own delete would uncover what the tiers below hold.
  mutating func delete(_ key: Span<UInt8>) {
    delete(key, hash: KeyHash.hash(key))
  }

  mutating func delete(_ key: Span<UInt8>, hash: UInt64) {
    let nothing: [UInt8] = []
    add(key, hash: hash, nothing.span, .tombstone)
  }

  mutating func add(
    _ key: Span<UInt8>, hash: UInt64, _ value: Span<UInt8>, _ kind: ValueKind
  ) {
    let place = batch.put(key, room: ValueHeader.byteCount, value)
    batch.overwrite(at: place.value, halfWord: ValueHeader.start(kind))
    keys.append(
      KeyChange(
        hash: hash, key: UInt32(truncatingIfNeeded: place.key),
        header: UInt32(truncatingIfNeeded: place.value),
        keyCount: UInt32(truncatingIfNeeded: key.count),
        valueCount: UInt32(truncatingIfNeeded: value.count), kind: kind))
    byteCount += key.count + value.count
  }

  /// Removes a range.
  ///
  /// All that the hot tier holds then is older. The tiers below are hidden by the store's record.
  mutating func deleteRange(from lower: [UInt8], to upper: [UInt8]) {
    batch.deleteRange(from: lower, to: upper)
    ranges.append(RangeChange(place: keys.count, lower: lower, upper: upper))
    byteCount += lower.count + upper.count
  }

  /// Adds the changes of another behind its own.
  mutating func append(_ other: EncodedChanges) {
    let shift = UInt32(truncatingIfNeeded: batch.append(other.batch))
    let before = keys.count
    keys.reserveCapacity(max(before + other.keys.count, min(keys.capacity * 2, 1 << 20)))
    for change in other.keys {
      var moved = change
      moved.key += shift
      moved.header += shift
      keys.append(moved)
    }
    for range in other.ranges {
      var moved = range
      moved.place += before
      ranges.append(moved)
    }
    byteCount += other.byteCount
  }

  /// Gives the changes from `firstKey` and `firstRange` on their versions, in their order.
  ///
  /// - Parameters:
  ///   - firstKey: The first change of a key that has no version yet.
  ///   - firstRange: The first deletion of a range that has no version yet.
  ///   - version: The first version that is given out.
  ///   - each: Told of each deletion of a range and its version.
  mutating func number(
    firstKey: Int, firstRange: Int, from version: Version,
    _ each: (RangeChange, Version) -> Void
  ) {
    var sequence = version.sequence
    var range = firstRange
    for index in firstKey..<keys.count {
      while range < ranges.count, ranges[range].place <= index {
        each(ranges[range], Version(epoch: version.epoch, sequence: sequence))
        sequence += 1
        range += 1
      }
      let header = Int(keys[index].header)
      batch.overwrite(at: header + ValueHeader.epochOffset, halfWord: version.epoch)
      batch.overwrite(at: header + ValueHeader.sequenceOffset, word: sequence)
      sequence += 1
    }
    while range < ranges.count {
      each(ranges[range], Version(epoch: version.epoch, sequence: sequence))
      sequence += 1
      range += 1
    }
  }

  /// Adds what is no caller's change, such as the store's record, behind them.
  mutating func putRecord(_ bytes: [UInt8]) { batch.put(KeyRule.recordKey, bytes) }

  /// Has the keys that get a value noted as used.
  func note(by tap: AccessTap) {
    batch.withSpan { bytes in
      for change in keys where change.kind == .value {
        let start = Int(change.key)
        tap.note(bytes.extracting(start..<start + Int(change.keyCount)), hash: change.hash)
      }
    }
  }

  /// Writes the changes to a database.
  mutating func write(to database: borrowing Database, sync: Bool) throws(RocksDBError) {
    try database.write(&batch, sync: sync)
  }

  mutating func removeAll() {
    batch.clear()
    if keys.count > Self.keysKept { keys = [] }
    keys.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    byteCount = 0
  }

  /// Room that is kept for the next changes.
  private static let keysKept = 1 << 15
}
