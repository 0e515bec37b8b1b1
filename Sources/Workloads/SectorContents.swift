/// What a sector was found to hold; the larger of two findings is the worse.
public enum SectorCheck: UInt8, Sendable, Comparable {
  /// What this run wrote at this place.
  case intact
  /// One word repeated, such as all zeros or all ones: most likely never written.
  case unwritten
  /// A whole sector that another run wrote.
  case foreignRun
  /// A whole sector that this run wrote at another place.
  case misplaced
  /// Nothing that any run wrote.
  case corrupt

  /// Orders by how bad it is.
  @inlinable public static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// The self-describing contents of the sectors that a run writes.
///
/// A sector is 512 bytes, 64 little-endian words, and stands for itself, whatever it was written
/// with:
///
/// | word | holds |
/// |---|---|
/// | 0 | a tag of this format and of the run |
/// | 1 | the sector's byte offset on the target |
/// | 2 | the generation of the write |
/// | 3 | hash of words 0–2, xor hash of words 4–63 |
/// | 4–63 | random words, then zeros for the compressible part |
///
/// Buffers are whole sectors; words beyond the last whole sector are left alone. Nothing here
/// allocates or locks. A little-endian host is assumed.
public struct SectorContents: Sendable {
  /// Words in a sector.
  public static let wordsPerSector = 64
  /// Bytes in a sector.
  public static let bytesPerSector = 512

  @usableFromInline let tag: UInt64
  @usableFromInline let zeroWords: Int

  /// The contents of a run of which `compressiblePercent` of each sector is zeros.
  ///
  /// The header cannot be: 93 percent is the most that is kept, and more counts as that.
  public init(runID: RunID, compressiblePercent: Int) {
    tag = SeededGenerator.mix(
      SeededGenerator.mix(runID.high ^ 0x7374_6f72_6562_6e63) ^ runID.low)
    let percent = Swift.min(Swift.max(compressiblePercent, 0), 100)
    zeroWords = Swift.min((percent * Self.wordsPerSector + 50) / 100, 60)
  }

  /// Fills a buffer with valid sectors for offset 0 and generation 0, once in its life.
  ///
  /// Buffers of different seeds share no payload.
  public func fill(_ words: inout MutableSpan<UInt64>, seed: UInt64) {
    var random = SeededGenerator(
      seed: SeededGenerator.derivedSeed(seed, phase: "contents"))
    var base = 0
    while base &+ 63 < words.count {
      let random0 = base &+ 4
      let zero0 = base &+ 64 &- zeroWords
      for index in random0..<zero0 { words[index] = random.next() }
      for index in zero0..<(base &+ 64) { words[index] = 0 }
      let offset = UInt64(truncatingIfNeeded: base) &* 8
      words[base] = tag
      words[base &+ 1] = offset
      words[base &+ 2] = 0
      words[base &+ 3] =
        Self.headerHash(tag, offset, 0) ^ Self.payloadHash(words.span, at: base)
      base &+= 64
    }
  }

  /// The hash of each sector's payload in a filled buffer, which stamping needs.
  public func payloadHashes(of words: Span<UInt64>) -> [UInt64] {
    stride(from: 0, to: words.count - words.count % Self.wordsPerSector, by: Self.wordsPerSector)
      .map { Self.payloadHash(words, at: $0) }
  }

  /// Addresses every sector of a filled buffer anew: the first to `offset`, the next 512 bytes on.
  ///
  /// Nothing of the buffer is read: it may have left this CPU's cache since, and stores do not wait
  /// for that as loads do.
  ///
  /// - Parameters:
  ///   - words: A buffer that was filled, and since then only stamped.
  ///   - payloadHashes: Those of ``payloadHashes(of:)``, at least as many as there are sectors.
  ///   - from: The index of the buffer's first sector in `payloadHashes`.
  ///   - offset: Where the first sector will lie on the target, in bytes.
  ///   - generation: The number of this write.
  @inlinable
  public func stamp(
    _ words: inout MutableSpan<UInt64>, payloadHashes: [UInt64], from: Int, offset: UInt64,
    generation: UInt64
  ) {
    precondition(from >= 0 && from + words.count / Self.wordsPerSector <= payloadHashes.count)
    var base = 0
    var sectorOffset = offset
    var sector = from
    while base &+ 63 < words.count {
      words[base] = tag
      words[base &+ 1] = sectorOffset
      words[base &+ 2] = generation
      words[base &+ 3] =
        payloadHashes[sector] ^ Self.headerHash(tag, sectorOffset, generation)
      base &+= 64
      sectorOffset &+= 512
      sector &+= 1
    }
  }

  /// The worst finding among the sectors that were read from `offset`.
  ///
  /// Without `full`, a sector whose tag and offset are right passes for intact and its generation
  /// and payload are not looked at. A sector in doubt is always looked at in full.
  @inlinable
  public func check(_ words: Span<UInt64>, offset: UInt64, full: Bool) -> SectorCheck {
    var worst = SectorCheck.intact
    var base = 0
    var sectorOffset = offset
    while base &+ 63 < words.count {
      if full || words[base] != tag || words[base &+ 1] != sectorOffset {
        let found = inspect(words, at: base, offset: sectorOffset)
        if found == .corrupt { return found }
        worst = Swift.max(worst, found)
      }
      base &+= 64
      sectorOffset &+= 512
    }
    return worst
  }

  /// The oldest and the newest generation among this run's sectors; nil where there are none.
  ///
  /// More than one shows a write that was torn or overlaid by another; each sector may still be
  /// intact. Headers are taken as they stand.
  @inlinable
  public func generations(_ words: Span<UInt64>) -> ClosedRange<UInt64>? {
    var oldest = UInt64.max
    var newest: UInt64 = 0
    var base = 0
    while base &+ 63 < words.count {
      if words[base] == tag {
        oldest = Swift.min(oldest, words[base &+ 2])
        newest = Swift.max(newest, words[base &+ 2])
      }
      base &+= 64
    }
    return oldest <= newest ? oldest...newest : nil
  }

  /// Whether all words are the same, whichever it is; so are no words at all.
  @inlinable
  public static func isConstant(_ words: Span<UInt64>) -> Bool {
    guard words.count > 0 else { return true }
    let first = words[0]
    for index in 1..<words.count where words[index] != first { return false }
    return true
  }

  @usableFromInline
  func inspect(_ words: Span<UInt64>, at base: Int, offset: UInt64) -> SectorCheck {
    let header = Self.headerHash(words[base], words[base &+ 1], words[base &+ 2])
    if words[base &+ 3] == header ^ Self.payloadHash(words, at: base) {
      if words[base] != tag { return .foreignRun }
      return words[base &+ 1] == offset ? .intact : .misplaced
    }
    return Self.isConstant(words.extracting(base..<(base &+ 64))) ? .unwritten : .corrupt
  }
}
