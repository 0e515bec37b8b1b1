internal import RocksDB

/// What a version of a key says.
public enum ValueKind: UInt8, Sendable {
  /// The key has a value.
  case value = 0
  /// The key was deleted; hides older versions in the tiers below.
  case tombstone = 1
}

/// What stands before every stored value.
///
/// ```
/// byte   0        1      2 … 5    6 … 13     14 …
///        format   kind   epoch    sequence   the caller's bytes
/// ```
/// Numbers are little-endian. The format byte comes first, so that a later format can change all
/// that follows it.
struct ValueHeader: Sendable, Equatable {
  var version: Version
  var kind: ValueKind

  /// The format that is written.
  static let format: UInt8 = 1
  /// Bytes before the caller's.
  static let byteCount = 14

  /// Where the epoch stands.
  static let epochOffset = 2
  /// Where the sequence stands.
  static let sequenceOffset = 6

  /// Format and kind, and two bytes of the epoch that are still to be written.
  static func start(_ kind: ValueKind) -> UInt32 {
    UInt32(format) | UInt32(kind.rawValue) << 8
  }

  /// Why stored bytes are no value.
  enum Fault: Error, Equatable, CustomStringConvertible {
    case short(byteCount: Int)
    case unknownFormat(UInt8)
    case unknownKind(UInt8)

    var description: String {
      switch self {
      case .short(let count):
        "a stored value of \(count) bytes, where the header alone takes \(ValueHeader.byteCount)"
      case .unknownFormat(let byte):
        "a value of format \(byte); this version reads format \(ValueHeader.format)"
      case .unknownKind(let byte): "a value of the unknown kind \(byte)"
      }
    }
  }

  init(version: Version, kind: ValueKind) {
    self.version = version
    self.kind = kind
  }

  /// Reads the header of a stored value.
  init(reading stored: Span<UInt8>) throws(Fault) {
    guard stored.count >= Self.byteCount else { throw .short(byteCount: stored.count) }
    guard stored[0] == Self.format else { throw .unknownFormat(stored[0]) }
    guard let kind = ValueKind(rawValue: stored[1]) else { throw .unknownKind(stored[1]) }
    self.kind = kind
    version = Version(epoch: stored.halfWord(at: 2), sequence: stored.word(at: 6))
  }

  /// Appends the header to a buffer; the caller's bytes follow.
  func append(to buffer: inout [UInt8]) {
    buffer.append(Self.format)
    buffer.append(kind.rawValue)
    buffer.append(halfWord: version.epoch)
    buffer.append(word: version.sequence)
  }
}
