import Foundation
import Glibc
import StorageEngine
import TestSupport
import Testing

@Suite(
  "A full disk",
  .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"),
  .enabled(
    if: ProcessInfo.processInfo.environment["STOREBENCH_FULL_DISK"] != nil, "ci/soak store runs it")
)
struct FullDiskTests {
  /// STORE_FULLS makes the loop longer; so many on each file system in each mode.
  private static let roundCount = number("STORE_FULLS").map { Int($0) } ?? 3

  private static func configuration(_ mode: String, hot: String) -> StoreConfiguration {
    var configuration = StoreFixture.small
    configuration.durability =
      switch mode {
      case "sync": .sync
      case "grouped": .grouped(maxDelay: .milliseconds(5))
      default: .async
      }
    // Without it reads would not reach the tier.
    configuration.hotCacheBytes = 0
    configuration.tierFolders[.hot] = hot
    return configuration
  }

  /// The numbers of values that a store does not give back.
  private static func lost(_ store: TieredStore, _ values: [[UInt8]]) throws -> [Int] {
    try values.indices.filter { try store.get(bytes("k\($0)")) != values[$0] }
  }

  private static let noise: [UInt8] = {
    var generator = SeededGenerator(seed: 1)
    return generator.bytes(1 << 20)
  }()

  /// Writes until the store takes no more.
  private static func fill(
    _ store: TieredStore, _ values: inout [[UInt8]], _ generator: inout SeededGenerator
  ) -> StoreError? {
    while values.count < 20_000 {
      // Parts of one random text, so that no compressor spares room.
      let size = Int.random(in: 0..<4, using: &generator) == 0 ? 60_000 : 6000
      let start = Int.random(in: 0..<(noise.count - size), using: &generator)
      let value = Array(noise[start..<(start + size)])
      do throws(StoreError) {
        try store.put(bytes("k\(values.count)"), value)
        values.append(value)
      } catch {
        return error
      }
    }
    return nil
  }

  @Test(
    "stops writing with a clear error, keeps what was acknowledged, and goes on by itself",
    arguments: LoopDisk.Kind.allCases, ["sync", "grouped", "async"])
  func full(kind: LoopDisk.Kind, mode: String) throws {
    let seed = number("STORE_SEED") ?? UInt64.random(in: 0 ... .max)
    print("full disks on \(kind.rawValue) in mode \(mode): seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    let disk = try LoopDisk(kind, in: fixture.folder)
    for round in 0..<Self.roundCount {
      let place: Comment = "seed \(seed), round \(round), \(kind.rawValue), \(mode)"
      let path = fixture.folder + "/store-\(round)"
      let hot = disk.path + "/hot-\(round)"
      let configuration = Self.configuration(mode, hot: hot)
      var store = fixture.closing(try .create(at: path, configuration: configuration))
      var values: [[UInt8]] = []
      for phase in 0..<2 {
        // Either little is left, or all is taken away from under a store that has just begun.
        if round % 3 == 2 {
          try store.put(bytes("before"), [1])
          try disk.fill(leaving: 0, file: "ballast-\(phase)")
        } else {
          let free = UInt64.random(in: 1 << 20..<12 << 20, using: &generator)
          try disk.fill(leaving: free, file: "ballast-\(phase)")
        }
        guard let error = Self.fill(store, &values, &generator) else {
          Issue.record("it never became full: \(place)")
          return
        }
        guard case .noSpace(.hot, let named, _) = error else {
          Issue.record("\(error), \(place)")
          return
        }
        #expect(named.hasPrefix(hot), place)
        #expect(throws: StoreError.self, place) { try store.put(bytes("x"), [1]) }
        #expect(try Self.lost(store, values) == [], place)
        try FileManager.default.removeItem(atPath: "\(disk.path)/ballast-\(phase)")
        // Room is looked for once a second.
        var refusal: StoreError?
        let deadline = Date().addingTimeInterval(15)
        repeat {
          refusal = nil
          do throws(StoreError) { try store.put(bytes("after"), bytes("room \(phase)")) } catch {
            refusal = error
            usleep(50_000)
          }
        } while refusal != nil && Date() < deadline
        #expect(refusal == nil, place)
        #expect(try Self.lost(store, values) == [], place)
      }
      try store.close()
      store = fixture.closing(try .open(path, configuration: configuration))
      #expect(try store.get(bytes("after")) == bytes("room 1"), place)
      #expect(try Self.lost(store, values) == [], place)
      #expect(try store.verify() == [], place)
      try store.close()
      try FileManager.default.removeItem(atPath: hot)
    }
  }

  @Test("is told before a batch is begun that could not end", arguments: [LoopDisk.Kind.ext4])
  func largeBatch(kind: LoopDisk.Kind) throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(kind, in: fixture.folder)
    let configuration = Self.configuration("sync", hot: disk.path + "/hot")
    let store = try fixture.create(configuration)
    try store.put(bytes("a"), [1])
    try disk.fill(leaving: 40 << 20)
    #expect {
      try store.put(bytes("large"), [UInt8](repeating: 1, count: 32 << 20))
    } throws: { error in
      if case StoreError.noSpace(.hot, _, _) = error { true } else { false }
    }
    // Smaller ones are taken all the while.
    try store.put(bytes("b"), [2])
    #expect(try store.get(bytes("large")) == nil)
    #expect(try store.get(bytes("a")) == [1])
  }

  @Test("of a lower tier stops moves to it, which go on by themselves")
  func lowerTier() throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(.ext4, in: fixture.folder)
    var configuration = StoreFixture.small
    configuration.tierFolders[.warm] = disk.path + "/warm"
    let store = try fixture.create(configuration)
    var generator = SeededGenerator(seed: 7)
    var values: [[UInt8]] = []
    for number in 0..<600 {
      values.append(generator.bytes(20_000))
      try store.put(bytes("k\(number)"), values[number])
    }
    try disk.fill(leaving: 2 << 20)
    #expect {
      for _ in 0..<20 { try store.move(.all, from: .hot, to: .warm) }
      try store.flush()
    } throws: { error in
      if case StoreError.noSpace(.warm, _, _) = error { true } else { false }
    }
    #expect(try Self.lost(store, values) == [])
    // The hot tier has room.
    try store.put(bytes("k0"), values[0])
    try FileManager.default.removeItem(atPath: disk.path + "/ballast")
    var moved = false
    let deadline = Date().addingTimeInterval(15)
    while !moved, Date() < deadline {
      moved = (try? store.move(.all, from: .hot, to: .warm)) != nil
      if !moved { usleep(100_000) }
    }
    #expect(moved)
    #expect(try Self.lost(store, values) == [])
    #expect(try store.verify() == [])
    try store.close()
    #expect(try Self.lost(try fixture.open(configuration), values) == [])
  }
}
