import Driver
import Measurements
import Testing
import Verdicts
import Workloads

@testable import LinuxIO
@testable import Qualification

@Suite("A scenario becomes a load")
struct ScenarioPlanTests {
  @Test(
    "whose threads divide the depth evenly",
    arguments: [
      // depth, threads asked for, CPUs: threads
      (1, nil, 8, 1), (16, nil, 8, 1), (31, nil, 8, 1), (32, nil, 8, 2), (64, nil, 8, 4),
      (64, nil, 3, 2), (64, nil, 1, 1), (64, nil, 0, 1), (1024, nil, 96, 64), (1024, nil, 12, 8),
      (8, 8, 2, 8), (8, 3, 2, 2), (7, 3, 2, 1), (4, 100, 2, 4), (1, 0, 2, 1),
    ] as [(Int, Int?, Int, Int)])
  func threads(depth: Int, asked: Int?, cpus: Int, threads: Int) throws {
    let plan = try plan(depth: depth, threads: asked, cpus: cpus)
    #expect(plan.threads == threads)
    let load = try plan.load(round: 0, startBytes: 0, logicalBlockBytes: 512, check: .none)
    #expect(load.depth * load.threads == depth)
    #expect(plan.record(submission: "").depth * plan.record(submission: "").threads == depth)
  }

  @Test(
    "on the part of the range that it names",
    arguments: [
      (ScenarioRange.all, 1000 << 20, 0, 1000 << 20),
      (.outer, 1000 << 20, 0, 100 << 20), (.inner, 1000 << 20, 900 << 20, 100 << 20),
      (.outer, 1005 << 20, 0, 100 << 20), (.inner, 1005 << 20, 905 << 20, 100 << 20),
      (.outer, 64 << 20, 0, 6 << 20), (.inner, 64 << 20, 58 << 20, 6 << 20),
      (.outer, 4096, 0, 4096), (.inner, 4096, 0, 4096),
      (.outer, 40960, 0, 4096), (.inner, 40960, 36864, 4096),
    ] as [(ScenarioRange, UInt64, UInt64, UInt64)])
  func ranges(part: ScenarioRange, range: UInt64, start: UInt64, bytes: UInt64) throws {
    var plan = try plan(depth: 1, threads: nil, cpus: 1)
    plan.spec.range = part
    plan.rangeBytes = range
    #expect(plan.range.start == start)
    #expect(plan.range.bytes == bytes)
    #expect(plan.range.start + plan.range.bytes <= range)
  }

  @Test("that starts each round with a seed of its own")
  func seeds() throws {
    let plan = try plan(depth: 1, threads: nil, cpus: 1)
    let seeds = try (0..<50).map {
      try plan.load(round: $0, startBytes: 0, logicalBlockBytes: 512, check: .none).seed
    }
    #expect(Set(seeds).count == 50)
  }

  @Test("that expects no contents of blocks which it is writing itself")
  func mixedReads() throws {
    var plan = try plan(depth: 1, threads: nil, cpus: 1)
    plan.spec.workload = "random-mix"
    plan.spec.readPercent = 70
    let load = try plan.load(
      round: 0, startBytes: 0, logicalBlockBytes: 512, check: .own(every: 16))
    #expect(load.check == .constant(every: 16))
  }

  @Test(
    "only where its blocks fit the device",
    arguments: [("512", 512, true), ("512", 4096, false), ("4k", 4096, true), ("64m", 512, false)])
  func blocks(block: String, logical: Int, fits: Bool) throws {
    var plan = try plan(depth: 1, threads: nil, cpus: 1)
    plan.spec.block = block
    plan.rangeBytes = 32 << 20
    #expect(((try? plan.workload(logicalBlockBytes: logical)) != nil) == fits)
  }

