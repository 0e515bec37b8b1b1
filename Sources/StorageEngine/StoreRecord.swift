internal import RocksDB

/// What the store keeps about itself under the empty key of the hot tier.
///
/// It is written in the same batch as the change that needs it, so that it is there after a crash
/// exactly if that change is.
struct StoreRecord: Sendable, Equatable {
  /// Ownership epoch of this store's writes.
  var epoch: UInt32 = 0
  /// Sequences below this may have been given out; the next opening begins with it.
  var reservedSequence: UInt64 = 1
  /// Ranges that were deleted.
  var tombstones = RangeTombstones()

  /// How many sequences are reserved at a time: one record for each 2^20 writes.
  static let reservation: UInt64 = 1 << 20

  private static let format: UInt8 = 1

  init() {}

  /// The record as bytes: format, epoch, sequence, fragments.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [Self.format]
    bytes.append(halfWord: epoch)
    bytes.append(word: reservedSequence)
    bytes.append(halfWord: UInt32(clamping: tombstones.fragments.count))
    for fragment in tombstones.fragments {
      bytes.append(halfWord: UInt32(clamping: fragment.lower.count))
      bytes += fragment.lower
      bytes.append(halfWord: UInt32(clamping: fragment.upper.count))
      bytes += fragment.upper
      bytes.append(halfWord: fragment.version.epoch)
      bytes.append(word: fragment.version.sequence)
    }
    return bytes
  }

  /// Reads a record; nil where the bytes are none.
  init?(reading bytes: Span<UInt8>) {
    guard bytes.count >= 17, bytes[0] == Self.format else { return nil }
    epoch = bytes.halfWord(at: 1)
    reservedSequence = bytes.word(at: 5)
    var offset = 17
    for _ in 0..<bytes.halfWord(at: 13) {
      guard let lower = Self.key(in: bytes, at: &offset),
        let upper = Self.key(in: bytes, at: &offset), bytes.count - offset >= 12
      else { return nil }
      let version = Version(
        epoch: bytes.halfWord(at: offset), sequence: bytes.word(at: offset + 4))
      offset += 12
      tombstones.insert(lower: lower, upper: upper, version: version)
    }
    guard offset == bytes.count else { return nil }
  }

  private static func key(in bytes: Span<UInt8>, at offset: inout Int) -> [UInt8]? {
    guard bytes.count - offset >= 4 else { return nil }
    let count = Int(bytes.halfWord(at: offset))
    guard bytes.count - offset - 4 >= count else { return nil }
    let start = offset + 4
    offset = start + count
    return bytes.extracting(start..<offset).copied()
  }
}
