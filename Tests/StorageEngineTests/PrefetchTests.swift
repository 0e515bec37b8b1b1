import Foundation
import Measurements
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Parts of prefetching")
struct PrefetchPartTests {
  private func hash(_ key: [UInt8]) -> UInt64 { KeyHash.hash(key.span, seed: 1) }

  @Test("the table tells what mostly came after a key, and nothing of what came after it by chance")
  func successors() {
    var table = SuccessorTable(byteCount: 1 << 20)
    let (first, second) = (bytes("first"), bytes("second"))
    table.learn(hash(first), then: second.span, hash: hash(second))
    // Once is not enough.
    #expect(table.successors(of: hash(first), atLeast: 0.5).isEmpty)
    table.learn(hash(first), then: second.span, hash: hash(second))
    #expect(table.successors(of: hash(first), atLeast: 0.5).map(\.key) == [second])
    for number in 0..<50 {
      let other = bytes("other \(number)")
      table.learn(hash(first), then: other.span, hash: hash(other))
    }
    #expect(table.successors(of: hash(first), atLeast: 0.5).isEmpty)
  }

  @Test("the table learns anew what comes after a key, and forgets the old")
  func anew() {
    var table = SuccessorTable(byteCount: 1 << 20)
    let key = hash(bytes("key"))
    let (old, new) = (bytes("old"), bytes("new"))
    for _ in 0..<20 { table.learn(key, then: old.span, hash: hash(old)) }
    for _ in 0..<20 { table.learn(key, then: new.span, hash: hash(new)) }
    #expect(table.successors(of: key, atLeast: 0.5).map(\.key) == [new])
  }

  @Test("a run is noticed after some steps, and read ahead before its end is reached")
  func run() {
    var detector = RunDetector()
    var until = 0
    for number in 0..<1000 {
      let key = bytes("block " + String(10_000 + number))
      if let (behind, count) = detector.next(key.span) {
        #expect(count <= RunDetector.reachMax)
        // What lies between was asked for before.
        #expect(behind == (until > number ? bytes("block " + String(10_000 + until)) : key))
        until = max(until, number) + count
        detector.reached(bytes("block " + String(10_000 + until)))
      }
      if number > RunDetector.stepsMin { #expect(until > number, "at \(number)") }
    }
  }

  @Test("keys at random, downwards, of other lengths or far apart are no run")
  func noRun() {
    var random = SeededGenerator(seed: 2)
    var detector = RunDetector()
    #expect((0..<10_000).allSatisfy { _ in detector.next(random.bytes(16).span) == nil })
    detector = RunDetector()
    #expect(
      (0..<1000).allSatisfy { detector.next(bytes("block " + String(99_999 - $0)).span) == nil })
    detector = RunDetector()
    #expect((0..<200).allSatisfy { detector.next([UInt8](repeating: 7, count: $0).span) == nil })
  }

  @Test("the ledger tells what was used, what was asked for too late, and what never was")
  func ledger() {
    let ledger = PrefetchLedger()
    #expect(ledger.issue(1) && !ledger.issue(1) && ledger.issue(2) && ledger.issue(3))
    #expect(ledger.use(1, wasCached: true))
    #expect(!ledger.use(1, wasCached: true))
    #expect(!ledger.use(2, wasCached: false))
    // In the place of the third.
    #expect(ledger.issue(3 + 4096))
    #expect(ledger.counts == PrefetchLedger.Counts(issued: 4, used: 1, wasted: 2))
    // What never came into the cache counts neither way.
    ledger.cancel(3 + 4096)
    #expect(!ledger.use(3 + 4096, wasCached: false) && !ledger.isOpen(3 + 4096))
    #expect(ledger.counts == PrefetchLedger.Counts(issued: 3, used: 1, wasted: 2))
  }

  private func outlook(_ precision: Double, _ missMicroseconds: Double = 50) -> PrefetchOutlook {
    PrefetchOutlook(precision: precision, missNanoseconds: missMicroseconds * 1000)
  }

  /// Of so many accesses, how many are planned at; those that rest pass unseen.
  private func planned(
    _ duty: inout PrefetchDuty, _ count: Int, uses: Int, wasCached: Bool = true,
    missMicroseconds: Double = 50
  ) -> Int {
    var planned = 0
    var number = 0
    while number < count {
      let part = duty.next(wasCached: wasCached) { outlook(0.9, missMicroseconds) }
      if part == .plan { planned += 1 }
      if uses > 0, number % uses == 0 { duty.use(sparing: missMicroseconds * 1000) }
      number += 1 + Int(duty.rest)
    }
    return planned
  }

