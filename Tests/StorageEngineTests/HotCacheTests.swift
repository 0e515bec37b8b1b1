import Foundation
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

@Suite("The hot cache")
struct HotCacheTests {
  static let isSanitized = number("STORE_SANITIZED") != nil
  /// Seconds for what takes one or two, and many times as many under a sanitizer beside other work.
  static let patience = isSanitized ? 1200.0 : 60

  func version(_ sequence: UInt64) -> Version { Version(epoch: 0, sequence: sequence) }

  func read(_ cache: HotCache, _ key: [UInt8]) -> (value: [UInt8]?, ticket: UInt32?) {
    switch cache.read(hash: KeyHash.hash(key.span), key: key.span, { value, _ in copy(value) }) {
    case .hit(let value): (value, nil)
    case .miss(let ticket): (nil, ticket)
    }
  }

  func fill(
    _ cache: HotCache, _ key: [UInt8], _ value: [UInt8], _ sequence: UInt64, ticket: UInt32
  ) {
    cache.fill(
      hash: KeyHash.hash(key.span), key: key.span, value: value.span, version: version(sequence),
      from: .hot, ticket: ticket)
  }

  @Test("gives back only what the newest change said, and keeps its limit", arguments: 1...8)
  func model(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let cache = try HotCache(byteLimit: seed % 2 == 0 ? 64 << 10 : 9 << 20)
    var model: [[UInt8]: (value: [UInt8]?, version: UInt64)] = [:]
    var hits = 0
    var sequence: UInt64 = 0
    let end = Date() + Self.patience
    // On a busy machine all of it may be over before the thread that takes memory has its turn.
    while sequence < 30_000 || hits <= 1000 && Date() < end {
      sequence += 1
      if sequence > 30_000, sequence.isMultiple(of: 100) { usleep(1000) }
      let number = UInt64.random(in: 0..<400, using: &generator)
      let key = bytes("key-\(number * number)")
      let hash = KeyHash.hash(key.span)
      if UInt64.random(in: 0..<4, using: &generator) == 0 {
        let deletes = UInt64.random(in: 0..<6, using: &generator) == 0
        let value = generator.bytes(Int.random(in: 0...600, using: &generator))
        cache.beginChange(hash: hash)
        cache.endChange(
          hash: hash, key: key, value: deletes ? nil : value, version: version(sequence))
        model[key] = (deletes ? nil : value, sequence)
      } else {
        let known = model[key]
        let found = read(cache, key)
        if let value = found.value {
          hits += 1
          if value != known?.value { Issue.record("seed \(seed), change \(sequence)") }
        } else if let known, let value = known.value {
          fill(cache, key, value, known.version, ticket: try #require(found.ticket))
        }
      }
    }
    #expect(hits > 1000)
    #expect(cache.byteCount <= cache.byteLimit)
    #expect(cache.counts.hits == UInt64(hits))
  }

  @Test("drops a fill that a commit overtook")
  func overtaken() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    let key = bytes("k")
    let hash = KeyHash.hash(key.span)
    let ticket = try #require(read(cache, key).ticket)
    cache.beginChange(hash: hash)
    cache.endChange(hash: hash, key: key, value: bytes("new"), version: version(2))
    fill(cache, key, bytes("old"), 1, ticket: ticket)
    #expect(read(cache, key).value == nil)
    #expect(cache.counts.refusedFills == 1)
  }

