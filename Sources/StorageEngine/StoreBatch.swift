internal import RocksDB

/// Changes that are committed together: after a crash all of them are there, or none.
///
/// A later change of a key wins over an earlier one in the same batch. Keys and values are encoded as
/// they are added, once, into one buffer; a key or value of a length that cannot be is refused by the
/// write.
public struct StoreBatch: Sendable {
  var changes = EncodedChanges()
  /// Why it cannot be written: the first of its changes that is none.
  private(set) var fault: StoreError?

  /// An empty batch.
  public init() {}

  /// Bytes of keys and values.
  public var byteCount: Int { changes.byteCount }
  /// How many changes it holds.
  public var count: Int { changes.count }
  /// Whether it holds no change.
  public var isEmpty: Bool { changes.isEmpty && fault == nil }
  /// Whether it removes a range.
  var deletesRanges: Bool { !changes.ranges.isEmpty }

  /// Sets a key to a value.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) { put(key.span, value.span) }

  /// Sets a key to a value; both are copied.
  public mutating func put(_ key: Span<UInt8>, _ value: Span<UInt8>) {
    guard admits(keyCount: key.count, valueCount: value.count) else { return }
    changes.put(key, value)
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: [UInt8]) { delete(key.span) }

  /// Removes a key, whether it is there or not; it is copied.
  public mutating func delete(_ key: Span<UInt8>) {
    guard admits(keyCount: key.count, valueCount: 0) else { return }
    changes.delete(key)
  }

  /// Removes every key of a range.
  public mutating func deleteRange(_ range: KeyRange) {
    guard !range.isEmpty else { return }
    let (lower, upper) = (range.lowerBound, range.upperBound)
    guard lower.count <= KeyRule.keyBytesMax, upper.count <= KeyRule.aboveAll.count else {
      return refuse(
        .tooLarge(
          what: "bound of a range", bytes: max(lower.count, upper.count),
          bytesMax: KeyRule.keyBytesMax))
    }
    guard admits(bytes: lower.count + upper.count) else { return }
    changes.deleteRange(from: lower, to: upper)
  }

  /// Takes all changes out and keeps the room.
  public mutating func removeAll() {
    changes.removeAll()
    fault = nil
  }

  private mutating func admits(keyCount: Int, valueCount: Int) -> Bool {
    do throws(StoreError) {
      try KeyRule.check(keyCount: keyCount)
      try KeyRule.check(valueCount: valueCount)
    } catch {
      refuse(error)
      return false
    }
    return admits(bytes: keyCount + valueCount)
  }

  private mutating func admits(bytes: Int) -> Bool {
    guard byteCount + bytes <= KeyRule.batchBytesMax else {
      refuse(
        .tooLarge(what: "batch", bytes: byteCount + bytes, bytesMax: KeyRule.batchBytesMax))
      return false
    }
    return true
  }

  private mutating func refuse(_ error: StoreError) { fault = fault ?? error }
}
