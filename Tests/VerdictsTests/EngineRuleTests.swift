import Measurements
import Testing

@testable import Verdicts

@Suite("Figures of a store tell of its device")
struct EngineRuleTests {
  static let store = EngineRecord(
    name: "store", library: "library", configuration: [], durability: "grouped",
    durabilityDelay: Nanoseconds(10_000_000), cacheBytes: 1 << 20, directReads: true,
    keySpaces: [EngineKeySpaceRecord(keyCount: 1 << 16, keyBytes: 16, valueBytes: 100)])

  static func scenario(_ workload: String, readPercent: Int = 100) throws -> ScenarioSpec {
    let mix = workload == "store-point-lookup" ? ", read-percent: \(readPercent)" : ""
    let profile = try Fixture.load(
      Fixture.replacing(
        "  point-lookup:",
        "  engine/store: {workload: \(workload), block: 100, depth: 8\(mix)}\n  point-lookup:"))
    return try #require(profile.scenarios.first { $0.layer == .engine })
  }

  /// Rounds that say nothing against their device.
  static func rounds(_ scenario: ScenarioSpec) -> [RoundRecord] {
    (0..<3).map { index in
      var round = RoundRecord(index: index, startedAt: .zero)
      round.duration = Nanoseconds(seconds: 1)
      round.operations = 1000
      round.bytes = 116_000
      var engine = EngineRoundRecord(entries: 1000)
      engine.gets = 1000
      engine.deviceReads = 10
      engine.deviceReadBytes = 40_960
      engine.kernelReadBytes = 40_960
      if scenario.onlyWrites {
        engine.idleAfter = Nanoseconds(seconds: 1)
        engine.becameIdle = true
        engine.beside = EngineBesideRecord(
          ratePerSecond: 1000, operations: 1900, duration: Nanoseconds(seconds: 2),
          latency: LatencyHistogram().summary)
      }
      round.engine = engine
      return round
    }
  }

  @Test("where nothing speaks against it", arguments: ScenarioSpec.storeWorkloads)
  func sound(workload: String) throws {
    let scenario = try Self.scenario(workload)
    #expect(
      EngineRule.doubts(scenario, rounds: Self.rounds(scenario), engine: Self.store) == [])
  }

  typealias Change = @Sendable (inout EngineRecord, inout EngineRoundRecord) -> Void

  static let cases: [(String, Int, Change, String?)] = [
    ("store-random-read", 100, { store, _ in store.cacheBytes = 1_900_544 }, nil),
    ("store-random-read", 100, { store, _ in store.cacheBytes = 1_900_545 }, "4 times the caches'"),
    ("store-random-read", 100, { store, _ in store.cacheBytes = .max }, "4 times the caches'"),
    ("store-random-read", 100, { store, _ in store.keySpaces = [] }, "no values of 100 bytes"),
    ("store-random-read", 100, { store, _ in store.directReads = false }, "through the page cache"),
    ("store-random-read", 100, { store, _ in store.durability = "async" }, nil),
    ("store-random-write", 0, { store, _ in store.durability = "async" }, "durability 'async'"),
    ("store-random-write", 0, { store, _ in store.durability = "sync" }, nil),
    ("store-random-write", 0, { store, _ in store.durabilityDelay = nil }, "not known"),
    (
      "store-batch-write", 0, { store, _ in store.durabilityDelay = Nanoseconds(10_000_001) },
      "more than 10 ms"
    ),
    ("store-point-lookup", 50, { store, _ in store.durability = "async" }, "durability 'async'"),
    ("store-point-lookup", 100, { store, _ in store.durability = "async" }, nil),
    ("store-random-read", 100, { _, round in round.deviceReads = 9 }, "0.9 % of the gets"),
    ("store-multi-get-1000", 100, { _, round in round.deviceReads = 0 }, "0 % of the gets"),
    ("store-random-read", 100, { _, round in round.gets = 0 }, "counted no reads"),
    ("store-random-write", 0, { _, round in round.deviceReads = 0 }, nil),
    ("store-scan", 100, { _, round in round.deviceReads = 0 }, nil),
    ("store-scan", 100, { _, round in round.deviceReadBytes = 1159 }, "bytes scanned"),
    ("store-scan", 100, { _, round in round.kernelReadBytes = 20_480 }, nil),
    ("store-scan", 100, { _, round in round.kernelReadBytes = 20_479 }, "the page cache answered"),
    ("store-scan", 100, { _, round in round.kernelReadBytes = nil }, nil),
    ("store-random-write", 0, { _, round in round.beside = nil }, "no point reads"),
    ("store-random-write", 0, { _, round in round.beside?.operations = 1799 }, "point reads due"),
    ("store-random-write", 0, { _, round in round.beside?.operations = 1800 }, nil),
    ("store-random-write", 0, { _, round in round.becameIdle = false }, "3 of 3 rounds"),
    ("store-batch-write-10k", 0, { _, round in round.idleAfter = nil }, "compaction was not idle"),
  ]

  @Test("unless one of its figures speaks against it", arguments: 0..<cases.count)
  func doubted(index: Int) throws {
    let (workload, percent, change, reason) = Self.cases[index]
    let scenario = try Self.scenario(workload, readPercent: percent)
    var store = Self.store
    let rounds = Self.rounds(scenario).map { round in
      var round = round
      if var engine = round.engine {
        change(&store, &engine)
        round.engine = engine
      }
      return round
    }
    let doubts = EngineRule.doubts(scenario, rounds: rounds, engine: store)
    if let reason {
      #expect(doubts.count == 1 && doubts[0].contains(reason), "\(doubts)")
    } else {
      #expect(doubts == [])
    }
  }

  @Test("unless nobody knows which store it was, or its rounds say nothing of it")
  func unknown() throws {
    let scenario = try Self.scenario("store-random-read")
    var rounds = Self.rounds(scenario)
    #expect(EngineRule.doubts(scenario, rounds: rounds, engine: nil).count == 1)
    rounds[1].engine = nil
    let doubts = EngineRule.doubts(scenario, rounds: rounds, engine: Self.store)
    #expect(doubts.count == 1 && doubts[0].hasPrefix("1 rounds"))
  }

  @Test("and rates count entries until compaction is idle")
  func rates() {
    var round = RoundRecord(index: 0, startedAt: .zero)
    round.duration = Nanoseconds(seconds: 3)
    round.operations = 4
    round.bytes = 464_000
    round.engine = EngineRoundRecord(entries: 4000)
    #expect(round.iops == 4000.0 / 3)
    round.engine?.idleAfter = Nanoseconds(seconds: 1)
    #expect(round.iops == 1000)
    #expect(round.bandwidth == 116_000)
  }
}