  @Test("gives no ticket, and takes no fill, while a change is being committed")
  func pending() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    let key = bytes("k")
    let hash = KeyHash.hash(key.span)
    let ticket = try #require(read(cache, key).ticket)
    cache.beginChange(hash: hash)
    #expect(read(cache, key).ticket == nil)
    fill(cache, key, bytes("old"), 1, ticket: ticket)
    #expect(read(cache, key).value == nil)
    cache.endChange(hash: hash, key: key, value: nil, version: version(2))
    #expect(read(cache, key).ticket != nil)
  }

  @Test("keeps the newest of two changes of one batch")
  func twice() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    let key = bytes("k")
    let hash = KeyHash.hash(key.span)
    fill(cache, key, bytes("0"), 1, ticket: try #require(read(cache, key).ticket))
    cache.beginChange(hash: hash)
    cache.beginChange(hash: hash)
    cache.endChange(hash: hash, key: key, value: bytes("a"), version: version(2))
    #expect(read(cache, key).value == bytes("a"))
    cache.endChange(hash: hash, key: key, value: bytes("longer"), version: version(3))
    #expect(read(cache, key).value == bytes("longer"))
  }

  /// What readers saw, and whether they are to end.
  private final class Seen: Sendable {
    let isDone = Atomic<Bool>(false)
    let lent = Atomic<Int>(0)
    let wrong = Atomic<Int>(0)
    let finished = Atomic<Int>(0)
  }

  /// A value that tells of its key and version: every word of it names both.
  private func value(of number: Int, _ sequence: UInt64) -> [UInt8] {
    let word = sequence << 16 | UInt64(number)
    return (0..<110 + number % 18).flatMap { _ in withUnsafeBytes(of: word) { Array($0) } }
  }

  @Test("never lends without a lock what is half one value and half another, or another key's")
  func torn() throws {
    // So small that entries are always on their way out, and their places taken by others.
    let cache = try HotCache(byteLimit: 1 << 18)
    let keys = (0..<1000).map { bytes("key-\($0)") }
    let seen = Seen()
    let readers = (0..<2).map { reader in
      Thread {
        var random = UInt64(reader + 1)
        while !seen.isDone.load(ordering: .relaxed) {
          random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          // Half of all are eight keys that change all the time.
          let number = Int(random >> 33) % (random >> 62 < 2 ? 8 : keys.count)
          let key = keys[number]
          let isWhole = cache.front.read(hash: KeyHash.hash(key.span), key: key.span) {
            value, version in
            let words = value.withUnsafeBytes { bytes in
              stride(from: 0, to: bytes.count, by: 8).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
              }
            }
            return words.count == 110 + number % 18
              && words.allSatisfy { $0 == version.sequence << 16 | UInt64(number) }
          }
          guard let isWhole else { continue }
          seen.lent.add(1, ordering: .relaxed)
          if !isWhole { seen.wrong.add(1, ordering: .relaxed) }
        }
        seen.finished.add(1, ordering: .releasing)
      }
    }
    for reader in readers { reader.start() }
    var generator = SeededGenerator(seed: 5)
    let (end, latest) = (Date() + 2, Date() + Self.patience)
    func isEnough() -> Bool {
      seen.lent.load(ordering: .relaxed) > 1000 && cache.counts.evictions > 1000
    }
    var sequence: UInt64 = 0
    while Date() < end || !isEnough() && Date() < latest {
      for _ in 0..<1000 {
        sequence += 1
        let bound = Bool.random(using: &generator) ? 8 : keys.count
        let number = Int.random(in: 0..<bound, using: &generator)
        let key = keys[number]
        let hash = KeyHash.hash(key.span)
        if case .miss(let ticket?) = cache.read(hash: hash, key: key.span, { _, _ in }) {
          fill(cache, key, value(of: number, sequence), sequence, ticket: ticket)
        } else {
          cache.beginChange(hash: hash)
          cache.endChange(
            hash: hash, key: key, value: value(of: number, sequence), version: version(sequence))
        }
      }
    }
    seen.isDone.store(true, ordering: .relaxed)
    while seen.finished.load(ordering: .acquiring) < readers.count { usleep(1000) }
    #expect(seen.lent.load(ordering: .relaxed) > 1000 && cache.counts.evictions > 1000)
    #expect(seen.wrong.load(ordering: .relaxed) == 0)
  }

  @Test(
    "answers short values without the lock, longer ones under it, and counts either once",
    arguments: [(0, true), (1, true), (1024, true), (1025, false), (5000, false)])
  func withoutLock(size: Int, isLent: Bool) throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    let key = bytes("a key")
    let hash = KeyHash.hash(key.span)
    let value = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    fill(cache, key, value, 1, ticket: try #require(read(cache, key).ticket))
    let lent = cache.front.read(hash: hash, key: key.span) { value, _ in copy(value) }
    #expect(lent == (isLent ? value : nil))
    #expect(read(cache, key).value == value)
    #expect(cache.counts.hits == (isLent ? 2 : 1) && cache.counts.misses == 1)
    let other = bytes("other")
    let found = cache.front.read(hash: hash, key: other.span) { _, _ in 0 }
    #expect(found == nil)
  }

  @Test("keeps an entry's uses when its value becomes longer")
  func usesOfChanged() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    let wanted = bytes("wanted")
    let hash = KeyHash.hash(wanted.span)
    fill(cache, wanted, [1], 1, ticket: try #require(read(cache, wanted).ticket))
    for _ in 0..<3 { #expect(read(cache, wanted).value == [1]) }
    cache.beginChange(hash: hash)
    cache.endChange(hash: hash, key: wanted, value: bytes("longer"), version: version(2))
    // Until the cache has been full for long, so that what was not used twice has left the small queue.
    for number in 0..<8000 {
      let key = bytes("once-\(number)")
      guard let ticket = read(cache, key).ticket else { continue }
      fill(cache, key, [UInt8](repeating: 0, count: 100), 1, ticket: ticket)
    }
    #expect(cache.counts.evictions > 1000)
    #expect(read(cache, wanted).value == bytes("longer"))
  }

  @Test("keeps what is used while a scan of things used once goes by")
  func scanResistance() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    func touch(_ key: [UInt8], _ sequence: UInt64) {
      let found = read(cache, key)
      if found.value == nil, let ticket = found.ticket {
        fill(cache, key, [UInt8](repeating: 1, count: 100), sequence, ticket: ticket)
      }
    }
    // Fill the cache up, so that it has to choose.
    for number in 0..<12_000 { touch(bytes("first-\(number)"), 1) }
    let wanted = (0..<500).map { bytes("wanted-\($0)") }
    for _ in 0..<4 { for key in wanted { touch(key, 1) } }
    for number in 0..<20_000 {
      touch(bytes("once-\(number)"), 1)
      if number % 40 == 0 { for key in wanted.prefix(100) { touch(key, 1) } }
    }
    let kept = wanted.prefix(100).count { read(cache, $0).value != nil }
    #expect(kept == 100)
    let once = (0..<20_000).count { read(cache, bytes("once-\($0)")).value != nil }
    #expect(once < 8000)
  }

  @Test("refuses what is too large for it, and forgets everything when told")
  func bounds() throws {
    let cache = try HotCache(byteLimit: 1 << 20)
    #expect(!cache.admits(keyCount: 1, valueCount: 1 << 20))
    let key = bytes("k")
    let ticket = try #require(read(cache, key).ticket)
    fill(cache, key, [UInt8](repeating: 0, count: 1 << 20), 1, ticket: ticket)
    #expect(cache.entryCount == 0)
    fill(cache, key, [1], 1, ticket: ticket)
    #expect(read(cache, key).value == [1])
    cache.removeAll()
    #expect(read(cache, key).value == nil)
    fill(cache, key, [1], 1, ticket: ticket)
    #expect(read(cache, key).value == nil)
  }
}

