import Dispatch
import LinuxIO
import Measurements
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Access patterns")
struct AccessPatternTests {
  @Test(
    "follow from what a client did of late",
    arguments: [
      (AccessMix(), nil),
      (AccessMix(gets: 1023), nil),
      (AccessMix(gets: 1024), .rareWrite),
      (AccessMix(gets: 1020, changes: 11), .random),
      (AccessMix(gets: 1020, changes: 10), .rareWrite),
      (AccessMix(gets: 1020, batchedChanges: 11), .random),
      (AccessMix(changes: 1024), .random),
      (AccessMix(gets: 1000, multiGetKeys: 1000), .batch),
      (AccessMix(gets: 1001, multiGetKeys: 1000), .rareWrite),
      (AccessMix(gets: 1000, changes: 24, batchedChanges: 1024), .batch),
      (AccessMix(scans: 16), .sequential),
      (AccessMix(gets: 1024, scans: 15), .rareWrite),
      (AccessMix(gets: 1024, scans: 16), .sequential),
      (AccessMix(gets: 2000, watchedGets: 1000, runGets: 500), .sequential),
      (AccessMix(gets: 2000, watchedGets: 1000, runGets: 499), .rareWrite),
      (AccessMix(gets: 2000, watchedGets: 63, runGets: 63), .rareWrite),
      (AccessMix(gets: 1000, multiGetKeys: 1000, watchedGets: 1000, runGets: 1000), .batch),
      (AccessMix(gets: .max, multiGetKeys: .max), .batch),
    ] as [(AccessMix, AccessPattern?)])
  func mixes(_ mix: AccessMix, _ expected: AccessPattern?) {
    #expect(mix.pattern(runShare: 0) == expected)
  }

  @Test("are remembered while too little is done, and by the order that was seen last")
  func remembered() {
    var clients = ClientPatterns()
    var mix = AccessMix(gets: 2000, watchedGets: 2000, runGets: 1900)
    clients.note(mix, of: 3, at: .zero)
    #expect(clients.counts == [.sequential: 1])
    // Too little to tell, and then enough without a look at the order.
    mix.gets += 500
    clients.note(mix, of: 3, at: .zero)
    mix.gets += 2000
    clients.note(mix, of: 3, at: .zero)
    #expect(clients.counts == [.sequential: 1])
    mix.gets += 2000
    mix.changes += 2000
    mix.watchedGets += 2000
    clients.note(mix, of: 3, at: .zero)
    clients.note(AccessMix(multiGetKeys: 5000), of: 4, at: .zero)
    clients.note(AccessMix(gets: 5), of: 5, at: .zero)
    #expect(clients.counts == [.random: 1, .batch: 1])
    // Where a count is at its end it goes on from zero.
    var wrapping = AccessMix(gets: .max)
    clients.note(wrapping, of: 6, at: .zero)
    wrapping.gets &+= 1024
    wrapping.changes = 1024
    clients.note(wrapping, of: 6, at: .zero)
    #expect(clients.counts == [.random: 2, .batch: 1])
  }

  @Test("are forgotten of who does nothing for ten minutes, and told anew of who comes back")
  func forgotten() {
    var clients = ClientPatterns()
    var mix = AccessMix(gets: 2000)
    clients.note(mix, of: 3, at: .zero)
    clients.note(mix, of: 3, at: ClientPatterns.idleMax)
    #expect(clients.counts == [.rareWrite: 1])
    clients.note(mix, of: 3, at: ClientPatterns.idleMax + Nanoseconds(1))
    #expect(clients.counts == [:])
    mix.multiGetKeys += 1000
    clients.note(mix, of: 3, at: ClientPatterns.idleMax + Nanoseconds(2))
    #expect(clients.counts == [:])
    mix.multiGetKeys += 1000
    clients.note(mix, of: 3, at: ClientPatterns.idleMax + Nanoseconds(3))
    #expect(clients.counts == [.batch: 1])
  }

  /// What one client does to a store of 3000 keys.
  enum Client: String, CaseIterable, CustomTestStringConvertible {
    case jumps, jumpsAndWrites, walks, scans, asksForMany, asksForManyLater, writesBatches
    var testDescription: String { rawValue }

    var pattern: AccessPattern {
      switch self {
      case .jumps: .rareWrite
      case .jumpsAndWrites: .random
      case .walks, .scans: .sequential
      case .asksForMany, .asksForManyLater, .writesBatches: .batch
      }
    }

    func work(on store: TieredStore, _ keys: [[UInt8]]) throws {
      var random = SeededGenerator(seed: 1)
      switch self {
      case .jumps:
        for _ in 0..<3000 { _ = try store.get(keys[Int.random(in: 0..<3000, using: &random)]) }
      case .jumpsAndWrites:
        for _ in 0..<1500 {
          let key = keys[Int.random(in: 0..<3000, using: &random)]
          _ = try store.get(key)
          try store.put(key, bytes("again"))
        }
      case .walks: for key in keys { _ = try store.get(key) }
      case .scans: for _ in 0..<32 { try store.scan(limit: 100) { _, _ in true } }
      case .asksForMany: for _ in 0..<30 { _ = try store.multiGet(Array(keys[0..<100])) }
      case .asksForManyLater:
        for _ in 0..<30 {
          let done = DispatchSemaphore(value: 0)
          store.multiGet(Array(keys[0..<100])) { _ in done.signal() }
          done.wait()
        }
      case .writesBatches:
        for start in stride(from: 0, to: 3000, by: 100) {
          var batch = StoreBatch()
          for key in keys[start..<start + 100] { batch.put(key, bytes("again")) }
          try store.write(batch)
        }
      }
    }
  }

  @Test("are recognised of each thread that uses a store", arguments: Client.allCases)
  func recognised(_ client: Client) throws {
    let fixture = try StoreFixture()
    let path = fixture.path
    let keys = (0..<3000).map { bytes("key \($0 + 1000)") }
    let filled = try fixture.create()
    for key in keys { try filled.put(key, bytes("value")) }
    try filled.close()
    let store = try fixture.open()
    #expect(try store.statistics().clientPatterns == [:])
    let thread = try PinnedThread(name: "client", cpu: nil) {
      do {
        try client.work(on: store, keys)
      } catch {
        Issue.record(error, "\(path)")
      }
    }
    thread.join()
    #expect(try store.statistics().clientPatterns == [client.pattern: 1])
  }
}