  @Test("goes off duty where little is used, looks now and then, and goes on where it pays again")
  func duty() {
    var duty = PrefetchDuty()
    let trial = Int(PrefetchDuty.trial)
    #expect(planned(&duty, trial, uses: 0) == trial)
    let count = 20 * Int(PrefetchDuty.period)
    let share = Double(planned(&duty, count, uses: 0)) / Double(count)
    #expect(share > 0.005 && share < 0.01)
    _ = planned(&duty, 2 * Int(PrefetchDuty.period), uses: 10)
    #expect(planned(&duty, 10_000, uses: 10) == 10_000)
  }

  @Test("is tried for longer where much is not cached")
  func longer() {
    var duty = PrefetchDuty()
    let trial = Int(PrefetchDuty.trialMax)
    #expect(planned(&duty, trial, uses: 0, wasCached: false) == trial)
    #expect(duty.rest > 0)
  }

  @Test("leaves its trial early where what is read ahead is of no use")
  func early() {
    var duty = PrefetchDuty()
    for _ in 0..<PrefetchDuty.window - 1 {
      let part = duty.next { outlook(0.1) }
      #expect(part == .plan && duty.rest == 0)
    }
    _ = duty.next { outlook(0.1) }
    #expect(duty.rest > 0)
  }

  @Test(
    "stays on duty where the reads that it spares take longer than looking does",
    arguments: [
      // One access in so many uses what was read ahead; what a read takes; whether that pays.
      (40, 50, true), (60, 50, false), (60, 100, true), (1000, 100, false), (1000, 8000, true),
      (9, 10, true), (12, 10, false), (1, 0, false),
    ] as [(Int, Double, Bool)])
  func worthwhile(uses: Int, missMicroseconds: Double, pays: Bool) {
    var duty = PrefetchDuty()
    _ = planned(
      &duty, Int(PrefetchDuty.trial), uses: uses, missMicroseconds: missMicroseconds)
    #expect((duty.rest == 0) == pays)
  }

  @Test("goes off duty where waiting for what is read ahead takes longer than reading")
  func waiting() {
    var duty = PrefetchDuty()
    for number in 0..<PrefetchDuty.trial {
      _ = duty.next(wasCached: true) { outlook(0.9) }
      duty.use(sparing: number.isMultiple(of: 2) ? 50_000 : -60_000)
    }
    #expect(duty.rest > 0)
  }

  @Test("has who asks for a key that is under way wait until it is there, and nobody else")
  func flights() async throws {
    let flights = PrefetchFlights()
    let short = Nanoseconds(1_000_000)
    #expect(flights.join(1, atMost: short) == .none)
    flights.begin([1, 2])
    #expect(flights.join(3, atMost: short) == .none)
    // Nobody ends it: it is not waited for without end.
    guard case .gaveUp(let waited) = flights.join(2, atMost: short) else {
      Issue.record("waited for what nobody ended")
      return
    }
    #expect(waited >= short)
    for round in 0..<200 {
      let key = UInt64(10 + round)
      flights.begin([key])
      let waiter = Task.detached { flights.join(key, atMost: Nanoseconds(seconds: 60)) }
      let ender = Task.detached { flights.end([1, key]) }
      _ = await ender.value
      switch await waiter.value {
      case .none: break
      case .came(let waited): #expect(waited < Nanoseconds(seconds: 60))
      case .gaveUp: Issue.record("waited for a key that had come")
      }
      #expect(flights.join(key, atMost: short) == .none)
    }
  }

  @Test("looks again sooner where reads take long") func soon() {
    var duty = PrefetchDuty()
    _ = planned(&duty, Int(PrefetchDuty.trial), uses: 0, missMicroseconds: 8000)
    #expect(duty.rest == PrefetchDuty.periodMin)
  }

  @Test("knows what a read takes that memory does not answer") func missTime() {
    let time = MissTime()
    #expect(time.nanoseconds == PrefetchOutlook.usualMissNanoseconds)
    for _ in 0..<500 { time.note(Nanoseconds(seconds: 0.008)) }
    #expect(abs(time.nanoseconds - 8e6) < 1e5)
    // One that a drive held up says little of the others.
    time.note(Nanoseconds(seconds: 100))
    #expect(time.nanoseconds < 1.3e7)
    for _ in 0..<1000 { time.note(Nanoseconds(2000)) }
    #expect(time.nanoseconds >= 10_000 && time.nanoseconds < 11_000)
  }

