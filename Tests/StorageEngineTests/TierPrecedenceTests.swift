import Foundation
import RocksDB
import Synchronization
import Testing

@testable import StorageEngine

@Suite("The newest version wins over all tiers")
struct TierPrecedenceTests {
  private func version(_ sequence: UInt64) -> Version { Version(epoch: 0, sequence: sequence) }

  /// Writes a copy into a tier as a move would have left it there.
  private func plant(
    _ store: TieredStore, _ tier: Tier, _ key: String, _ sequence: UInt64, _ value: String?
  ) throws {
    let entry = StoredEntry(
      key: bytes(key), version: version(sequence), kind: value == nil ? .tombstone : .value,
      value: value.map { bytes($0) } ?? [])
    var batch = WriteBatch()
    batch.put(entry.key, entry.stored)
    try store.tiers()[tier].database.write(&batch, sync: false)
  }

  private func holds(_ store: TieredStore, _ tier: Tier, _ key: String) throws -> Bool {
    try store.tiers()[tier].database.get(bytes(key)) != nil
  }

  @Test("a read stops at the first tier that has the key")
  func first() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try plant(store, .cold, "all", 1, "cold")
    try plant(store, .warm, "all", 2, "warm")
    try plant(store, .hot, "all", 3, "hot")
    try plant(store, .cold, "two", 1, "cold")
    try plant(store, .warm, "two", 2, "warm")
    try plant(store, .cold, "one", 1, "cold")
    for _ in 0..<2 {
      #expect(try store.get(bytes("all")) == bytes("hot"))
      #expect(try store.get(bytes("two")) == bytes("warm"))
      #expect(try store.get(bytes("one")) == bytes("cold"))
      #expect(try store.get(bytes("none")) == nil)
    }
    let keys = ["one", "none", "two", "all"].map { bytes($0) }
    let values = [bytes("cold"), nil, bytes("warm"), bytes("hot")]
    #expect(try store.multiGet(keys) == values)
    let pairs = try store.snapshot().pairs()
    #expect(pairs.map(\.value) == [bytes("hot"), bytes("cold"), bytes("warm")])
    #expect(try store.snapshot().pairs(.all, .backward) == pairs.reversed())
  }

  @Test("a deletion above hides values below, from gets, multi-gets, scans and snapshots")
  func tombstone() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try plant(store, .cold, "k", 1, "cold")
    try plant(store, .warm, "k", 2, nil)
    try plant(store, .cold, "l", 1, "cold")
    #expect(try store.get(bytes("l")) == bytes("cold"))
    try store.delete(bytes("l"))
    for key in ["k", "l"] {
      #expect(try store.get(bytes(key)) == nil)
      #expect(try store.multiGet([bytes(key)]) == [nil])
      #expect(try store.snapshot().get(bytes(key)) == nil)
    }
    #expect(try store.snapshot().pairs() == [])
  }

  @Test("a scan takes the newest of equal keys, wherever it is")
  func duplicates() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    // The same version twice: what a crash in the middle of a move leaves.
    try plant(store, .hot, "same", 5, "v")
    try plant(store, .cold, "same", 5, "v")
    #expect(try store.snapshot().pairs() == [Pair(key: bytes("same"), value: bytes("v"))])
  }

  @Test("a deleted range hides older copies in every tier, and no newer ones")
  func ranges() throws {
    let fixture = try StoreFixture()
    var store = try fixture.create()
    try plant(store, .cold, "b", 1, "cold")
    for key in ["a", "b2", "c"] { try store.put(bytes(key), bytes("hot")) }
    try store.move(KeyRange(prefix: bytes("b2")), from: .hot, to: .warm)
    #expect(try store.get(bytes("b")) == bytes("cold"))
    do {
      let before = try store.snapshot()
      try store.deleteRange(KeyRange(from: bytes("b"), upTo: bytes("c")))
      #expect(try store.snapshot().pairs().map(\.key) == [bytes("a"), bytes("c")])
      #expect(try before.pairs().count == 4)
      #expect(try before.get(bytes("b")) == bytes("cold"))
    }
    #expect(try store.get(bytes("b")) == nil)
    #expect(try store.multiGet([bytes("b"), bytes("b2")]) == [nil, nil])
    try store.put(bytes("b"), bytes("again"))
    #expect(try store.get(bytes("b")) == bytes("again"))

    try store.close()
    store = try fixture.open()
    #expect(try store.get(bytes("b")) == bytes("again"))
    #expect(try store.get(bytes("b2")) == nil)
    #expect(try holds(store, .warm, "b2"))

    try store.forgetRanges()
    #expect(store.published.tombstones == nil)
    #expect(try !holds(store, .warm, "b2"))
    #expect(try store.get(bytes("b")) == bytes("again"))
    #expect(try store.get(bytes("b2")) == nil)
    try store.close()
    #expect(try fixture.open().snapshot().pairs().map(\.key) == ["a", "b", "c"].map { bytes($0) })
  }

  @Test("many deleted ranges are cleared out, not piled up")
  func manyRanges() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<700 {
      try store.put(bytes("k\(number)"), bytes("v"))
      try store.deleteRange(KeyRange(prefix: bytes("k\(number)")))
    }
    #expect(try #require(store.published.tombstones).fragments.count <= TieredStore.rangesMax + 1)
    #expect(try store.snapshot().pairs() == [])
  }

  @Test("deleted ranges in batches are cleared out, too, whether their callers wait or not")
  func manyRangesInBatches() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    func batch(_ number: Int) -> StoreBatch {
      var batch = StoreBatch()
      batch.deleteRange(KeyRange(prefix: bytes("k\(number)")))
      return batch
    }
    for number in 0..<700 { try store.write(batch(number)) }
    #expect(try #require(store.published.tombstones).fragments.count <= TieredStore.rangesMax + 1)
    for number in 700..<1400 {
      let bell = DispatchSemaphore(value: 0)
      store.write(batch(number)) { _ in bell.signal() }
      bell.wait()
    }
    let end = Date().addingTimeInterval(60)
    while store.isForgetting.load(ordering: .acquiring), Date() < end { usleep(1000) }
    // One more finds at most those that came while the last were cleared out.
    try store.write(batch(1400))
    #expect(try #require(store.published.tombstones).fragments.count <= TieredStore.rangesMax + 1)
  }

  @Test("a deleted range is cleared out part by part")
  func largeRange() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    var batch = StoreBatch()
    for number in 0..<25_000 { batch.put(bytes("k\(number)"), bytes("v")) }
    try store.write(batch)
    try store.move(.all, from: .hot, to: .cold)
    #expect(try store.keyCount(of: .cold) == 25_000)
    try store.deleteRange(KeyRange(prefix: bytes("k")))
    try store.forgetRanges()
    #expect(store.published.tombstones == nil)
    #expect(try store.keyCount(of: .cold) == 0)
  }

  @Test(
    "what moves up leaves nothing older below, which a reader on its way down would find",
    arguments: ["new", nil])
  func olderBelow(value: String?) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try plant(store, .cold, "k", 3, "old")
    try plant(store, .warm, "k", 5, value)
    #expect(try store.move(.all, from: .warm, to: .hot) == 1)
    #expect(try !holds(store, .cold, "k"))
    #expect(try store.get(bytes("k")) == value.map { bytes($0) })
  }

  @Test("a reader never sees an older copy below while a range is deleted")
  func deleteRangeBesideReaders() throws {
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 0
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration)
    let key = bytes("k")
    let isOver = Atomic<Bool>(false)
    let wrong = Atomic<Int>(0)
    // Odd while the older copy may be seen, since the newer one was not put yet.
    let phase = Atomic<Int>(1)
    let readers = DispatchGroup()
    for reader in 0..<3 {
      readers.enter()
      Thread.detachNewThread {
        while !isOver.load(ordering: .acquiring) {
          let before = phase.load(ordering: .acquiring)
          let value = reader == 0 ? try? store.multiGet([key])[0] : try? store.get(key)
          let after = phase.load(ordering: .acquiring)
          if value == bytes("old"), before == after, before.isMultiple(of: 2) {
            wrong.add(1, ordering: .relaxed)
          }
        }
        readers.leave()
      }
    }
    for round in 0..<400 {
      try store.put(key, bytes("old"))
      try store.move(.all, from: .hot, to: .warm)
      try store.put(key, bytes("new \(round)"))
      phase.add(1, ordering: .acquiringAndReleasing)
      try store.deleteRange(.all)
      #expect(try store.get(key) == nil)
      phase.add(1, ordering: .acquiringAndReleasing)
    }
    isOver.store(true, ordering: .releasing)
    readers.wait()
    #expect(wrong.load(ordering: .acquiring) == 0)
  }

  @Test("a copy from elsewhere that is newer than all here does not outlast what is put later")
  func ingestNewer() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    let copy = StoredEntry(
      key: bytes("k"), version: Version(epoch: 2, sequence: 1 << 40), kind: .value,
      value: bytes("copy"))
    #expect(try store.ingest([copy], into: .warm) == 1)
    #expect(try store.put(bytes("k"), bytes("later")) > copy.version)
    #expect(try store.snapshot().pairs().map(\.value) == [bytes("later")])
    try store.move(.all, from: .hot, to: .cold)
    #expect(try store.get(bytes("k")) == bytes("later"))
    try store.close()
    let again = try fixture.open()
    #expect(try again.put(bytes("k"), bytes("last")) > copy.version)
    var absurd = copy
    absurd.version.sequence = .max
    #expect(throws: StoreError.self) { try again.ingest([absurd], into: .warm) }
  }

  @Test("a damaged copy hinders no other from moving, and is told of")
  func damagedCopy() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<10 { try store.put(bytes("k\(number)"), bytes("v")) }
    var batch = WriteBatch()
    batch.put(bytes("k3"), [1, 2, 3])
    try store.tiers().hot.database.write(&batch, sync: false)
    let report = try store.reclassify()
    #expect(report.movedKeys == [.cold: 9] && report.failures.count == 1, "\(report)")
    #expect(throws: StoreError.self) { try store.get(bytes("k3")) }
    #expect(try store.get(bytes("k9")) == bytes("v"))
  }

  @Test(
    "a copy that is damaged in a tier below holds back its key alone",
    arguments: [Tier.warm, .cold])
  func damagedBelow(tier: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<10 { try store.put(bytes("k\(number)"), bytes("v")) }
    try RawTier.put(try store.tiers()[tier], bytes("k3"), [1, 2, 3])
    let report = try store.reclassify()
    #expect(report.movedKeys == [.cold: 9], "\(report)")
    #expect(!report.failures.isEmpty && report.failures.allSatisfy { $0.place?.tier == tier })
    #expect(try store.get(bytes("k3")) == bytes("v"))
    #expect(try store.tier(holding: bytes("k3")) == .hot)
    #expect(try store.get(bytes("k9")) == bytes("v"))
    #expect(try store.statistics().moves.routes.values.contains { $0.failures > 0 })
    // What comes from elsewhere is refused instead.
    let copy = StoredEntry(
      key: bytes("k3"), version: version(5), kind: .value,
      value: bytes("w"))
    #expect(throws: StoreError.self) { try store.ingest([copy], into: tier) }
  }

  @Test("of several copies of a key the newest is taken in, and what is cached of it goes")
  func ingestTwice() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 1 << 20
    let store = try fixture.create(configuration)
    func entry(_ key: String, _ sequence: UInt64, _ value: String) -> StoredEntry {
      StoredEntry(
        key: bytes(key), version: version(sequence), kind: .value,
        value: bytes(value))
    }
    let entries = [entry("a", 10, "new"), entry("b", 3, "b"), entry("a", 5, "old")]
    #expect(try store.ingest(entries, into: .warm) == 2)
    #expect(try store.get(bytes("a")) == bytes("new") && store.get(bytes("b")) == bytes("b"))
    // Of a batch that cannot be placed whole, no reader may go on with what it replaced in part.
    try RawTier.put(try store.tiers().cold, bytes("z"), [1, 2, 3])
    let more = (0..<100).map { entry("key \(100 + $0)", 20, "first") }
    try store.ingest(more, into: .hot)
    for one in more { #expect(try store.get(one.key) == bytes("first")) }
    let newer = (0..<100).map { entry("key \(100 + $0)", 30, "second") } + [entry("z", 30, "z")]
    #expect(throws: StoreError.self) { try store.ingest(newer, into: .hot) }
    for one in more {
      let got = try store.get(one.key)
      var scanned: [UInt8]?
      try store.scan(KeyRange(prefix: one.key)) { _, value in
        scanned = value.copied()
        return true
      }
      #expect(got == scanned)
    }
  }

  @Test("a scan tells of a table that cannot be read instead of showing what lies below it")
  func scanOfDamagedTable() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    func key(_ number: Int) -> [UInt8] { bytes("key \(10_000 + number)") }
    for number in 0..<4000 { try store.put(key(number), bytes("old \(number)")) }
    try store.move(.all, from: .hot, to: .warm)
    for number in 0..<4000 { try store.put(key(number), bytes("new \(number)")) }
    try store.waitUntilIdle()
    try store.close()
    let table = try #require(fixture.files(of: .hot, suffix: ".sst").first)
    var data = try Data(contentsOf: URL(filePath: table))
    for offset in data.count / 4..<data.count / 2 { data[offset] ^= 0x55 }
    try data.write(to: URL(filePath: table))
    let damaged = try fixture.open()
    var stale = 0
    var failures = 0
    for start in stride(from: 0, to: 4000, by: 50) {
      for direction in ScanDirection.allCases {
        do {
          let range = KeyRange(from: key(start), upTo: key(start + 50))
          try damaged.scan(range, direction, limit: 20) { _, value in
            if value.copied().starts(with: bytes("old")) { stale += 1 }
            return true
          }
        } catch { failures += 1 }
      }
    }
    #expect(failures > 0)
    #expect(stale == 0)
  }

  @Test("a copy is taken in only over an older version")
  func ingest() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try plant(store, .warm, "k", 10, "ten")
    func entry(_ sequence: UInt64, _ value: String) -> StoredEntry {
      StoredEntry(key: bytes("k"), version: version(sequence), kind: .value, value: bytes(value))
    }
    #expect(try store.ingest([entry(9, "nine")], into: .warm) == 0)
    #expect(try store.ingest([entry(10, "ten")], into: .warm) == 0)
    #expect(try store.get(bytes("k")) == bytes("ten"))
    #expect(try store.ingest([entry(11, "eleven")], into: .warm) == 1)
    #expect(try store.get(bytes("k")) == bytes("eleven"))
    #expect(try store.retire([entry(10, "ten")], from: .warm) == 0)
    #expect(try store.retire([entry(11, "eleven")], from: .warm) == 1)
    #expect(try store.get(bytes("k")) == nil)
  }

  @Test("a copy that is taken in below leaves no older one above, and none goes above a newer one")
  func ingestBetween() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    func entry(_ key: String, _ sequence: UInt64) -> StoredEntry {
      StoredEntry(
        key: bytes(key), version: version(sequence), kind: .value, value: bytes("new"))
    }
    try plant(store, .hot, "above", 5, "old")
    #expect(try store.ingest([entry("above", 6)], into: .cold) == 1)
    #expect(try store.get(bytes("above")) == bytes("new"))
    #expect(try !holds(store, .hot, "above"))
    try plant(store, .cold, "below", 5, "newer")
    #expect(try store.ingest([entry("below", 4)], into: .hot) == 0)
    #expect(try store.get(bytes("below")) == bytes("newer"))
    try plant(store, .hot, "newest", 5, "newest")
    #expect(try store.ingest([entry("newest", 4)], into: .warm) == 1)
    #expect(try store.get(bytes("newest")) == bytes("newest"))
  }

  @Test("any move keeps the answer, whatever copies and deletions lie in the tiers")
  func everyMove() throws {
    // A letter for each tier: a value, a deletion, nothing, or the same version as the tier above.
    let upper = "vt-"
    let states = upper.flatMap { hot in
      (upper + "=").flatMap { warm in "v-=".map { String([hot, warm, $0]) } }
    }
    for source in Tier.allCases {
      for target in Tier.allCases where target != source {
        let fixture = try StoreFixture()
        let store = try fixture.create()
        for state in states {
          var last: (sequence: UInt64, value: String?) = (0, nil)
          for (sequence, (tier, letter)) in zip(
            [30, 20, 10] as [UInt64], zip(Tier.allCases, state))
          {
            switch letter {
            case "v": last = (sequence, "\(tier) of \(state)")
            case "t": last = (sequence, nil)
            case "=" where last.sequence > 0: break
            default: continue
            }
            try plant(store, tier, state, last.sequence, last.value)
          }
        }
        let before = try states.map { try store.get(bytes($0)) }
        try store.move(.all, from: source, to: target)
        for (state, value) in zip(states, before) {
          #expect(try store.get(bytes(state)) == value, "\(state), \(source) to \(target)")
          #expect(try !holds(store, source, state), "\(state), \(source) to \(target)")
        }
        let pairs = try store.snapshot().pairs()
        #expect(pairs.count == before.count { $0 != nil }, "\(source) to \(target)")
      }
    }
  }

  @Test(
    "a range that moves keeps its answers, and leaves its source",
    arguments: [
      (Tier.hot, Tier.warm), (.hot, .cold), (.warm, .cold), (.cold, .hot), (.warm, .hot),
    ])
  func move(source: Tier, target: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<500 {
      try store.put(bytes("k\(number)"), [UInt8](repeating: 1, count: 20_000))
    }
    try store.delete(bytes("k7"))
    if source != .hot { try store.move(.all, from: .hot, to: source) }
    let before = try store.snapshot().pairs()
    #expect(before.count == 499)
    let moved = try store.move(KeyRange(from: bytes("k1"), upTo: nil), from: source, to: target)
    #expect(moved > 400)
    #expect(try store.snapshot().pairs() == before)
    #expect(try !holds(store, source, "k8"))
    #expect(try holds(store, target, "k8"))
    #expect(try store.get(bytes("k7")) == nil)
    #expect(try store.get(bytes("k8")) != nil)
    #expect(try store.verify() == [])
  }

  @Test("an older copy between source and target does not come back")
  func between() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("k"), bytes("old"))
    try store.put(bytes("d"), bytes("old"))
    try store.move(.all, from: .hot, to: .warm)
    try store.put(bytes("k"), bytes("new"))
    try store.delete(bytes("d"))
    try store.move(.all, from: .hot, to: .cold)
    #expect(try store.get(bytes("k")) == bytes("new"))
    #expect(try store.get(bytes("d")) == nil)
    #expect(try store.snapshot().pairs() == [Pair(key: bytes("k"), value: bytes("new"))])
  }
}