@Suite("Parts of the hot cache")
struct HotCachePartTests {
  @Test("the index finds what a dictionary finds", arguments: 1...6)
  func index(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let lineCount = 12
    var index = try SlotIndex(lineCount: lineCount)
    var model: [UInt32: UInt32] = [:]
    var wasFull = false
    for place in 1...20_000 as ClosedRange<UInt32> {
      // Few hashes, of the last line and two others, and few tags, so that entries pass lines by, also the
      // last one.
      let line = [0, 1, 11][Int.random(in: 0..<3, using: &generator)]
      let hash =
        UInt32((line << 32 + (1 << 31)) / lineCount) & ~3
        | UInt32.random(in: 0..<4, using: &generator)
      wasFull = wasFull || index.isFull
      if !index.isFull, UInt32.random(in: 0..<10, using: &generator) < 7 {
        index.insert(hash: hash, place: place)
        model[place] = hash
      } else if let victim = model.keys.min(), let hash = model[victim] {
        let slot = index.slot(hash: hash, place: victim)
        #expect(slot != nil)
        if let slot { index.remove(slot: slot, hash: hash) }
        model[victim] = nil
      }
      if place % 997 == 0 {
        for (place, hash) in model { #expect(index.slot(hash: hash, place: place) != nil) }
      }
    }
    #expect(index.count == model.count)
    // Once all are gone, nobody has passed by: looking for anything ends at its own line.
    for (place, hash) in model {
      let found = index.slot(hash: hash, place: place)
      let slot = try #require(found)
      index.remove(slot: slot, hash: hash)
    }
    #expect((0..<lineCount).allSatisfy { !index.lines.isPassed($0) })
    #expect(wasFull && index.count == 0)
  }

  @Test("a slot counts three uses, forgets them with its entry, and takes over what it is told")
  func uses() throws {
    var index = try SlotIndex(lineCount: 8)
    index.insert(hash: 77, place: 5)
    let found = index.slot(hash: 77, place: 5)
    let slot = try #require(found)
    for uses in [1, 2, 3, 3] as [UInt8] {
      index.lines.countUse(of: slot)
      #expect(index.lines.uses(of: slot) == uses)
    }
    index.replace(slot: slot, place: 6, uses: 1)
    #expect(index.lines.uses(of: slot) == 1 && index.lines.place(of: slot) == 6)
    index.remove(slot: slot, hash: 77)
    index.insert(hash: 77, place: 9)
    #expect(index.slot(hash: 77, place: 9) == slot && index.lines.uses(of: slot) == 0)
    index.remove(slot: slot, hash: 77)
    index.insert(hash: 77, place: 9, uses: 2)
    #expect(index.lines.uses(of: slot) == 2)
  }

  @Test("two keys behind one tag are told apart, with the shard's lock and without")
  func oneTag() throws {
    var shard = try HotCacheShard(byteCount: 1 << 20)
    let (first, second) = (bytes("first"), bytes("second"))
    for key in [first, second] {
      let ticket = shard.ticket(hash: 7)
      shard.fill(
        hash: 7, key: key.span, value: key.span, version: .zero, from: .hot,
        ticket: try #require(ticket))
    }
    for key in [first, second] {
      let value = shard.read(hash: 7, key: key.span) { value, _ in copy(value) }
      #expect(value == key)
    }
    let likely = [first, second].map { key in
      shard.lookup.findLikely(hash: 7, key: key.span) != nil
    }
    #expect(likely == [true, false])
    let other = bytes("third")
    let found = shard.lookup.find(hash: 7, key: other.span)?.slot
    #expect(found == nil)
  }

  @Test("ghosts are remembered for as many arrivals as asked, and once")
  func ghosts() {
    var ghosts = GhostTable(slotCount: 4096)
    for hash in 0..<100 as Range<UInt32> { ghosts.insert(hash) }
    func take(_ hash: UInt32, _ depth: Int) -> Bool { ghosts.take(hash, depth: depth) }
    #expect(take(99, 10) == true)
    #expect(take(99, 10) == false)
    #expect(take(5, 10) == false)
    #expect(take(6, 1000) == true)
    #expect(take(1000, 1000) == false)
  }

  @Test("the ring keeps its entries through many laps", arguments: 1...6)
  func ring(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ring = try EntryRing(capacity: 4000)
    var model: [(key: [UInt8], value: [UInt8])] = []
    for _ in 0..<5000 {
      let key = generator.bytes(Int.random(in: 1...30, using: &generator))
      let value = generator.bytes(Int.random(in: 0...300, using: &generator))
      let header = EntryRing.Header(
        keyCount: key.count, valueCount: value.count, hash: 1, version: .zero)
      while !ring.hasRoom(header.entryBytes) {
        let tail = ring.header(at: ring.tailOffset)
        let oldest = model.removeFirst()
        let hasKey = ring.entries.isEntry(at: ring.tailOffset, tail, of: oldest.key.span)
        let value = ring.withValue(at: ring.tailOffset, tail) { copy($0) }
        #expect(hasKey && value == oldest.value)
        ring.dropTail()
      }
      _ = ring.append(header, key: key.span, value: value.span)
      model.append((key, value))
    }
    #expect(model.count > 3)
  }
}