  @Test("stays off duty where too much is read ahead for nothing")
  func imprecise() {
    var duty = PrefetchDuty()
    for _ in 0..<PrefetchDuty.trial {
      _ = duty.next(wasCached: true) { outlook(0.3) }
      duty.use(sparing: 50_000)
    }
    #expect(duty.rest > 0)
  }
}

@Suite("Prefetching", .serialized)
struct PrefetchTests {
  private let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private func key(_ number: Int) -> [UInt8] { bytes("key " + String(10_000_000 + number)) }

  /// A store whose keys all lie in cold, with a cache for a small part of them.
  private func makeStore(_ keyCount: Int) throws -> TieredStore {
    var configuration = StoreFixture.small
    configuration.placement = nil
    configuration.hotCacheBytes = 4 << 20
    configuration.prefetchBytes = 4 << 20
    // The kernel's cache would be as fast as what is read ahead.
    configuration.directReads = true
    let store = try fixture.create(configuration)
    var random = SeededGenerator(seed: 5)
    for number in 0..<keyCount { try store.put(key(number), random.bytes(500)) }
    try store.move(.all, from: .hot, to: .cold)
    try store.waitUntilIdle()
    // A cache takes its memory with the first entries, and refuses those that come before it has.
    let cache = try #require(store.cache)
    var start = 0
    while cache.counts.evictions == 0 {
      start += 7919
      try get(start % keyCount, from: store)
    }
    return store
  }

  private func get(_ number: Int, from store: TieredStore) throws {
    #expect(try store.get(key(number)) { $0.count } == 500)
  }

  @Test("reads what came after a key before: most of it is used")
  func pairs() throws {
    let count = 20_000
    let store = try makeStore(count)
    var random = SeededGenerator(seed: 6)
    var partner = Array(0..<count)
    partner.shuffle(using: &random)
    // More than the cache holds, or there were nothing to read ahead.
    for _ in 0..<50_000 {
      let first = Int.random(in: 0..<8000, using: &random)
      try get(first, from: store)
      // A client that does something with what it gets; one that does not is spared nothing.
      usleep(100)
      try get(partner[first], from: store)
    }
    let counts = try #require(store.prefetch).ledger.counts
    print("pairs: \(counts)")
    #expect(counts.issued > 10_000)
    #expect(Double(counts.used) >= 0.6 * Double(counts.used + counts.wasted))
  }

  @Test("reads ahead of who walks through keys in their order")
  func runs() throws {
    let count = 20_000
    let store = try makeStore(count)
    var random = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      let start = Int.random(in: 0..<count - 200, using: &random)
      for number in start..<start + 200 {
        try get(number, from: store)
        // A client that does something with what it gets; else, on a busy machine, it is always ahead.
        usleep(100)
      }
    }
    let counts = try #require(store.prefetch).ledger.counts
    print("runs: \(counts)")
    #expect(counts.issued > 3000)
    #expect(Double(counts.used) >= 0.6 * Double(counts.used + counts.wasted))
  }

  @Test("reads nothing ahead of who walks over what is cached anyway")
  func cachedRuns() throws {
    let store = try makeStore(20_000)
    for _ in 0..<3 { for number in 0..<2000 { try get(number, from: store) } }
    let before = try #require(store.prefetch).ledger.counts.issued
    for _ in 0..<5 { for number in 0..<2000 { try get(number, from: store) } }
    let after = try #require(store.prefetch).ledger.counts.issued
    // What the cache gave up meanwhile, no more.
    #expect(after - before < 1000, "\(after - before)")
  }

  @Test("reads next to nothing ahead where nothing follows from what came before")
  func uncorrelated() throws {
    let count = 20_000
    let store = try makeStore(count)
    let zipf = ZipfTable(count: count, skew: 0.99)
    var random = SeededGenerator(seed: 8)
    var places = Array(0..<count)
    places.shuffle(using: &random)
    for _ in 0..<100_000 { try get(places[zipf.rank(random.unit())], from: store) }
    let counts = try #require(store.prefetch).ledger.counts
    print("uncorrelated: \(counts)")
    #expect(counts.issued < 5000)
  }
}
