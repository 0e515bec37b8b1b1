import Driver
import FoundationEssentials
import LinuxIO
import Measurements
import Qualification
import StorageEngine
import Workloads

/// What `bench store --json` prints: a load of a store, with all that is needed to read it later.
///
/// `docs/schema/bench-store-1.schema.json` describes it. Counts of the store, the device and the
/// process belong to all requests, those of the ramp-up included; `round` to the counted ones.
struct BenchStoreRecord: Encodable, Sendable {
  var schema = 1
  var toolVersion: String
  /// When the load began, in UTC, ISO 8601.
  var startedAt: String
  var hostname: String
  /// The benchmark's folder, from the root.
  var folder: String
  /// The disk that the store lay on; nil where that could not be found out.
  var device: DeviceIdentity?
  /// Why its data lived in memory, so that nothing is said of a drive; nil where they did not.
  var memory: String?
  /// Where the store is left; nil where it was to be removed.
  var keptAt: String?
  /// Whether an earlier run had filled the store.
  var storeWasKept: Bool
  /// The seed of the store's keys.
  var storeSeed: UInt64
  var workload: String
  var distribution: String
  var keyCount: UInt64
  var valueBytes: Int
  var keyOrder: String
  var compressiblePercent: Int
  /// Keys of each batch, multi-get or scan.
  var entriesPerRequest: Int
  /// Percent of requests that read; nil where threads of their own write.
  var readPercent: Int?
  /// Threads that only write.
  var writers: Int
  var depth: Int
  var threads: Int
  /// CPUs that were asked for; nil where threads go to all in turn.
  var cpus: [Int]?
  var arrival: String
  var ratePerSecond: Double?
  /// Whether that rate was held; nil for a closed loop.
  var rateWasHeld: Bool?
  /// How long to count; nil for a fill, which ends with its last key.
  var seconds: Double?
  var rampSeconds: Double
  var stallLimitSeconds: Double
  var durability: String
  var direct: Bool
  /// The name of the tiers' settings.
  var settings: String
  /// What `--memory` allowed; nil where it was not given.
  var memoryLimitBytes: UInt64?
  /// Most bytes that caches and write buffers take.
  var memoryBytes: UInt64
  var mechanism: String
  var seed: UInt64
  var outcome: PhaseOutcome
  var findings: String?
  var operationsPerSecond: Double
  var entriesPerSecond: Double
  var bytesPerSecond: Double
  var readLatency: LatencySummary?
  var requestsInAll: UInt64
  /// Reads that returned what was put.
  var verifiedReads: UInt64
  var cacheHits: UInt64
  var cacheMisses: UInt64
  var hitRatio: Double?
  var blockReads: UInt64
  var deviceReadBytes: UInt64?
  var deviceWrittenBytes: UInt64?
  var processCPUNanoseconds: Nanoseconds
  var stalled: Nanoseconds
  var untilIdle: Nanoseconds?
  var round: RoundRecord
}

extension BenchStoreRecord {
  /// The record of a load that has ended.
  init(_ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest) {
    let (load, workload) = (result.load, result.workload)
    let round = load.round
    let isFill = workload.kind == .fill
    self.init(
      toolVersion: Storebench.version, startedAt: result.startedAt,
      hostname: MachineReading.hostname(),
      folder: Self.absolute(request.folder.path), device: result.device, memory: result.memory,
      keptAt: result.keptAt.map(Self.absolute),
      storeWasKept: result.wasKept, storeSeed: result.filling.seed,
      workload: workload.kind.rawValue, distribution: workload.distribution.description,
      keyCount: workload.keyCount, valueBytes: workload.valueBytes,
      keyOrder: result.filling.keyOrder.rawValue,
      compressiblePercent: result.filling.compressiblePercent,
      entriesPerRequest: workload.entries,
      readPercent: workload.writers == 0 ? workload.readPercent : nil, writers: workload.writers,
      depth: plan.depth, threads: plan.threads, cpus: plan.cpus, arrival: plan.arrival.name,
      ratePerSecond: plan.arrival.openRate?.perSecond,
      rateWasHeld: plan.arrival.isHeld(by: round),
      seconds: isFill ? nil : request.seconds, rampSeconds: plan.rampUp.seconds,
      stallLimitSeconds: plan.stallLimit.seconds,
      durability: DurabilityArgument.text(request.configuration.durability),
      direct: request.configuration.directReads, settings: request.settings,
      memoryLimitBytes: request.configuration.memoryBudgetBytes,
      memoryBytes: MemoryBudget(of: request.configuration, machineBytes: .max).neededBytes,
      mechanism: load.mechanism, seed: plan.seed, outcome: load.outcome,
      findings: result.findings, operationsPerSecond: round.iops,
      entriesPerSecond: result.entriesPerSecond, bytesPerSecond: round.bandwidth,
      readLatency: load.readLatency?.summary, requestsInAll: load.requestsInAll,
      verifiedReads: result.verifiedReads, cacheHits: result.cacheHits,
      cacheMisses: result.cacheMisses, hitRatio: result.hitRatio, blockReads: result.blockReads,
      deviceReadBytes: result.deviceReadBytes, deviceWrittenBytes: result.deviceWrittenBytes,
      processCPUNanoseconds: result.processCPU, stalled: result.stalled,
      untilIdle: result.untilIdle, round: round)
  }

  /// A path from the root, whatever the current folder is later.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    return FileManager.default.currentDirectoryPath + "/" + path
  }
}
