import TestSupport
import Testing

@testable import StorageEngine

@Suite("A value header")
struct ValueHeaderTests {
  @Test(
    "comes back as it was written",
    arguments: [
      (Version(epoch: 0, sequence: 1), ValueKind.value),
      (Version(epoch: .max, sequence: .max), .tombstone),
      (Version(epoch: 0x0102_0304, sequence: 0x0506_0708_090A_0B0C), .value),
    ])
  func roundTrip(version: Version, kind: ValueKind) throws {
    var stored: [UInt8] = []
    ValueHeader(version: version, kind: kind).append(to: &stored)
    #expect(stored.count == ValueHeader.byteCount)
    stored += [7, 8, 9]
    let header = try ValueHeader(reading: stored.span)
    #expect(header == ValueHeader(version: version, kind: kind))
  }

  @Test("is on the drive as it is documented")
  func layout() {
    var stored: [UInt8] = []
    ValueHeader(version: Version(epoch: 0x0A0B, sequence: 0x01FF), kind: .tombstone)
      .append(to: &stored)
    #expect(stored == [1, 1, 0x0B, 0x0A, 0, 0, 0xFF, 0x01, 0, 0, 0, 0, 0, 0])
  }

  @Test(
    "refuses bytes that are none",
    arguments: [
      ([], ValueHeader.Fault.short(byteCount: 0)),
      ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .short(byteCount: 13)),
      ([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .unknownFormat(2)),
      ([1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .unknownKind(9)),
    ] as [([UInt8], ValueHeader.Fault)])
  func refuses(stored: [UInt8], fault: ValueHeader.Fault) {
    #expect(throws: fault) { _ = try ValueHeader(reading: stored.span) }
  }

  @Test("orders versions by epoch, then by sequence")
  func order() {
    #expect(Version(epoch: 1, sequence: 9) < Version(epoch: 2, sequence: 1))
    #expect(Version(epoch: 1, sequence: 1) < Version(epoch: 1, sequence: 2))
    #expect(!(Version(epoch: 2, sequence: 1) < Version(epoch: 1, sequence: 9)))
  }
}

@Suite("Keys and ranges")
struct KeyRuleTests {
  @Test("a prefix's range ends behind its last key")
  func prefix() {
    #expect(KeyRange(prefix: [1, 2]) == KeyRange(from: [1, 2], upTo: [1, 3]))
    #expect(KeyRange(prefix: [1, 0xFF]) == KeyRange(from: [1, 0xFF], upTo: [2]))
    #expect(KeyRange(prefix: [0xFF]) == KeyRange(from: [0xFF], upTo: nil))
    #expect(KeyRange(prefix: []) == .all)
  }

  @Test("a range without room is empty")
  func empty() {
    #expect(KeyRange(from: [2], upTo: [2]).isEmpty)
    #expect(KeyRange(from: [3], upTo: [2]).isEmpty)
    #expect(!KeyRange(from: [2], upTo: [2, 0]).isEmpty)
    #expect(!KeyRange.all.isEmpty)
    #expect(KeyRange(from: nil, upTo: [0]).isEmpty)
    // Beyond every key that may be.
    let highest = [UInt8](repeating: 0xFF, count: KeyRule.keyBytesMax)
    #expect(!KeyRange(from: highest).isEmpty && !KeyRange(from: highest + [0]).isEmpty)
    #expect(
      KeyRange(from: highest + [0xFF]).isEmpty && KeyRange(from: highest + [0xFF, 1]).isEmpty)
  }

  @Test("a range knows its keys")
  func contains() {
    let range = KeyRange(from: [2], upTo: [4])
    #expect([[1], [2], [3, 9], [4]].map { range.contains($0) } == [false, true, true, false])
  }
}

@Suite("Deleted ranges")
struct RangeTombstoneTests {
  @Test("hide what a plain list of all deletions hides", arguments: 1...20)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var ranges = RangeTombstones()
    var list: [(lower: UInt8, upper: UInt8, version: Version)] = []
    for sequence in 1...40 as ClosedRange<UInt64> {
      let bounds = (0..<2).map { _ in UInt8.random(in: 0...60, using: &generator) }
      let version = Version(epoch: 0, sequence: sequence)
      ranges.insert(lower: [bounds.min() ?? 0], upper: [bounds.max() ?? 0], version: version)
      list.append((bounds.min() ?? 0, bounds.max() ?? 0, version))
      let keys = 0...62 as ClosedRange<UInt8>
      let expected = keys.map { key in
        list.last { $0.lower <= key && key < $0.upper }?.version
      }
      #expect(keys.map { key in ranges.covering([key].span) } == expected)
      let sorted = ranges.fragments.map(\.lower)
      #expect(sorted == sorted.sorted { $0.lexicographicallyPrecedes($1) })
    }
    var record = StoreRecord()
    record.tombstones = ranges
    record.reservedSequence = 77
    record.epoch = 3
    let bytes = record.bytes
    let read = StoreRecord(reading: bytes.span)
    #expect(read == record)
  }

  @Test("and a record that is cut short anywhere is refused")
  func cut() {
    var record = StoreRecord()
    record.tombstones.insert(lower: [1], upper: [2, 3], version: Version(epoch: 1, sequence: 5))
    for count in 0..<record.bytes.count {
      let bytes = Array(record.bytes.prefix(count))
      let read = StoreRecord(reading: bytes.span)
      #expect(read == nil)
    }
  }

  @Test("hide only older versions")
  func versions() {
    var ranges = RangeTombstones()
    ranges.insert(lower: [1], upper: [3], version: Version(epoch: 0, sequence: 5))
    #expect(ranges.hides([2], Version(epoch: 0, sequence: 4)))
    #expect(!ranges.hides([2], Version(epoch: 0, sequence: 6)))
    #expect(!ranges.hides([3], Version(epoch: 0, sequence: 4)))
  }
}

