import Measurements
import Testing
import Workloads

@Suite("Sector contents") struct SectorContentsTests {
  private static let run = RunID(high: 0x1234, low: 0x5678)
  private static let contents = SectorContents(runID: run, compressiblePercent: 0)

  private static func buffer(
    _ contents: SectorContents = contents, sectors: Int = 8, seed: UInt64 = 1,
    offset: UInt64 = 1 << 20, generation: UInt64 = 3
  ) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: sectors * 64)
    var span = words.mutableSpan
    contents.fill(&span, seed: seed)
    let hashes = contents.payloadHashes(of: span.span)
    contents.stamp(
      &span, payloadHashes: hashes, from: 0, offset: offset, generation: generation)
    return words
  }

  @Test("are intact where and as they were written")
  func intact() {
    let words = Self.buffer()
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: true) == .intact)
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: false) == .intact)
    #expect(Self.contents.generations(words.span) == 3...3)
  }

  @Test("are valid as soon as they are filled")
  func filled() {
    var words = [UInt64](repeating: 0, count: 128)
    var span = words.mutableSpan
    Self.contents.fill(&span, seed: 9)
    #expect(Self.contents.check(words.span, offset: 0, full: true) == .intact)
  }

  @Test("show any single flipped bit as corrupt")
  func flipped() {
    var words = Self.buffer(sectors: 2)
    var missed: [Int] = []
    for bit in 0..<(128 * 64) {
      words[bit / 64] ^= 1 << UInt64(bit % 64)
      if Self.contents.check(words.span, offset: 1 << 20, full: true) != .corrupt {
        missed.append(bit)
      }
      words[bit / 64] ^= 1 << UInt64(bit % 64)
    }
    #expect(missed == [])
  }

  @Test("show any two swapped words, and any word turned to zero or ones")
  func words() {
    let words = Self.buffer(sectors: 1)
    var missed: [Int] = []
    for index in 0..<64 {
      var changed = words
      changed.swapAt(index, (index + 1) % 64)
      if Self.contents.check(changed.span, offset: 1 << 20, full: true) != .corrupt {
        missed.append(index)
      }
      for value in [0, UInt64.max] {
        changed = words
        changed[index] = value
        if Self.contents.check(changed.span, offset: 1 << 20, full: true) != .corrupt {
          missed.append(index)
        }
      }
    }
    #expect(missed == [])
  }

  @Test("are looked at by their headers only, unless in full")
  func headers() {
    var words = Self.buffer()
    words[40] ^= 1
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: false) == .intact)
    words[40] ^= 1
    for word in [0, 1, 64, 65] {
      words[word] ^= 1 << 40
      #expect(Self.contents.check(words.span, offset: 1 << 20, full: false) == .corrupt)
      words[word] ^= 1 << 40
    }
  }

  @Test("tell what else they may be", arguments: [false, true])
  func findings(full: Bool) {
    let contents = Self.contents
    let whole = Self.buffer()
    var swapped = whole
    for word in 0..<64 { swapped.swapAt(64 + word, 128 + word) }
    #expect(contents.check(swapped.span, offset: 1 << 20, full: full) == .misplaced)
    #expect(contents.check(whole.span, offset: 2 << 20, full: full) == .misplaced)
    #expect(contents.check(whole.span, offset: (1 << 20) + 512, full: full) == .misplaced)

    let other = SectorContents(runID: RunID(high: 0x1234, low: 0x5679), compressiblePercent: 0)
    #expect(other.check(whole.span, offset: 1 << 20, full: full) == .foreignRun)

    for word in [0, UInt64.max, 0x5a5a_5a5a_5a5a_5a5a] {
      let constant = [UInt64](repeating: word, count: 8 * 64)
      #expect(contents.check(constant.span, offset: 1 << 20, full: full) == .unwritten)
    }
    var noise = SeededGenerator(seed: 1)
    let foreign = (0..<512).map { _ in noise.next() }
    #expect(contents.check(foreign.span, offset: 1 << 20, full: full) == .corrupt)
  }

  @Test("report the worst sector of several", arguments: [false, true])
  func worst(full: Bool) {
    var words = Self.buffer()
    for word in 448..<512 { words[word] = 0 }
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: full) == .unwritten)
    for word in 0..<64 { words.swapAt(word, 64 + word) }
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: full) == .misplaced)
    words[128] = 7
    #expect(Self.contents.check(words.span, offset: 1 << 20, full: full) == .corrupt)
  }

  @Test("show a torn write by its generations")
  func torn() {
    let old = Self.buffer(generation: 4)
    let new = Self.buffer(seed: 2, generation: 9)
    let torn = Array(new[..<192] + old[192...])
    #expect(Self.contents.check(torn.span, offset: 1 << 20, full: true) == .intact)
    #expect(Self.contents.generations(torn.span) == 4...9)
    #expect(Self.contents.generations([UInt64](repeating: 0, count: 64).span) == nil)
  }

  @Test("are stamped alike whatever they were stamped with before")
  func restamped() {
    var words = Self.buffer()
    let hashes = Self.contents.payloadHashes(of: words.span)
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<100 {
      let offset = generator.next() & ~511
      let generation = generator.next()
      var span = words.mutableSpan
      // The hashes of several buffers lie behind each other.
      Self.contents.stamp(
        &span, payloadHashes: [1, 2] + hashes, from: 2, offset: offset, generation: generation)
      #expect(Self.contents.check(words.span, offset: offset, full: true) == .intact)
      #expect(words == Self.buffer(offset: offset, generation: generation))
    }
  }

  @Test("are the same for the same seed and share nothing with another's")
  func seeds() {
    #expect(Self.buffer(seed: 1) == Self.buffer(seed: 1))
    let payloads = (0..<UInt64(64)).flatMap { seed in
      let words = Self.buffer(seed: seed)
      return (0..<8).map { sector in Array(words[(sector * 64 + 4)..<(sector * 64 + 64)]) }
    }
    #expect(Set(payloads).count == 64 * 8)
    #expect(Set(payloads.flatMap { $0 }).count == 64 * 8 * 60)
  }

  @Test("keep their format, so that another release can read them")
  func golden() {
    let words = Self.buffer(sectors: 1)
    #expect(
      words[0...4].map { String($0, radix: 16) } == [
        "a5a466493dd002e8", "100000", "3", "e1073d281aed62f9", "5e02516fec4c9e93",
      ])
  }

  @Test("compress as far as asked, and stay intact", arguments: [0, 1, 10, 33, 50, 75, 93])
  func compressible(percent: Int) {
    let contents = SectorContents(runID: Self.run, compressiblePercent: percent)
    let words = Self.buffer(contents, sectors: 16)
    let zeros = Double(words.count { $0 == 0 }) / Double(words.count)
    #expect(abs(zeros - Double(percent) / 100) <= 0.02)
    #expect(contents.check(words.span, offset: 1 << 20, full: true) == .intact)
  }

  @Test("keep their headers where everything is to compress", arguments: [100, 1000])
  func allCompressible(percent: Int) {
    let contents = SectorContents(runID: Self.run, compressiblePercent: percent)
    let words = Self.buffer(contents)
    #expect(contents.check(words.span, offset: 1 << 20, full: true) == .intact)
  }

  @Test(
    "are constant where one word is repeated",
    arguments: [
      ([], true), ([5], true), ([5, 5, 5], true), ([5, 5, 6], false), ([6, 5, 5], false),
    ])
  func constant(words: [UInt64], isConstant: Bool) {
    #expect(SectorContents.isConstant(words.span) == isConstant)
  }

  @Test("leave words beyond the last whole sector alone")
  func rest() {
    var words = [UInt64](repeating: 7, count: 100)
    var span = words.mutableSpan
    Self.contents.fill(&span, seed: 1)
    let hashes = Self.contents.payloadHashes(of: span.span)
    #expect(hashes.count == 1)
    Self.contents.stamp(&span, payloadHashes: hashes, from: 0, offset: 512, generation: 1)
    #expect(words[64...].allSatisfy { $0 == 7 })
    #expect(Self.contents.check(words.span, offset: 512, full: true) == .intact)
  }
}
