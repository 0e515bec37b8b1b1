import Foundation
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

@Suite("The hot cache")
struct HotCacheTests {
  private func version(_ sequence: UInt64) -> Version { Version(epoch: 0, sequence: sequence) }

  private func read(_ cache: HotCache, _ key: [UInt8]) -> (value: [UInt8]?, ticket: UInt32?) {
    switch cache.read(hash: KeyHash.hash(key.span), key: key.span, { value, _ in copy(value) }) {
    case .hit(let value): (value, nil)
    case .miss(let ticket): (nil, ticket)
    }
  }

  private func fill(
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
    for sequence in 1...30_000 as ClosedRange<UInt64> {
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

  /// Pages that the calling thread had to wait for.
  private func faults() throws -> Int {
    var usage = rusage()
    // RUSAGE_THREAD, which Swift does not see.
    try #require(getrusage(1, &usage) == 0)
    return usage.ru_minflt + usage.ru_majflt
  }

  @Test("lets no reader wait for the kernel's memory: fills before it is there are refused")
  func memory() throws {
    let cache = try HotCache(byteLimit: 256 << 20)
    let value = [UInt8](repeating: 7, count: 4000)
    let end = Date().addingTimeInterval(60)
    var waited = 0
    var count: UInt64 = 0
    // Until entries leave, so that every page was used.
    while cache.counts.evictions < 1000, Date() < end {
      count += 1
      let key = bytes("key \(count)")
      guard let ticket = read(cache, key).ticket else { continue }
      let before = try faults()
      fill(cache, key, value, count, ticket: ticket)
      waited += try faults() - before
      if read(cache, key).value == nil { usleep(50) }
    }
    // 128 pages of 2 MiB, or 65 536 of 4 KiB; a handful are the thread's own.
    // A sanitizer has memory of its own beside that of the program, and touches it first as well.
    let isSanitized = number("STORE_SANITIZED") != nil
    #expect(isSanitized || waited < 20, "\(waited) faults, \(cache.counts)")
    #expect(cache.counts.evictions >= 1000 && cache.counts.fillsBeforeMemory > 0, "\(cache.counts)")
    #expect(cache.byteCount > 200 << 20)
  }

  @Test(
    "takes values as large as it admits, from the first one on", arguments: [1 << 20, 1_300_000])
  func large(size: Int) throws {
    let cache = try HotCache(byteLimit: 256 << 20)
    let value = [UInt8](repeating: 3, count: size)
    #expect(cache.admits(keyCount: 8, valueCount: size))
    let end = Date().addingTimeInterval(60)
    var count: UInt64 = 0
    while cache.counts.fills < 100, Date() < end {
      count += 1
      let key = bytes("key \(count % 200)")
      guard let ticket = read(cache, key).ticket else { continue }
      fill(cache, key, value, count, ticket: ticket)
      if read(cache, key).value == nil { usleep(200) }
    }
    #expect(cache.counts.fills >= 100, "\(cache.counts)")
  }

  @Test("asks for its index's memory again where it was cleared while it was being taken")
  func clearedWhileTaken() throws {
    var shard = try HotCacheShard(byteCount: 64 << 20)
    let firstPages = shard.pagesToTake()
    let first = try #require(firstPages)
    #expect(first.0 == .index)
    shard.removeAll()
    first.1.take()
    shard.took(.index)
    let secondPages = shard.pagesToTake()
    let second = try #require(secondPages)
    #expect(second.0 == .index)
    second.1.take()
    shard.took(.index)
    let thirdPages = shard.pagesToTake()
    let third = try #require(thirdPages)
    #expect(third.0 != .index)
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

  @Test("never lends what is half one value and half another, while values change and leave")
  func torn() throws {
    // So small that entries are always on their way out, and their places taken by others.
    let cache = try HotCache(byteLimit: 1 << 18)
    let keys = (0..<2000).map { bytes("key-\($0)") }
    // Each byte of a value is its version's lowest, and its length tells of the key.
    @Sendable func length(_ number: Int) -> Int { 40 + number % 700 }
    let seen = Seen()
    let readers = (0..<2).map { reader in
      Thread {
        var number = reader
        while !seen.isDone.load(ordering: .relaxed) {
          number = (number &* 1_103_515_245 &+ 12345) & 0x7FFF_FFFF
          let index = number % keys.count
          let key = keys[index]
          let answer = cache.read(hash: KeyHash.hash(key.span), key: key.span) {
            value, version in
            let byte = UInt8(truncatingIfNeeded: version.sequence)
            return value.count == length(index) && copy(value).allSatisfy { $0 == byte }
          }
          guard case .hit(let isWhole) = answer else { continue }
          seen.lent.add(1, ordering: .relaxed)
          if !isWhole { seen.wrong.add(1, ordering: .relaxed) }
        }
        seen.finished.add(1, ordering: .releasing)
      }
    }
    for reader in readers { reader.start() }
    var generator = SeededGenerator(seed: 5)
    let end = Date().addingTimeInterval(2)
    var sequence: UInt64 = 0
    while Date() < end {
      for _ in 0..<1000 {
        sequence += 1
        let index = Int.random(in: 0..<keys.count, using: &generator)
        let key = keys[index]
        let hash = KeyHash.hash(key.span)
        let value = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: length(index))
        if case .miss(let ticket?) = cache.read(hash: hash, key: key.span, { _, _ in }) {
          fill(cache, key, value, sequence, ticket: ticket)
        } else {
          cache.beginChange(hash: hash)
          cache.endChange(hash: hash, key: key, value: value, version: version(sequence))
        }
      }
    }
    seen.isDone.store(true, ordering: .relaxed)
    while seen.finished.load(ordering: .acquiring) < readers.count { usleep(1000) }
    #expect(seen.lent.load(ordering: .relaxed) > 1000 && cache.counts.evictions > 1000)
    #expect(seen.wrong.load(ordering: .relaxed) == 0)
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
    var index = try SlotIndex(lineCount: 512)
    var model: [UInt32: UInt32] = [:]
    for place in 1...20_000 as ClosedRange<UInt32> {
      // Few hashes, most of them of one line and of one tag, so that entries pass many lines by.
      let hash =
        UInt32.random(in: 0..<4, using: &generator) << 30
        | UInt32.random(in: 0..<3, using: &generator) << 8
      if !index.isFull, Bool.random(using: &generator) {
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
    #expect((0..<512).allSatisfy { !index.lines.isPassed($0) })
  }

  @Test("a slot counts three uses, forgets them with its entry, and takes over what it is told")
  func uses() throws {
    var index = try SlotIndex(lineCount: 8)
    let slot = index.insert(hash: 77, place: 5)
    for uses in [1, 2, 3, 3] as [UInt8] {
      index.lines.countUse(of: slot)
      #expect(index.lines.uses(of: slot) == uses)
    }
    index.replace(slot: slot, place: 6, uses: 1)
    #expect(index.lines.uses(of: slot) == 1 && index.lines.place(of: slot) == 6)
    index.remove(slot: slot, hash: 77)
    #expect(index.insert(hash: 77, place: 9) == slot && index.lines.uses(of: slot) == 0)
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
