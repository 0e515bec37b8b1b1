/// Changes that are committed together: after a crash all of them are there, or none.
///
/// A later change of a key wins over an earlier one in the same batch.
public struct StoreBatch: Sendable {
  private(set) var changes: [Change] = []
  /// Bytes of keys and values.
  public private(set) var byteCount = 0

  /// One change.
  enum Change: Sendable {
    case put(key: [UInt8], value: [UInt8])
    case delete(key: [UInt8])
    case deleteRange(lower: [UInt8], upper: [UInt8])
    /// Nothing older than these deletions of ranges is left in any tier.
    case forgetRanges(Set<Version>)

    var byteCount: Int {
      switch self {
      case .put(let key, let value): key.count + value.count
      case .delete(let key): key.count
      case .deleteRange(let lower, let upper): lower.count + upper.count
      case .forgetRanges: 0
      }
    }

    /// Refuses what cannot be stored.
    func check() throws(StoreError) {
      switch self {
      case .put(let key, let value):
        try KeyRule.check(key: key)
        try KeyRule.check(value: value)
      case .delete(let key): try KeyRule.check(key: key)
      case .deleteRange(let lower, let upper):
        guard lower.count <= KeyRule.keyBytesMax, upper.count <= KeyRule.aboveAll.count else {
          throw .tooLarge(
            what: "bound of a range", bytes: max(lower.count, upper.count),
            bytesMax: KeyRule.keyBytesMax)
        }
      case .forgetRanges: break
      }
    }
  }

  /// An empty batch.
  public init() {}

  /// How many changes it holds.
  public var count: Int { changes.count }
  /// Whether it holds no change.
  public var isEmpty: Bool { changes.isEmpty }

  /// Sets a key to a value.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
    add(.put(key: key, value: value))
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: [UInt8]) { add(.delete(key: key)) }

  /// Removes every key of a range.
  public mutating func deleteRange(_ range: KeyRange) {
    guard !range.isEmpty else { return }
    add(.deleteRange(lower: range.lowerBound, upper: range.upperBound))
  }

  /// Takes all changes out and keeps the room.
  public mutating func removeAll() {
    changes.removeAll(keepingCapacity: true)
    byteCount = 0
  }

  private mutating func add(_ change: Change) {
    changes.append(change)
    byteCount += change.byteCount
  }
}
