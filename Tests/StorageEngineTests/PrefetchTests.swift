import Foundation
import Measurements
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Prefetching", .serialized)
struct PrefetchTests {
  private let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private func key(_ number: Int) -> [UInt8] { bytes("key " + String(10_000_000 + number)) }

  /// A store whose keys all lie in cold, with a cache for a small part of them.
  private func makeStore(
    _ keyCount: Int, _ change: (inout StoreConfiguration) -> Void = { _ in }
  ) throws -> TieredStore {
    var configuration = StoreFixture.small
    configuration.placement = nil
    configuration.hotCacheBytes = 4 << 20
    configuration.prefetchBytes = 4 << 20
    // The kernel's cache would be as fast as what is read ahead.
    configuration.directReads = true
    change(&configuration)
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

  /// A client that does something with what it gets, for as long as it takes to read ahead.
  private func rest(of store: TieredStore) {
    while store.prefetch?.flights.isBusy == true { usleep(50) }
  }

  @Test(
    "reads what came after a key before: most of it is used",
    .enabled(
      if: ProcessInfo.processInfo.environment["STORE_SANITIZED"] == nil,
      "a sanitizer slows readers down so much that most comes too late"))
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
      rest(of: store)
      try get(partner[first], from: store)
    }
    let counts = try #require(store.prefetch).ledger.counts
    print("pairs: \(counts)")
    #expect(counts.issued > 3000)
    #expect(Double(counts.used) >= 0.6 * Double(counts.used + counts.wasted))
  }

  @Test(
    "reads ahead of who walks through keys in their order",
    .enabled(
      if: ProcessInfo.processInfo.environment["STORE_SANITIZED"] == nil,
      "a sanitizer slows readers down so much that most comes too late"))
  func runs() throws {
    let count = 20_000
    let store = try makeStore(count)
    var random = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      let start = Int.random(in: 0..<count - 200, using: &random)
      for number in start..<start + 200 {
        try get(number, from: store)
        rest(of: store)
      }
    }
    let counts = try #require(store.prefetch).ledger.counts
    print("runs: \(counts)")
    #expect(counts.issued > 3000)
    #expect(Double(counts.used) >= 0.6 * Double(counts.used + counts.wasted))
  }

  @Test("keeps what is read ahead of long values until it is asked for")
  func longValues() throws {
    var configuration = StoreFixture.small
    configuration.placement = nil
    // The queue for new keys has room for some twenty.
    configuration.hotCacheBytes = 4 << 20
    configuration.prefetchBytes = 1 << 20
    configuration.directReads = true
    let store = try fixture.create(configuration)
    var random = SeededGenerator(seed: 5)
    let count = 1500
    for number in 0..<count { try store.put(key(number), random.bytes(16_000)) }
    try store.move(.all, from: .hot, to: .cold)
    try store.waitUntilIdle()
    // Until the cache has its memory.
    for number in 0..<count { #expect(try store.get(key(number)) { $0.count } == 16_000) }
    let before = try #require(store.prefetch).ledger.counts
    for _ in 0..<60 {
      let start = Int.random(in: 0..<count - 64, using: &random)
      for number in start..<start + 64 {
        #expect(try store.get(key(number)) { $0.count } == 16_000)
        rest(of: store)
      }
    }
    let after = try #require(store.prefetch).ledger.counts
    print("long values: \(before) \(after)")
    let (used, wasted) = (after.used - before.used, after.wasted - before.wasted)
    #expect(used > 1000 && Double(used) >= 0.8 * Double(used + wasted))
  }

  @Test("has a client that walks and asks for the next key at once wait for what is read ahead")
  func hurriedRuns() throws {
    let count = 20_000
    // As on a disk where reads take long.
    let store = try makeStore(count) {
      $0.prefetchAwaitCost = 0
      // A sanitizer makes a plan take 0.2 s, for which nobody would wait.
      if ProcessInfo.processInfo.environment["STORE_SANITIZED"] != nil {
        $0.prefetchAwaitLongest = Nanoseconds(seconds: 10)
      }
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<100 {
      let start = Int.random(in: 0..<count - 100, using: &random)
      for number in start..<start + 100 { try get(number, from: store) }
    }
    let counts = try #require(store.prefetch).ledger.counts
    print("hurried runs: \(counts)")
    // Without waiting some 200 are, the others being overtaken.
    #expect(counts.used > 1000)
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