  private func plan(depth: Int, threads: Int?, cpus: Int) throws -> ScenarioPlan {
    let profile = try shippedProfile(.cold)
    var spec = try #require(profile.scenarios.first { $0.name == "random-read-4k" })
    spec.depth = depth
    spec.threads = threads
    return ScenarioPlan(
      spec: spec, rangeBytes: 1 << 30, cpus: Array(0..<cpus), rounds: profile.rounds,
      stallLimit: profile.stallLimit, runID: RunID(high: 1, low: 2), seed: 3,
      compressiblePercent: 0)
  }
}

@Suite("A quote")
struct RunQuoteTests {
  @Test("counts nothing as written where nothing may be written")
  func readOnly() throws {
    let profile = try shippedProfile(.cold)
    let reads = profile.scenarios.filter { $0.layer == .raw && !$0.writes }
    let plan = RunQuote(profile: profile, scenarios: reads, rangeBytes: 8 << 30, writes: false).plan
    #expect(plan.bytesWritten == 0)
    #expect(plan.scenarioCount == 2)
    // Ten rounds of 2.25 s for each of two scenarios and 2 s; thirty of them at most.
    #expect(plan.duration == Nanoseconds(seconds: 47))
    #expect(plan.durationMax == Nanoseconds(seconds: 137))
  }

  @Test("holds for the run: no more is written, and no more time is taken")
  func holds() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk)
    #expect(run.record.bytesWritten > 4 << 30)
    #expect(run.record.bytesWritten <= run.record.plan.bytesWritten)
    let measured = run.record.phases.flatMap(\.rounds).reduce(0.0) { $0 + $1.duration.seconds }
    #expect(measured <= run.record.plan.durationMax.seconds)
  }

  @Test(
    "states the share of the endurance only where a rating is known",
    arguments: [(nil, nil), ("1 TB", true), ("1000 TB", false)] as [(String?, Bool?)])
  func endurance(rated: String?, large: Bool?) throws {
    let source = try BuiltInProfiles.source(named: "cold")
    let profile = try ProfileLoader.load(
      text: source.text, file: source.file, mode: .quick,
      overrides: rated.map { ["endurance.rated-tbw=\($0)"] } ?? [])
    let plan = RunQuote(
      profile: profile, scenarios: profile.scenarios.filter { $0.layer == .raw },
      rangeBytes: 8 << 30, writes: true
    ).plan
    #expect(plan.bytesWritten >= 8 << 30)
    #expect(plan.enduranceShare.map { $0 > 0.001 } == large)
    if let share = plan.enduranceShare, let bytes = profile.ratedBytesWritten {
      #expect(abs(share * Double(bytes) / Double(plan.bytesWritten) - 1) < 1e-9)
    }
  }
}

@Suite("Workers are placed")
struct WorkerPlacementRuleTests {
  @Test(
    "on the device's node, where its interrupts are taken first",
    arguments: [
      (nil, nil, [0, 1, 2, 3, 4, 5, 6, 7]), (1, nil, [4, 5, 6, 7]), (1, "6", [6, 4, 5, 7]),
      (1, "5,7", [5, 7, 4, 6]), (1, "0-3", [4, 5, 6, 7]), (1, "4-7", [4, 5, 6, 7]),
      (9, nil, [0, 1, 2, 3, 4, 5, 6, 7]), (0, "nonsense", [0, 1, 2, 3]), (0, "3-1", [0, 1, 2, 3]),
      (0, "0-99999999999", [0, 1, 2, 3]),
    ] as [(Int?, String?, [Int])])
  func order(node: Int?, interrupts: String?, cpus: [Int]) {
    let topology = NUMATopology(cpusByNode: [0: [0, 1, 2, 3], 1: [4, 5, 6, 7]])
    #expect(
      WorkerPlacementRule.cpus(topology: topology, node: node, interruptCPUs: interrupts) == cpus)
  }
}

/// A shipped profile in quick mode.
func shippedProfile(_ tier: Tier) throws -> TierProfile {
  let source = try BuiltInProfiles.source(named: tier.rawValue)
  return try ProfileLoader.load(text: source.text, file: source.file, mode: .quick)
}
