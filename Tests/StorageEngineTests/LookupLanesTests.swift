import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Many keys at once") struct LookupLanesTests {
  @Test(
    "are cut into lanes of eight, at most sixteen of them",
    arguments: [
      (1, 1), (8, 1), (15, 1), (16, 2), (23, 2), (24, 3), (127, 15), (128, 16), (1000, 16),
    ])
  func laneCount(missCount: Int, expected: Int) {
    #expect(LookupLanes.count(missCount: missCount) == expected)
  }

  /// A store with numbers as keys, a third of them deleted, in files and in memory.
  private static func filled(_ fixture: StoreFixture, keyCount: Int) throws -> TieredStore {
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 64 << 10
    let store = try fixture.create(configuration)
    for start in stride(from: 0, to: keyCount, by: 500) {
      var batch = StoreBatch()
      for number in start..<min(keyCount, start + 500) {
        batch.put(bytes("key \(number)"), bytes("value \(number)"))
      }
      for number in start..<min(keyCount, start + 500) where number % 3 == 0 {
        batch.delete(bytes("key \(number)"))
      }
      try store.write(batch)
      if start % 1500 == 0 { try store.flush() }
    }
    return store
  }

  private static func value(_ number: Int, keyCount: Int) -> [UInt8]? {
    number < keyCount && number % 3 != 0 ? bytes("value \(number)") : nil
  }

  @Test("get what single keys get, absent and repeated ones too", arguments: [7, 100, 3000])
  func answers(count: Int) throws {
    let fixture = try StoreFixture()
    let store = try Self.filled(fixture, keyCount: 5000)
    let seed = UInt64.random(in: 1 ... .max)
    var generator = SeededGenerator(seed: seed)
    let numbers = (0..<count).map { _ in Int.random(in: 0..<6000, using: &generator) }
    let values = try store.multiGet(numbers.map { bytes("key \($0)") })
    #expect(values == numbers.map { Self.value($0, keyCount: 5000) }, "seed \(seed)")
  }

  @Test("do not wait for one another, however many callers there are")
  func callers() throws {
    let fixture = try StoreFixture()
    let store = try Self.filled(fixture, keyCount: 5000)
    // Far more than there are readers, each of which wants sixteen of them.
    let group = DispatchGroup()
    let wrong = Mutex(0)
    for caller in 0..<100 {
      group.enter()
      let numbers = (0..<400).map { (caller * 37 + $0 * 13) % 6000 }
      store.multiGet(numbers.map { bytes("key \($0)") }) { result in
        if (try? result.get()) != numbers.map({ Self.value($0, keyCount: 5000) }) {
          wrong.withLock { $0 += 1 }
        }
        group.leave()
      }
    }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(wrong.withLock { $0 } == 0)
  }
}
