/// What may be a key and a value.
public enum KeyRule {
  /// Fewest bytes of a key.
  ///
  /// The empty key is where the store keeps its own record.
  public static let keyBytesMin = 1
  /// Most bytes of a key: 64 KiB.
  public static let keyBytesMax = 1 << 16
  /// Most bytes of a value: 64 MiB.
  public static let valueBytesMax = 64 << 20
  /// Most bytes of a batch, keys and values together: 1 GiB, below RocksDB's 4 GiB.
  public static let batchBytesMax = 1 << 30

  /// The key of the store's own record in the hot tier.
  static let recordKey: [UInt8] = []
  /// Sorts before every key of a caller, or equals it.
  static let lowest: [UInt8] = [0]
  /// Sorts after every key.
  static let aboveAll = [UInt8](repeating: 0xFF, count: keyBytesMax + 1)

  /// Refuses a key of a length that cannot be.
  ///
  /// - Throws: ``StoreError/invalidArgument(_:)`` or ``StoreError/tooLarge(what:bytes:bytesMax:)``.
  public static func check(key: [UInt8]) throws(StoreError) { try check(keyCount: key.count) }

  /// Refuses a length that no key can have.
  @inline(__always)
  static func check(keyCount: Int) throws(StoreError) {
    guard keyCount >= keyBytesMin && keyCount <= keyBytesMax else {
      throw wrongKeyCount(keyCount)
    }
  }

  @inline(never)
  private static func wrongKeyCount(_ keyCount: Int) -> StoreError {
    guard keyCount >= keyBytesMin else {
      return .invalidArgument("a key has at least \(keyBytesMin) byte; this one is empty")
    }
    return .tooLarge(what: "key", bytes: keyCount, bytesMax: keyBytesMax)
  }

  /// Refuses a value that is too long.
  ///
  /// - Throws: ``StoreError/tooLarge(what:bytes:bytesMax:)``.
  public static func check(value: [UInt8]) throws(StoreError) { try check(valueCount: value.count) }

  /// Refuses a length that no value can have.
  static func check(valueCount: Int) throws(StoreError) {
    guard valueCount <= valueBytesMax else {
      throw .tooLarge(what: "value", bytes: valueCount, bytesMax: valueBytesMax)
    }
  }
}

/// Keys from one bound up to, but not with, another; order is that of unsigned bytes.
public struct KeyRange: Sendable, Equatable {
  /// The first key; nil begins with the smallest.
  public var lower: [UInt8]?
  /// The key behind the last; nil goes on to the greatest.
  public var upper: [UInt8]?

  /// A range from its bounds.
  public init(from lower: [UInt8]? = nil, upTo upper: [UInt8]? = nil) {
    self.lower = lower
    self.upper = upper
  }

  /// Every key.
  public static let all = KeyRange()

  /// The keys that begin with `prefix`.
  public init(prefix: [UInt8]) {
    lower = prefix.isEmpty ? nil : prefix
    var end = prefix
    while let last = end.last, last == 0xFF { end.removeLast() }
    if let last = end.last {
      end[end.count - 1] = last + 1
      upper = end
    } else {
      upper = nil
    }
  }

  /// Whether the key lies in the range.
  public func contains(_ key: [UInt8]) -> Bool {
    if let lower, key.lexicographicallyPrecedes(lower) { return false }
    if let upper { return key.lexicographicallyPrecedes(upper) }
    return true
  }

  /// Whether no key can lie in it.
  public var isEmpty: Bool { !lowerBound.lexicographicallyPrecedes(upperBound) }

  /// The bounds as RocksDB gets them; the store's own record is never within.
  var lowerBound: [UInt8] {
    guard let lower, !lower.isEmpty else { return KeyRule.lowest }
    return lower
  }
  var upperBound: [UInt8] { upper ?? KeyRule.aboveAll }
}