@Suite("The memory budget")
struct MemoryBudgetTests {
  private static let gibibyte: UInt64 = 1 << 30

  @Test(
    "lets a store open only where all caches and buffers fit",
    arguments: [
      (StoreConfiguration.asSpecified, 64 * gibibyte, nil as UInt64?, true),
      (.asSpecified, 24 * gibibyte, nil, false),
      (.measured, 4 * gibibyte, nil, true),
      (.measured, 1 * gibibyte, nil, false),
      (.measured, 64 * gibibyte, 1 * gibibyte, false),
      // A budget beyond the machine's share gives nothing more.
      (.asSpecified, 24 * gibibyte, 100 * gibibyte, false),
    ])
  func rule(
    configuration: StoreConfiguration, machineBytes: UInt64, budgetBytes: UInt64?, isMet: Bool
  ) {
    var configuration = configuration
    configuration.memoryBudgetBytes = budgetBytes
    #expect(MemoryBudget(of: configuration, machineBytes: machineBytes).isMet == isMet)
  }

  @Test("counts what the specification asks for: 24 GiB and what the store adds to it")
  func specified() {
    let budget = MemoryBudget(of: .asSpecified, machineBytes: 1 << 40)
    let hot: UInt64 = 16384 + 6 * 512
    let warm: UInt64 = 4096 + 4 * 128
    let cold: UInt64 = 512 + 2 * 32
    // A GiB of hot cache, two commits of 1 MiB, and what placement and prefetching know.
    let mebibytes = hot + warm + cold + 1024 + 2 + 16 + 8
    #expect(budget.neededBytes == mebibytes << 20)
  }

  @Test("gives one factor by which the specification fits into a smaller machine")
  func factor() {
    let machine = 8 * Self.gibibyte
    let factor = MemoryBudget(of: .asSpecified, machineBytes: machine).factor
    #expect(factor > 0.2 && factor < 0.3)
    let scaled = StoreConfiguration.asSpecified.scaled(by: factor * 0.99)
    #expect(MemoryBudget(of: scaled, machineBytes: machine).isMet)
    #expect(scaled.hot.backgroundJobs == 16)
  }
}

@Suite("The file STORE")
struct StoreFormatTests {
  private static let known = StoreFormat(
    identity: "ab12", folders: [.hot: "hot", .warm: "/mnt/ssd: 1", .cold: "cold"])

  @Test("comes back as it was written")
  func roundTrip() throws {
    #expect(try StoreFormat(reading: Self.known.text) == Self.known)
  }

  @Test("of a newer format is refused as such, whatever else it says")
  func newer() {
    #expect(throws: StoreFormat.Fault.newer(2)) {
      try StoreFormat(reading: "tiered-store\nformat: 2\nsomething else\n")
    }
  }

  @Test(
    "that is none is refused",
    arguments: [
      "", "tiered-store\n", "tiered-store\nformat: one\n", "tiered-store\nformat: 0\n",
      "tiered-store\nformat: 1\n", "tiered-store\nformat: 1\nidentity: a\nhot: hot\n", "other\n",
    ])
  func none(text: String) {
    #expect {
      try StoreFormat(reading: text)
    } throws: { error in
      if case StoreFormat.Fault.notAStore = error { true } else { false }
    }
  }
}

@Suite("The merge over tiers")
struct TierSetTests {
  @Test(
    "takes the tiers that stand on the first key",
    arguments: [
      ([nil, nil, nil], []), ([1, nil, nil], .hot), ([nil, nil, 3], .cold),
      ([2, 1, nil], .warm), ([2, 2, nil], [.hot, .warm]), ([3, 2, 1], .cold),
      ([1, 2, 1], [.hot, .cold]), ([5, 5, 5], [.hot, .warm, .cold]), ([2, 1, 1], [.warm, .cold]),
      ([1, 2, 3], .hot), ([nil, 4, 4], [.warm, .cold]),
    ] as [([Int?], TierSet)])
  func leaders(keys: [Int?], expected: TierSet) {
    func order(_ left: Int, _ right: Int) -> Int { (keys[left] ?? 0) - (keys[right] ?? 0) }
    let found = TierSet.leaders(
      hot: keys[0] != nil, warm: keys[1] != nil, cold: keys[2] != nil,
      hotToWarm: { order(0, 1) }, hotToCold: { order(0, 2) }, warmToCold: { order(1, 2) })
    #expect(found == expected)
  }
}

@Suite("The settings of a tier")
struct TierSettingsTests {
  @Test(
    "split a compaction only where there are processors for it",
    arguments: [(1, 1), (2, 1), (8, 1), (11, 1), (12, 3), (16, 4), (64, 4), (-1, 1)])
  func subcompactions(processors: Int, expected: Int) {
    #expect(TierSettings.subcompactions(processors: processors) == expected)
  }
}
