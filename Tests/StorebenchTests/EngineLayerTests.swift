import Foundation
import Measurements
import Reports
import Testing

@Suite(
  "The engine layer in a folder",
  .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct EngineLayerTests {
  /// Every workload of the store, in rounds that end soon, with limits that any machine reaches.
  private static let profile = """
    schema: 1
    name: small
    tier: hot
    summary: the engine layer on any machine
    demonstration: true
    reserve: 16 MiB
    preconditioning: {discard: false, passes: 1, block: 128 KiB, depth: 8, compressible-percent: 0}
    steady-state: {round: 50 ms, window: 5, max-rounds: 5, spread-limit: 0.9, slope-limit: 0.9}
    rounds: {duration: 200 ms, ramp-up: 20 ms, min: 4, step: 1, max: 4}
    engine: {warm-up: 100 ms, idle-limit: 1 min}
    scenarios:
      engine/random-read: {workload: store-random-read, block: 100, depth: 16}
      engine/random-write: {workload: store-random-write, block: 100, depth: 16, point-reads: 500}
      engine/batch-write: {workload: store-batch-write, block: 100, depth: 1, point-reads: 500}
      engine/scan: {workload: store-scan, block: 100, depth: 1}
      engine/point-lookup:
        {workload: store-point-lookup, block: 100, depth: 64, threads: 1, read-percent: 50,
         arrival: poisson, rate: 1000}
      engine/multi-get-1000: {workload: store-multi-get-1000, block: 100, depth: 1}
    gates:
      engine/random-read/iops: {min: 100, reason: any machine, source: this test}
      engine/random-write/iops: {min: 100, reason: any machine, source: this test}
      engine/batch-write/iops: {min: 100, reason: any machine, source: this test}
      engine/scan/bandwidth: {min: 10 kB/s, reason: any machine, source: this test}
      engine/point-lookup/mean: {max: 5 s, reason: any machine, source: this test}
      engine/multi-get-1000/mean: {max: 5 s, reason: any machine, source: this test}
    """

  @Test("judges the real store, records what it did, and leaves nothing behind")
  func run() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let profile = try folder.write(Self.profile, to: "small.yaml")
    let ending = try StorebenchProgram.run(
      [
        "qualify", target, "--layer", "engine", "--profile", profile, "--size", "256MiB", "--json",
        "--progress", "none",
      ], in: folder.url)
    let record = try RunRecordJSON.decode([UInt8](ending.output.utf8))
    #expect(ending.code == record.verdict?.exitCode, "\(ending.text)")
    for phase in record.phases {
      #expect(phase.outcome == .completed, "\(phase.name): \(phase.detail ?? "")")
      #expect(phase.rounds.allSatisfy { $0.faults == FaultCounts() }, "\(phase.name)")
      #expect(phase.rounds.allSatisfy { ($0.engine?.entries ?? 0) > 0 }, "\(phase.name)")
    }
    #expect(
      record.phases.map(\.name) == [
        "engine/fill", "engine/random-read", "engine/random-write", "engine/batch-write",
        "engine/scan", "engine/point-lookup", "engine/multi-get-1000",
      ])
    let engine = try #require(record.engine)
    let keys = try #require(engine.keySpaces.first)
    #expect(engine.directReads)
    #expect(engine.durability == "grouped")
    #expect(engine.cacheBytes * 4 <= keys.dataBytes)
    #expect(record.phases.first?.rounds.first?.engine?.entries == keys.keyCount)
    let writes = try #require(record.phases.first { $0.name == "engine/random-write" })
    for round in writes.rounds {
      #expect(round.engine?.becameIdle == true)
      #expect((round.engine?.beside?.operations ?? 0) > 0)
    }
    let reads = try #require(record.phases.first { $0.name == "engine/random-read" })
    #expect(reads.rounds.reduce(0) { $0 + ($1.engine?.deviceReads ?? 0) } > 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
  }

  @Test("is quoted with its time and bytes, and makes nothing then")
  func quote() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let profile = try folder.write(Self.profile, to: "small.yaml")
    let ending = try StorebenchProgram.run(
      [
        "qualify", target, "--layer", "engine", "--profile", profile, "--size", "256MiB",
        "--dry-run", "--progress", "none",
      ], in: folder.url)
    #expect(ending.code == 0, "\(ending.text)")
    #expect(ending.output.contains("6 scenarios"), "\(ending.output)")
    #expect(ending.output.contains("would write  at most"), "\(ending.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
  }

  @Test(
    "is refused where no store can be made",
    arguments: [
      (["--profile", "demo", "TARGET"], "asks nothing of a store"),
      (["--tier", "hot", "simulated:"], "give a folder"),
      (["--tier", "hot", "--size", "8MiB", "TARGET"], "--layer raw"),
    ])
  func refused(arguments: [String], remedy: String) throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let ending = try StorebenchProgram.run(
      ["qualify", "--layer", "engine", "--set", "reserve=16 MiB"]
        + arguments.map { $0 == "TARGET" ? target : $0 }, in: folder.url)
    #expect(ending.code == 64, "\(ending.text)")
    #expect(ending.errors.contains(remedy), "\(ending.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
  }
}
