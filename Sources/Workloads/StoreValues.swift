/// What a read of a store was found to be.
public enum StoreFinding: UInt8, Sendable, CaseIterable {
  /// What was put there.
  case intact
  /// A key that was put is not there.
  case missing
  /// A key that was never put is there.
  case unexpected
  /// A value of another length than was put.
  case wrongLength
  /// A whole value that was put under another key.
  case wrongKey
  /// A whole value of another run.
  case foreignRun
  /// An older value than one that was acknowledged: a lost write.
  case lostWrite
  /// Bytes that nobody put: torn or damaged.
  case torn
  /// A scan that met keys out of order, twice or of another store.
  case outOfOrder
  /// A scan or a multi-get that returned fewer entries than there are.
  case incomplete

  /// What happened, in words.
  public var phrase: String {
    switch self {
    case .intact: "what was put there"
    case .missing: "a key that was put is not there"
    case .unexpected: "a key that was never put is there"
    case .wrongLength: "a value of another length than was put"
    case .wrongKey: "the value of another key"
    case .foreignRun: "a value of another run"
    case .lostWrite: "an older value than was acknowledged, so a write was lost"
    case .torn: "bytes that nobody put there"
    case .outOfOrder: "keys out of order"
    case .incomplete: "fewer entries than there are"
    }
  }
}

/// The self-describing values that a benchmark puts into a store.
///
/// | bytes | hold, little-endian |
/// |---|---|
/// | 0–7 | a tag of this format and of the run |
/// | 8–15 | the key's space and number |
/// | 16–23 | the generation: rises with each put of a key |
/// | 24–31 | hash of the three and of the length |
/// | 32– | bytes that follow from that hash, then zeros for the compressible part |
///
/// All of a value follows from tag, key, generation and length, so that a reader can tell every byte of
/// it. Nothing here locks; only making a new value allocates.
public struct StoreValues: Sendable, Equatable {
  /// The fewest bytes of a value: its header.
  public static let valueBytesMin = 32
  /// The most bytes of a value: 64 MiB.
  public static let valueBytesMax = 64 << 20

  /// Bytes of each value.
  public let valueBytes: Int
  @usableFromInline let tag: UInt64
  /// Where the zeros begin.
  @usableFromInline let randomEnd: Int

  /// The values of a run.
  ///
  /// - Parameters:
  ///   - runID: The run that puts them.
  ///   - valueBytes: Bytes of each, from ``valueBytesMin`` to ``valueBytesMax``; less counts as the
  ///     least.
  ///   - compressiblePercent: How much of each is zeros; the header never is.
  public init(runID: RunID, valueBytes: Int, compressiblePercent: Int) {
    let bytes = Swift.min(Swift.max(valueBytes, Self.valueBytesMin), Self.valueBytesMax)
    let percent = Swift.min(Swift.max(compressiblePercent, 0), 100)
    self.valueBytes = bytes
    randomEnd = Swift.max(Self.valueBytesMin, bytes - bytes * percent / 100)
    tag = SeededGenerator.mix(
      SeededGenerator.mix(runID.high ^ 0x7374_6f72_6576_616c) ^ runID.low)
  }

  /// A value for a key.
  ///
  /// - Parameters:
  ///   - identity: ``StoreKeys/identity(_:)`` of the key's number.
  ///   - generation: Above that of every earlier put of the key.
  /// - Returns: The value.
  @inlinable
  public func value(identity: UInt64, generation: UInt64) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: valueBytes)
    write(identity: identity, generation: generation, into: &value)
    return value
  }

  /// Makes a value in an array that this has made, or one of zeros of the right length.
  @inlinable
  public func write(identity: UInt64, generation: UInt64, into value: inout [UInt8]) {
    precondition(value.count == valueBytes)
    let seed = hash(identity, generation)
    var span = value.mutableSpan
    span.setLittleEndianWord(tag, at: 0)
    span.setLittleEndianWord(identity, at: 8)
    span.setLittleEndianWord(generation, at: 16)
    span.setLittleEndianWord(seed, at: 24)
    var offset = Self.valueBytesMin
    let whole = randomEnd &- 8
    while offset <= whole {
      span.setLittleEndianWord(Self.word(seed, offset), at: offset)
      offset &+= 8
    }
    var rest = Self.word(seed, offset)
    while offset < randomEnd {
      span[offset] = UInt8(truncatingIfNeeded: rest)
      rest &>>= 8
      offset &+= 1
    }
  }

  /// Looks at a value.
  ///
  /// - Parameters:
  ///   - value: As the store returned it.
  ///   - identity: ``StoreKeys/identity(_:)`` of the number of the key that was asked for.
  ///   - full: Whether every byte is looked at, or the header alone.
  /// - Returns: What it is, and its generation, which means something for an intact value.
  @inlinable
  public func check(
    _ value: Span<UInt8>, identity: UInt64, full: Bool
  ) -> (finding: StoreFinding, generation: UInt64) {
    guard value.count == valueBytes, value.count >= 32 else { return (.wrongLength, 0) }
    let seed = value.littleEndianWord(at: 24)
    let found = value.littleEndianWord(at: 8)
    let generation = value.littleEndianWord(at: 16)
    let foundTag = value.littleEndianWord(at: 0)
    guard seed == hash(tag: foundTag, found, generation) else { return (.torn, 0) }
    guard foundTag == tag else { return (.foreignRun, generation) }
    guard found == identity else { return (.wrongKey, generation) }
    if full, !hasPayload(value, seed) { return (.torn, generation) }
    return (.intact, generation)
  }

  @inlinable
  func hasPayload(_ value: Span<UInt8>, _ seed: UInt64) -> Bool {
    var difference: UInt64 = 0
    var offset = Self.valueBytesMin
    let whole = randomEnd &- 8
    while offset <= whole {
      difference |= value.littleEndianWord(at: offset) ^ Self.word(seed, offset)
      offset &+= 8
    }
    var rest = Self.word(seed, offset)
    while offset < randomEnd {
      difference |= UInt64(value[offset] ^ UInt8(truncatingIfNeeded: rest))
      rest &>>= 8
      offset &+= 1
    }
    while offset < value.count {
      difference |= UInt64(value[offset])
      offset &+= 1
    }
    return difference == 0
  }

  @inlinable @inline(__always)
  func hash(_ identity: UInt64, _ generation: UInt64) -> UInt64 {
    hash(tag: tag, identity, generation)
  }

  @inlinable @inline(__always)
  func hash(tag: UInt64, _ identity: UInt64, _ generation: UInt64) -> UInt64 {
    SeededGenerator.mix(
      SeededGenerator.mix(tag ^ identity &* 0xa076_1d64_78bd_642f)
        ^ generation &* 0xe703_7ed1_a0b4_28db ^ UInt64(truncatingIfNeeded: valueBytes))
  }

  /// The random bytes at an offset: one multiplication, and none waits for another.
  @inlinable @inline(__always)
  static func word(_ seed: UInt64, _ offset: Int) -> UInt64 {
    let left = seed &+ UInt64(truncatingIfNeeded: offset) &* 0x9e37_79b9_7f4a_7c15
    let product = left.multipliedFullWidth(by: 0xd1b5_4a32_d192_ed03)
    return product.high ^ product.low
  }
}
