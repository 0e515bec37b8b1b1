internal import RocksDB

/// A copy of what a tier holds of one key: what moves between tiers and stores.
public struct StoredEntry: Sendable, Equatable {
  /// The key.
  public var key: [UInt8]
  /// The version of the copy.
  public var version: Version
  /// A value, or a deletion that hides older versions below.
  public var kind: ValueKind
  /// The caller's bytes; empty for a deletion.
  public var value: [UInt8]

  /// A copy from its parts.
  public init(key: [UInt8], version: Version, kind: ValueKind, value: [UInt8]) {
    self.key = key
    self.version = version
    self.kind = kind
    self.value = value
  }

  /// Reads what stands under a key.
  init(key: Span<UInt8>, stored: Span<UInt8>) throws(ValueHeader.Fault) {
    self.init(key: key, header: try ValueHeader(reading: stored), stored: stored)
  }

  /// Reads what stands under a key, behind a header that was read.
  init(key: Span<UInt8>, header: ValueHeader, stored: Span<UInt8>) {
    self.key = key.copied()
    version = header.version
    kind = header.kind
    value = stored.extracting(ValueHeader.byteCount..<stored.count).copied()
  }

  /// Header and value as they are stored.
  var stored: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ValueHeader.byteCount + value.count)
    ValueHeader(version: version, kind: kind).append(to: &bytes)
    bytes += value
    return bytes
  }

  var byteCount: Int { key.count + value.count }
}

/// How many entries went by and what they were, to compare both ends of a move.
public struct RangeDigest: Sendable, Equatable {
  /// Entries.
  public private(set) var count = 0
  /// A hash of keys, versions, kinds and values in their order.
  public private(set) var hash: UInt64 = 0

  /// Of no entries.
  public init() {}

  /// Adds the next entry.
  public mutating func add(_ entry: StoredEntry) {
    count += 1
    hash = KeyHash.hash(entry.key.span, seed: hash)
    hash = KeyHash.hash(entry.stored.span, seed: hash)
  }
}

/// A part of a range as one tier held it at one moment.
public struct RangeExport: Sendable {
  /// The copies, in the order of their keys.
  public var entries: [StoredEntry]
  /// What they are.
  public var digest: RangeDigest
  /// Where to go on; nil at the range's end.
  public var next: [UInt8]?
}
