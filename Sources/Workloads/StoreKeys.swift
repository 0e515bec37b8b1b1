/// The 16-byte keys of a benchmark's store, each made of a key number by a seeded bijection.
///
/// | bytes | hold |
/// |---|---|
/// | 0 | the key space: keys of one space lie together and none belongs to another |
/// | 1–7 | 56 bits, big-endian: the number, permuted where keys are scattered |
/// | 8–15 | the number, encrypted by the bytes before: what tells a key of ours from any other |
///
/// Key numbers lie below ``countMax``. Those above it belong to keys that are never written, and as no
/// two numbers have one key, a lookup of such a key must find nothing.
public struct StoreKeys: Sendable, Equatable {
  /// How keys sort.
  public enum Order: String, Sendable, CaseIterable, Codable {
    /// Like numbers drawn at random: ascending numbers are scattered keys.
    case scattered
    /// Like their numbers.
    case ascending
  }

  /// Bytes of a key.
  public static let byteCount = 16
  /// Key numbers of keys that may exist are below this: 2^55.
  public static let countMax: UInt64 = 1 << 55

  /// How keys sort.
  public let order: Order
  @usableFromInline let top: UInt64
  @usableFromInline let secret: UInt64
  @usableFromInline let mask: UInt64 = (1 << 56) - 1

  /// The keys of a space; another seed gives other keys in another order.
  public init(seed: UInt64, space: UInt8 = 0, order: Order = .scattered) {
    self.order = order
    top = UInt64(space) << 56
    secret = SeededGenerator.derivedSeed(seed, phase: "keys", round: Int(space))
  }

  /// The key of a number.
  public func key(_ number: UInt64) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: Self.byteCount)
    write(number, into: &key)
    return key
  }

  /// The key of a number that no key of the store has.
  public func missingKey(_ number: UInt64) -> [UInt8] {
    key((number & (Self.countMax &- 1)) | Self.countMax)
  }

  /// Replaces an array of 16 bytes by the key of a number.
  public func write(_ number: UInt64, into key: inout [UInt8]) {
    let first = firstWord(number)
    var span = key.mutableSpan
    span.setLittleEndianWord(first.byteSwapped, at: 0)
    span.setLittleEndianWord((number ^ pad(first)).byteSwapped, at: 8)
  }

  /// The number of a key, and its place: keys sort as their places do. Nil for bytes that are no key
  /// of this space.
  @inlinable
  public func number(of key: Span<UInt8>) -> (number: UInt64, place: UInt64)? {
    guard key.count == Self.byteCount else { return nil }
    let first = key.littleEndianWord(at: 0).byteSwapped
    let number = key.littleEndianWord(at: 8).byteSwapped ^ pad(first)
    guard number <= mask, firstWord(number) == first else { return nil }
    return (number, first)
  }

  /// What values carry to name their key: the space and the number.
  @inlinable @inline(__always)
  public func identity(_ number: UInt64) -> UInt64 { top | number }

  /// Where in the order about `rank` of `count` keys, numbered from 0, lie before: exactly so many where
  /// keys ascend; where they are scattered, so many on average.
  ///
  /// - Returns: Bytes that sort before the keys from there on.
  public func bound(rank: UInt64, of count: UInt64) -> [UInt8] {
    let size = Swift.max(count, 1)
    let share = (rank % size).multipliedFullWidth(by: 1 << 56)
    // The rank is below the size, so the quotient fits.
    let place = order == .ascending ? rank % size : size.dividingFullWidth(share).quotient
    var bound = lowerBound
    for shift in stride(from: 48, through: 0, by: -8) {
      bound.append(UInt8(truncatingIfNeeded: place >> UInt64(shift)))
    }
    return bound
  }

  /// Sorts before every key of the space and after those of the spaces before.
  public var lowerBound: [UInt8] { [UInt8(top >> 56)] }

  /// Sorts after every key of the space and before those of the spaces behind; nil for the last.
  public var upperBound: [UInt8]? {
    let space = UInt8(top >> 56)
    return space < .max ? [space + 1] : nil
  }

  @inlinable @inline(__always)
  func firstWord(_ number: UInt64) -> UInt64 {
    guard order == .scattered else { return top | (number & mask) }
    // Each step is a bijection of 56-bit words: xor, an odd factor, xor with the own upper bits.
    var word = (number ^ secret) & mask
    word = (word &* 0xbf58_476d_1ce4_e5b9) & mask
    word ^= word &>> 29
    word = (word &* 0x94d0_49bb_1331_11eb) & mask
    word ^= word &>> 25
    word = (word &* 0xd6e8_feb8_6659_fd93) & mask
    return top | (word ^ (word &>> 28))
  }

  @inlinable @inline(__always)
  func pad(_ first: UInt64) -> UInt64 { SeededGenerator.mix(first ^ secret) }
}