@Suite("A store's keys in a profile")
struct EngineProfileTests {
  private static func lines(_ engine: String, _ scenario: String) -> String {
    Fixture.replacing("scenarios:", "engine: {\(engine)}\nscenarios:\n  engine/s: {\(scenario)}")
  }

  @Test("are read, and written out again")
  func read() throws {
    let text = Self.lines(
      "data: 1 GiB, memory: 128 MiB, durability-delay: 5 ms, warm-up: 1 s, idle-limit: 1 min",
      "workload: store-random-write, block: 100, depth: 8, point-reads: 20K")
    let profile = try Fixture.load(text)
    #expect(profile.engine.dataBytes == 1 << 30)
    #expect(profile.engine.memoryBytes == 128 << 20)
    #expect(profile.engine.durabilityDelay == Nanoseconds(5_000_000))
    #expect(profile.engine.idleLimit == Nanoseconds(seconds: 60))
    let scenario = try #require(profile.scenarios.first { $0.layer == .engine })
    #expect(scenario.valueBytes == 100)
    #expect(scenario.pointReadsPerSecond == 20_000)
    #expect(scenario.onlyWrites)
    #expect(try Fixture.load(profile.resolvedText) == profile)
  }

  @Test("have their mistakes named")
  func mistakes() {
    let write = "workload: store-random-write, block: 100, depth: 8"
    for (engine, scenario, message) in [
      ("dat: 1 GiB", write, "did you mean 'data'"),
      ("data: 1 GiB, memory: 257 MiB", write, "a quarter of 'data'"),
      ("durability-delay: 11 ms", write, "must lie between"),
      ("warm-up: 1 s", write + ", read-percent: 10", "only 'store-point-lookup' has a share"),
      ("warm-up: 1 s", "workload: store-scan, block: 2m, depth: 8", "not the size of a value"),
      ("warm-up: 1 s", "workload: store-scan, block: 4k/50:8k/50, depth: 8", "size of a value"),
      (
        "warm-up: 1 s", "workload: store-scan, block: 1k, depth: 8, point-reads: 1K",
        "which only store-random-write"
      ),
    ] {
      let found = Fixture.mistakes(Self.lines(engine, scenario))
      #expect(found.count == 1 && found[0].contains(message), "\(engine) \(scenario): \(found)")
    }
  }
}
