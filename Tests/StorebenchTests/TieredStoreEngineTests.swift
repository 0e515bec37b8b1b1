import Driver
import LinuxIO
import Measurements
import Qualification
import Testing
import Workloads

@testable import storebench

@Suite("The tiered store as an engine") struct TieredStoreEngineTests {
  private let folder: TestFolder
  private let engine: any Engine
  private let plan: EnginePlan

  init() throws {
    folder = try TestFolder()
    var plan = EnginePlan(
      keySpaces: [
        EnginePlan.KeySpace(keyCount: 3000, valueBytes: 100),
        EnginePlan.KeySpace(keyCount: 1000, valueBytes: 1024),
      ],
      memoryBytes: 64 << 20, durabilityDelay: Nanoseconds(seconds: 0.01), seed: 4,
      runID: RunID(high: 1, low: 2))
    plan.compressiblePercent = 30
    self.plan = plan
    engine = try TieredStoreEngineFactory().makeEngine(
      at: FileSystemPath(folder.path("engine")), plan: plan)
  }

  private func load(
    _ workload: EngineWorkload, space: Int = 0, end: LoadEnd = .operations(300), depth: Int = 8
  ) throws -> EngineResult {
    try engine.run(
      EngineLoad(
        workload: workload, keySpace: space, scatterSeed: 1, depth: depth, threads: 1, end: end,
        seed: 9),
      stop: StopSignal(), pulse: { _ in })
  }

  private func fill() throws {
    for space in plan.keySpaces.indices {
      let result = try load(.fill, space: space, end: .rangeCovered)
      #expect(result.load.outcome == .completed && result.load.round.faults == FaultCounts())
      #expect(result.entries == plan.keySpaces[space].keyCount)
    }
    #expect(
      try engine.waitUntilIdle(atMost: Nanoseconds(seconds: 30), stop: StopSignal()))
  }

  @Test("says how it is configured, within the memory that was planned")
  func record() throws {
    defer { try? engine.close() }
    let record = engine.record
    #expect(record.cacheBytes <= plan.memoryBytes && record.cacheBytes > plan.memoryBytes / 2)
    #expect(record.directReads && record.durability == "grouped")
    #expect(record.durabilityDelay == plan.durabilityDelay)
    #expect(record.keySpaces.map(\.dataBytes) == [3000 * 116, 1000 * 1040])
    #expect(record.library.hasPrefix("RocksDB 7") && record.configuration.count > 3)
  }

  @Test(
    "carries out every load, and all that it reads is right",
    arguments: [
      (.get, 1), (.put, 1), (.mix(readPercent: 50), 1), (.multiGet(keys: 20), 20),
      (.batch(entries: 20), 20), (.scan(entries: 20), 20),
    ] as [(EngineWorkload, UInt64)])
  func loads(workload: EngineWorkload, entries: UInt64) throws {
    defer { try? engine.close() }
    try fill()
    for space in plan.keySpaces.indices {
      for depth in [1, 8] {
        let result = try load(workload, space: space, depth: depth)
        #expect(result.load.outcome == .completed, "\(result.load.detail ?? "")")
        #expect(result.load.round.faults == FaultCounts())
        #expect(result.load.round.operations == 300 && result.entries == 300 * entries)
        #expect((result.reads != nil) == (workload == .mix(readPercent: 50)))
      }
    }
  }

  @Test("counts lookups, device reads and what is stored")
  func counters() throws {
    defer { try? engine.close() }
    try fill()
    let before = try engine.counters()
    #expect(before.pending == 0 && before.storedBytes > 500_000)
    _ = try load(.get)
    _ = try load(.multiGet(keys: 20), end: .operations(10))
    let after = try engine.counters()
    #expect(after.gets - before.gets == 500)
    #expect(after.deviceReads > before.deviceReads)
    #expect(after.keyCacheHits - before.keyCacheHits <= 500)
  }

  @Test("goes on beside another load, at its rate")
  func beside() throws {
    defer { try? engine.close() }
    try fill()
    var beside = EngineLoad(
      workload: .get, keySpace: 0, scatterSeed: 1, depth: 8, threads: 1,
      end: .after(Nanoseconds(seconds: 0.5)), seed: 9)
    beside.isBeside = true
    beside.arrival = .poisson(perSecond: 500)
    let result = try engine.run(beside, stop: StopSignal(), pulse: { _ in })
    #expect(result.load.outcome == .completed)
    #expect(result.load.round.operations > 100 && result.load.round.operations < 500)
  }

  @Test("can be made with the least memory that it says it takes")
  func leastMemory() throws {
    try engine.close()
    let factory = TieredStoreEngineFactory()
    var plan = plan
    plan.memoryBytes = factory.memoryBytesMin
    let small = try factory.makeEngine(at: FileSystemPath(folder.path("least")), plan: plan)
    try small.close()
    #expect(small.record.cacheBytes == factory.memoryBytesMin)
    plan.memoryBytes -= 1
    #expect(throws: EngineFailure.self) {
      try factory.makeEngine(at: FileSystemPath(folder.path("less")), plan: plan)
    }
  }

  @Test("refuses a plan that it cannot keep, with the reason")
  func refused() throws {
    defer { try? engine.close() }
    var small = plan
    small.memoryBytes = 1 << 20
    var odd = plan
    odd.keyBytes = 24
    var short = plan
    short.keySpaces[0].valueBytes = 8
    for (plan, word) in [(small, "memory"), (odd, "24"), (short, "[8, 1024]")] {
      #expect {
        try TieredStoreEngineFactory().makeEngine(
          at: FileSystemPath(folder.path("other")), plan: plan)
      } throws: { error in
        (error as? EngineFailure)?.description.contains(word) == true
      }
    }
    #expect {
      try TieredStoreEngineFactory().makeEngine(
        at: FileSystemPath(folder.path("engine")), plan: plan)
    } throws: { ($0 as? EngineFailure)?.category == .environment }
  }
}
