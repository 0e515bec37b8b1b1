import Foundation
import StorageEngine
import TestSupport
import Testing

/// STORE_LONG runs them; `ci/soak store` sets it.
@Suite(
  "A large store",
  .enabled(if: ProcessInfo.processInfo.environment["STORE_LONG"] != nil, "ci/soak store runs it"))
struct LongTests {
  private static func key(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
  }

  /// Memory enough that millions of keys are a matter of seconds.
  private static var configuration: StoreConfiguration {
    var configuration = StoreConfiguration.measured.scaled(by: 0.25)
    configuration.durability = .async
    return configuration
  }

  @Test("of ten million keys, all but a few deleted, is scanned")
  func deletes() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(Self.configuration)
    let count = 10_000_000
    let isKept = { (number: Int) in number % 1_000_003 == 7 }
    for deleting in [false, true] {
      for start in stride(from: 0, to: count, by: 1000) {
        var batch = StoreBatch()
        for number in start..<(start + 1000) {
          if deleting {
            if !isKept(number) { batch.delete(Self.key(number)) }
          } else {
            batch.put(Self.key(number), Array("value \(number)".utf8))
          }
        }
        try store.write(batch)
      }
      // Half of the values lie below the tombstones.
      if !deleting { try store.move(KeyRange(upTo: Self.key(count / 2)), from: .hot, to: .warm) }
    }
    let kept = (0..<count).filter(isKept)
    for direction in [ScanDirection.forward, .backward] {
      let started = Date()
      let found = try store.snapshot().pairs(.all, direction)
      let expected = kept.map { Pair(key: Self.key($0), value: Array("value \($0)".utf8)) }
      #expect(found == (direction == .forward ? expected : expected.reversed()))
      print("scan over \(count) deletes: \(Date().timeIntervalSince(started)) s")
    }
    // Once the tombstones have come to the cold tier, nothing is left of them.
    try store.move(.all, from: .hot, to: .cold)
    try store.move(.all, from: .warm, to: .cold)
    #expect(try store.snapshot().pairs().map(\.key) == kept.map(Self.key))
    #expect(try store.verify() == [])
    try store.close()
  }

  @Test("takes keys and values of every length up to the limits, in all tiers")
  func lengths() throws {
    let fixture = try StoreFixture()
    var configuration = Self.configuration
    configuration.durability = .sync
    var store = try fixture.create(configuration)
    var generator = SeededGenerator(seed: number("STORE_SEED") ?? 5)
    var values: [[UInt8]: (count: Int, byte: UInt8)] = [:]
    let counts = [0, 1, 100, 4095, 4096, 4097, 32_768, 1 << 20, (1 << 20) + 1, 16 << 20, 64 << 20]
    for keyCount in [1, 2, 255, 256, 4096, 65_535, 65_536] {
      for count in counts {
        var key = generator.bytes(keyCount)
        // One byte tells few apart.
        while values[key] != nil { key = generator.bytes(keyCount) }
        let byte = UInt8(truncatingIfNeeded: generator.next())
        values[key] = (count, byte)
        try store.put(key, [UInt8](repeating: byte, count: count))
      }
    }
    func expectAll() throws {
      for (key, value) in values {
        let found = try store.get(key)
        #expect(found == [UInt8](repeating: value.byte, count: value.count), "\(key.count)")
      }
    }
    try expectAll()
    for (source, target) in [(Tier.hot, Tier.warm), (.warm, .cold), (.cold, .hot)] {
      try store.move(.all, from: source, to: target)
      try store.close()
      store = try fixture.open(configuration)
      try expectAll()
    }
    #expect(throws: StoreError.self) { try store.put([], [1]) }
    #expect(throws: StoreError.self) { try store.put(generator.bytes(65_537), [1]) }
    #expect(throws: StoreError.self) {
      try store.put([1], [UInt8](repeating: 0, count: (64 << 20) + 1))
    }
    try expectAll()
    #expect(try store.verify() == [])
    try store.close()
  }
}
