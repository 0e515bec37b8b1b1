/// Keys of any length, packed one behind the other.
public struct KeyList: Sendable {
  var bytes: [UInt8] = []
  /// Where each key ends in `bytes`.
  var ends: [Int] = []

  /// Makes an empty list.
  public init() {}

  /// Packs keys.
  public init(_ keys: some Collection<[UInt8]>) {
    reserve(keyCount: keys.count, byteCount: keys.reduce(0) { $0 + $1.count })
    for key in keys { append(key.span.bytes) }
  }

  /// How many keys it holds.
  public var count: Int { ends.count }

  /// Makes room.
  public mutating func reserve(keyCount: Int, byteCount: Int) {
    ends.reserveCapacity(keyCount)
    bytes.reserveCapacity(byteCount)
  }

  /// Adds a key.
  public mutating func append(_ key: RawSpan) {
    key.withUnsafeBytes { bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
  }

  /// Takes all keys out and keeps the room.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}
