import Driver
import Foundation
import Measurements
import TestSupport
import Testing

@testable import storebench

@Suite("The record of bench store") struct BenchStoreRecordTests {
  private static let bare = BenchStoreRecord(
    toolVersion: "0.1.0", startedAt: "2026-11-23T17:46:24Z", hostname: "node7",
    folder: "/srv/scratch/bench", storeWasKept: false, storeSeed: .max, workload: "fill",
    distribution: "uniform", keyCount: 2000, valueBytes: 100, keyOrder: "scattered",
    compressiblePercent: 0, entriesPerRequest: 1, writers: 0, depth: 32, threads: 1,
    arrival: "closed", rampSeconds: 0, stallLimitSeconds: 10, durability: "sync", direct: false,
    settings: "measured", memoryBytes: 1 << 26, mechanism: "completions", seed: .max,
    outcome: .completed, operationsPerSecond: 1.5, entriesPerSecond: 1.5, bytesPerSecond: 174,
    requestsInAll: 3, verifiedReads: 0, cacheHits: 0, cacheMisses: 0, blockReads: 0,
    processCPUNanoseconds: Nanoseconds(5000), stalled: .zero,
    round: RoundRecord(index: 0, startedAt: .zero))

  private static let full: BenchStoreRecord = {
    var record = bare
    record.device = DeviceIdentity(
      name: "nvme0n1", kind: .nvme, capacityBytes: 3_840_000_000_000, transport: "nvme")
    record.memory = "zram0"
    record.keptAt = "/srv/scratch/bench/store"
    record.readPercent = 50
    record.cpus = [0, 2]
    record.arrival = "poisson"
    record.ratePerSecond = 50_000
    record.rateWasHeld = true
    record.seconds = 10
    record.memoryLimitBytes = 1 << 28
    record.findings = "1 × a key that is not there (first at key number 7)"
    record.readLatency = LatencyHistogram().summary
    record.hitRatio = 0.25
    record.deviceReadBytes = 4096
    record.deviceWrittenBytes = 8192
    record.untilIdle = Nanoseconds(7000)
    return record
  }()

  private static let records = [bare, full]

  private static func schema() throws -> JSONSchema {
    try JSONSchema(named: "bench-store-1.schema.json")
  }

  @Test("is what its schema says, with every optional and with none", arguments: [0, 1])
  func schema(index: Int) throws {
    let text = try BenchFigures.json(Self.records[index])
    #expect(try Self.schema().problems(in: Array(text.utf8)) == [])
    #expect(text.contains("\"seed\" : 18446744073709551615"))
  }

  @Test("has a schema without a property that no record has") func schemaCovers() throws {
    let bytes = Array(try BenchFigures.json(Self.full).utf8)
    // What another schema defines has records of its own.
    #expect(try Self.schema().unusedProperties(in: bytes).filter { $0.hasPrefix("$.") } == [])
  }

  @Test(
    "is refused by its schema after a change",
    arguments: [
      ("\"schema\" : 1", "\"schema\" : 2"), ("\"hostname\"", "\"host\""),
      ("\"keyOrder\" : \"scattered\"", "\"keyOrder\" : \"none\""),
      ("\"hitRatio\" : 0.25", "\"hitRatio\" : 1.25"), ("\"direct\" : false", "\"direct\" : 0"),
      ("\"threads\" : 1", "\"threads\" : 0"), ("\"verifiedReads\" : 0", "\"verifiedReads\" : -1"),
      ("\"p99\" : 0", "\"p99\" : \"0\""),
    ])
  func schemaRefuses(found: String, replacement: String) throws {
    let text = try BenchFigures.json(Self.full)
    let changed = text.replacing(found, with: replacement)
    #expect(changed != text)
    #expect(try !Self.schema().problems(in: Array(changed.utf8)).isEmpty)
  }

  @Test(
    "says of an open loop whether its rate was held",
    arguments: [
      (.closed, 1, nil), (.constant(perSecond: 1000), 1000, true),
      (.constant(perSecond: 1000), 985, true), (.constant(perSecond: 1000), 970, false),
      (.constant(perSecond: 1000), 0, false), (.constant(perSecond: 1), 1, true),
      // Four standard deviations of 1000 are 126.
      (.poisson(perSecond: 1000), 900, true), (.poisson(perSecond: 1000), 800, false),
    ] as [(Arrival, UInt64, Bool?)])
  func held(arrival: Arrival, operations: UInt64, isHeld: Bool?) {
    var round = RoundRecord(index: 0, startedAt: .zero)
    round.duration = Nanoseconds(seconds: 1)
    round.operations = operations
    #expect(arrival.isHeld(by: round) == isHeld)
    #expect((BenchFigures.shortfallLine(round, arrival) != nil) == (isHeld == false))
  }
}
