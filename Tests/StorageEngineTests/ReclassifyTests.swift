import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Reclassification")
struct ReclassifyTests {
  private func configuration(
    _ change: (inout PlacementSettings) -> Void = { _ in }
  ) -> StoreConfiguration {
    var configuration = StoreFixture.small
    var placement = PlacementSettings()
    placement.intervalSeconds = nil
    placement.memoryBytes = 256 << 10
    change(&placement)
    configuration.placement = placement
    configuration.hotCacheBytes = 0
    return configuration
  }

  @Test("lets sink what nobody reads and rise what readers find below, and reports both")
  func sinkAndRise() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration())
    for number in 0..<100 { try store.put(bytes("key \(number)"), bytes("value")) }
    let first = try store.reclassify()
    #expect(first.movedKeys == [.cold: 100] && first.isComplete && first.failures.isEmpty)
    #expect(first.totalKeys >= 100 && first.movedBytes > 0)
    // So short a watch takes accesses of the first minutes for those of an hour.
    for _ in 0..<100 { #expect(try store.get(bytes("key 7")) == bytes("value")) }
    for _ in 0..<10 { #expect(try store.get(bytes("key 8")) == bytes("value")) }
    let second = try store.reclassify()
    #expect(second.movedKeys == [.hot: 1, .warm: 1])
    #expect(try store.tier(holding: bytes("key 7")) == .hot)
    #expect(try store.tier(holding: bytes("key 8")) == .warm)
    #expect(try store.tier(holding: bytes("key 9")) == .cold)
  }

  @Test("lets rise what only the cache answers, and knows where it lies after each move")
  func riseFromCache() throws {
    let fixture = try StoreFixture()
    var configuration = configuration()
    configuration.hotCacheBytes = 1 << 20
    let store = try fixture.create(configuration)
    for number in 0..<10 { try store.put(bytes("key \(number)"), bytes("value")) }
    #expect(try store.reclassify().movedKeys == [.cold: 10])
    // The first read fills the cache, and is too few to let them rise.
    for number in 7..<9 { #expect(try store.get(bytes("key \(number)")) == bytes("value")) }
    #expect(try store.reclassify().movedKeys == [:])
    let before = try store.statistics()
    for _ in 0..<200 { #expect(try store.get(bytes("key 7")) == bytes("value")) }
    for _ in 0..<10 { #expect(try store.get(bytes("key 8")) == bytes("value")) }
    let after = try store.statistics()
    #expect(after.cacheHits - before.cacheHits == 210)
    #expect(try store.reclassify().movedKeys == [.hot: 1, .warm: 1])
    // Both are still cached, and known to lie where they belong.
    #expect(try store.reclassify().movedKeys == [:])
    for _ in 0..<100 { #expect(try store.get(bytes("key 8")) == bytes("value")) }
    #expect(try store.reclassify().movedKeys == [.hot: 1])
    #expect(try store.tier(holding: bytes("key 7")) == .hot)
    #expect(try store.tier(holding: bytes("key 8")) == .hot)
  }

  @Test("empties a tier that is too full of what is used least, and lets nothing rise into it")
  func full() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration { $0.capacityBytes = [.hot: 200_000] })
    var random = SeededGenerator(seed: 1)
    for number in 0..<1000 { try store.put(bytes("key \(number)"), random.bytes(300)) }
    try store.waitUntilIdle()
    // All of it belongs to hot by its use, some of it more.
    for round in 0..<120 {
      for number in 0..<1000 where round < 60 || number < 300 {
        #expect(try store.get(bytes("key \(number)")) { $0.count } == 300)
      }
    }
    let report = try store.reclassify()
    let sunk = (report.movedKeys[.warm] ?? 0) + (report.movedKeys[.cold] ?? 0)
    #expect(sunk >= 300 && sunk <= 900, "\(report)")
    for number in 0..<100 { #expect(try store.tier(holding: bytes("key \(number)")) == .hot) }
  }

  @Test("takes out of a tier that is too full what must, however alike all is used, and once")
  func alike() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration { $0.capacityBytes = [.hot: 340_000] })
    var random = SeededGenerator(seed: 1)
    for number in 0..<1000 { try store.put(bytes("key \(number)"), random.bytes(300)) }
    try store.waitUntilIdle()
    for _ in 0..<60 {
      for number in 0..<1000 { _ = try store.get(bytes("key \(number)")) { $0.count } }
    }
    let first = try store.reclassify()
    let sunk = (first.movedKeys[.warm] ?? 0) + (first.movedKeys[.cold] ?? 0)
    #expect(sunk > 0 && sunk < 400, "\(first)")
    // Its files have not shrunk yet.
    #expect(try store.reclassify().movedKeys == [:])
  }

  @Test("takes out of a tier that is too full what is rarely written, as the rest would come back")
  func rarelyWritten() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(
      configuration {
        $0.capacityBytes = [.hot: 600_000]
        // So that each key that is hot is counted by itself.
        $0.memoryBytes = 2 << 20
      })
    var random = SeededGenerator(seed: 1)
    for number in 0..<1000 { try store.put(bytes("key \(number)"), random.bytes(300)) }
    try store.waitUntilIdle()
    // All of it belongs to hot, and there is room for it.
    for _ in 0..<120 {
      for number in 0..<1000 { _ = try store.get(bytes("key \(number)")) { $0.count } }
    }
    #expect(try store.reclassify().movedKeys == [:])
    // Then more comes, and of what was there half is written anew.
    for number in 0..<1000 where number % 2 == 0 {
      try store.put(bytes("key \(number)"), random.bytes(300))
    }
    for number in 1000..<1300 {
      try store.put(bytes("key \(number)"), random.bytes(300))
      for _ in 0..<120 { _ = try store.get(bytes("key \(number)")) { $0.count } }
    }
    try store.waitUntilIdle()
    let sunk = try store.reclassify().movedKeys.values.reduce(0, +)
    #expect(sunk > 100 && sunk <= 500)
    for number in 0..<1300 where number % 2 == 0 || number >= 1000 {
      #expect(try store.tier(holding: bytes("key \(number)")) == .hot, "\(number)")
    }
  }

  @Test(
    "chooses what leaves a tier that is too full",
    arguments: [
      // Keys used 10 and 1000 times a day and rarely written, and the same of those that are written often; the
      // share to leave; and how many of each leave.
      ([10, 0, 0, 0], 0.3, [3, 0, 0, 0]),
      ([5, 5, 0, 0], 0.3, [3, 0, 0, 0]),
      ([5, 5, 0, 0], 0.8, [5, 3, 0, 0]),
      ([5, 0, 5, 0], 0.3, [3, 0, 0, 0]),
      ([5, 0, 5, 0], 0.7, [5, 0, 2, 0]),
      // What is read much more often stays, however rarely it is written.
      ([0, 5, 5, 0], 0.3, [0, 0, 3, 0]),
      ([2, 3, 5, 0], 0.8, [2, 1, 5, 0]),
      ([0, 0, 5, 5], 0.6, [0, 0, 5, 1]),
      ([2, 2, 3, 3], 1, [2, 2, 3, 3]),
      ([0, 0, 0, 0], 0.5, [0, 0, 0, 0]),
      ([3, 3, 3, 3], 0, [0, 0, 0, 0]),
    ] as [([Int], Double, [Int])], [false, true])
  func relief(_ row: ([Int], Double, [Int]), isReversed: Bool) {
    let (counts, share, expected) = row
    let uses = [
      ReliefChoice.Use(perDay: 10, isRarelyWritten: true),
      ReliefChoice.Use(perDay: 1000, isRarelyWritten: true),
      ReliefChoice.Use(perDay: 10, isRarelyWritten: false),
      ReliefChoice.Use(perDay: 1000, isRarelyWritten: false),
    ]
    var choice = ReliefChoice()
    for (count, use) in zip(counts, uses) { for _ in 0..<count { choice.add(use) } }
    choice.choose(share: share)
    var taken = [0, 0, 0, 0]
    for kind in isReversed ? [3, 2, 1, 0] : [0, 1, 2, 3] {
      taken[kind] = (0..<counts[kind]).count { _ in choice.takes(uses[kind]) }
    }
    #expect(taken == expected)
    #expect(choice.isDone)
  }

  @Test("keeps what is read much though a load beside it was written since the last look")
  func loadBesideReads() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(
      configuration {
        $0.capacityBytes = [.hot: 600_000]
        $0.memoryBytes = 2 << 20
      })
    var random = SeededGenerator(seed: 1)
    for number in 0..<300 { try store.put(bytes("key \(number)"), random.bytes(300)) }
    try store.waitUntilIdle()
    for _ in 0..<400 {
      for number in 0..<300 { _ = try store.get(bytes("key \(number)")) { $0.count } }
    }
    #expect(try store.reclassify().movedKeys == [:])
    for number in 300..<2500 {
      try store.put(bytes("key \(number)"), random.bytes(300))
      for _ in 0..<60 where number < 2000 {
        _ = try store.get(bytes("key \(number)")) { $0.count }
      }
    }
    try store.waitUntilIdle()
    #expect(try store.reclassify().movedKeys.values.reduce(0, +) > 500)
    for number in 0..<300 {
      #expect(try store.tier(holding: bytes("key \(number)")) == .hot, "\(number)")
    }
  }

  @Test("fills no tier beyond its share, neither from above nor from below, and tells of it")
  func targetFull() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration { $0.capacityBytes = [.cold: 500_000] })
    var random = SeededGenerator(seed: 1)
    // A part of a move takes 1 MiB: of 4 MB no more than one comes after it is full.
    for number in 0..<4000 { try store.put(bytes("key \(number)"), random.bytes(1000)) }
    let first = try store.reclassify()
    let sunk = first.movedKeys[.cold] ?? 0
    #expect(sunk > 400 && sunk < 2200, "\(first.movedKeys)")
    #expect(first.failures.contains { if case .noSpace(.cold, _, _) = $0 { true } else { false } })
    #expect(try store.reclassify().movedKeys == [:])
    for number in 0..<4000 {
      #expect(try store.get(bytes("key \(number)")) { $0.count } == 1000)
    }
  }

  @Test(
    "goes on between tiers that are well where a third one fails",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"))
  func othersGoOn() throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(.ext4, in: fixture.folder)
    var configuration = configuration()
    configuration.tierFolders[.cold] = disk.path + "/tier"
    let store = try fixture.create(configuration)
    for number in 0..<100 { try store.put(bytes("key \(number)"), bytes("value")) }
    // As often as belongs to warm; the rest is to sink to cold, which comes first.
    for _ in 0..<10 {
      for number in 0..<50 { #expect(try store.get(bytes("key \(number)")) == bytes("value")) }
    }
    try disk.makeReadOnly()
    let report = try store.reclassify()
    #expect(report.movedKeys == [.warm: 50] && !report.failures.isEmpty, "\(report)")
    try? store.close()
    try disk.unmount()
  }

  @Test(
    "is refused settings that it cannot work with",
    arguments: [
      { $0.rule.hotPerDay = .infinity }, { $0.rule.hotPerDay = .nan }, { $0.rule.hotPerDay = 50 },
      { $0.rule.hotPerDay = 1e9 }, { $0.rule.warmPerDay = 0 }, { $0.rule.warmPerDay = -1 },
      { $0.rule.stayingShare = 0 }, { $0.rule.stayingShare = .nan },
      { $0.rule.stayingShare = 2 }, { $0.rule.hotIdleSeconds = .nan },
      { $0.rule.warmIdleSeconds = 60 }, { $0.intervalSeconds = .nan }, { $0.intervalSeconds = -1 },
      { $0.intervalSeconds = .infinity }, { $0.memoryBytes = -1 }, { $0.memoryBytes = .max },
      { $0.bytesPerSecond = 0 }, { $0.bytesPerSecond = .min }, { $0.fullShare = .nan },
      { $0.fullShare = -1 }, { $0.processorShare = 0 }, { $0.processorShare = .nan },
      { $0.processorShare = 2 }, { $0.capacityBytes = [.warm: 0] },
    ] as [@Sendable (inout PlacementSettings) -> Void])
  func refusedSettings(change: @Sendable (inout PlacementSettings) -> Void) throws {
    let fixture = try StoreFixture()
    do {
      _ = try fixture.create(configuration(change))
      Issue.record("it was taken")
    } catch let error as StoreError {
      guard case .invalidArgument(let text) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(text.hasPrefix("the placement setting "))
    }
  }

  @Test("ends with its store: once that is closed, nobody holds a tier", arguments: 0..<8)
  func closedMeanwhile(round: Int) throws {
    let fixture = try StoreFixture()
    let configuration = configuration { $0.bytesPerSecond = 1 << 20 }
    let store = try fixture.create(configuration)
    for number in 0..<3000 {
      try store.put(bytes("key \(number)"), [UInt8](repeating: 1, count: 300))
    }
    try store.flush()
    let ended = DispatchSemaphore(value: 0)
    Thread {
      _ = try? store.reclassify()
      ended.signal()
    }.start()
    usleep(UInt32(round) * 4000)
    try store.close()
    let again = try fixture.open(configuration)
    for number in 0..<3000 {
      #expect(try again.get(bytes("key \(number)")) { $0.count } == 300)
    }
    try again.close()
    ended.wait()
  }

  /// What becomes of the drive of a lower tier.
  enum Loss {
    /// It answers everything with EIO.
    case dead
    /// Its file system takes no more writes.
    case readOnly
  }

  @Test(
    "names a lower tier that is lost or takes no writes, and loses nothing by it",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"),
    arguments: [(.ext4, .dead), (.xfs, .dead), (.ext4, .readOnly)] as [(LoopDisk.Kind, Loss)])
  func lostTier(kind: LoopDisk.Kind, loss: Loss) throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(kind, in: fixture.folder)
    var configuration = configuration()
    configuration.durability = .sync
    configuration.tierFolders[.cold] = disk.path + "/tier"
    let store = try fixture.create(configuration)
    for number in 0..<100 { try store.put(bytes("key \(number)"), bytes("value")) }
    #expect(try store.reclassify().movedKeys == [.cold: 100])
    for number in 100..<200 { try store.put(bytes("key \(number)"), bytes("value")) }
    // Used enough to rise, were their tier there to be read.
    for _ in 0..<100 { #expect(try store.get(bytes("key 7")) == bytes("value")) }
    switch loss {
    case .dead: try disk.cutPower()
    case .readOnly: try disk.makeReadOnly()
    }
    let report = try store.reclassify()
    #expect(report.movedKeys[.cold] == nil && !report.failures.isEmpty, "\(report)")
    for failure in report.failures {
      #expect(failure.place?.tier == .cold, "\(failure)")
      #expect(failure.place?.path.hasPrefix(disk.path) == true, "\(failure)")
    }
    // What was to sink is where it was, and the hot tier goes on.
    for number in 100..<200 {
      #expect(try store.get(bytes("key \(number)")) == bytes("value"))
      #expect(try store.tier(holding: bytes("key \(number)")) == .hot)
    }
    try store.put(bytes("new"), bytes("value"))
    try? store.close()
    try disk.unmount()
    try disk.mount()
    let again = try fixture.open(configuration)
    for number in 0..<200 { #expect(try again.get(bytes("key \(number)")) == bytes("value")) }
    #expect(try again.get(bytes("new")) == bytes("value"))
    #expect(try again.verify() == [])
    let second = try again.reclassify()
    #expect(second.failures.isEmpty, "\(second)")
  }

  @Test("is refused where there is nothing to go by")
  func refused() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.placement = nil
    let store = try fixture.create(configuration)
    #expect(throws: StoreError.self) { try store.reclassify() }
    try store.close()
    configuration.readOnly = true
    let reader = try fixture.open(configuration)
    #expect(throws: StoreError.self) { try reader.reclassify() }
  }

  @Test("comes by itself after each interval, and keeps no store open")
  func byItself() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration { $0.intervalSeconds = 0.05 })
    try store.put(bytes("key"), bytes("value"))
    let end = Date().addingTimeInterval(60)
    while try store.tier(holding: bytes("key")) != .cold, Date() < end { usleep(10_000) }
    #expect(try store.tier(holding: bytes("key")) == .cold)
    try store.close()
    #expect(throws: StoreError.closed(path: fixture.path)) { try store.reclassify() }
  }
}
