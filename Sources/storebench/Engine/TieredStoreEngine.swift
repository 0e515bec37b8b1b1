import Driver
import LinuxIO
import Measurements
import Qualification
import RocksDB
import StorageEngine
import Workloads

/// Makes the tiered store as the engine of a qualification.
struct TieredStoreEngineFactory: EngineFactory {
  /// What is left of a store's memory where all that can shrink has.
  var memoryBytesMin: UInt64 {
    MemoryBudget(of: TieredStoreEngine.configuration.scaled(by: 0), machineBytes: .max).neededBytes
  }

  /// An empty store in an empty folder, scaled to the plan's memory.
  func makeEngine(at folder: FileSystemPath, plan: EnginePlan) throws(EngineFailure) -> any Engine {
    try TieredStoreEngine(at: folder, plan: plan)
  }
}

/// The tiered store as the engine of a qualification.
final class TieredStoreEngine: Engine {
  let record: EngineRecord
  private let store: TieredStore
  private let plan: EnginePlan

  /// What it is before it is scaled to a plan.
  static var configuration: StoreConfiguration { .measured }

  init(at folder: FileSystemPath, plan: EnginePlan) throws(EngineFailure) {
    guard plan.keyBytes == StoreKeys.byteCount, plan.keySpaces.count <= 255,
      plan.keySpaces.allSatisfy({ $0.valueBytes >= StoreValues.valueBytesMin })
    else {
      throw EngineFailure(
        category: .environment,
        description: "the store's keys have \(StoreKeys.byteCount) bytes and its values at least "
          + "\(StoreValues.valueBytesMin), and \(plan.keyBytes) and "
          + "\(plan.keySpaces.map(\.valueBytes)) were planned")
    }
    var configuration = Self.configuration
    configuration.durability = .grouped(
      maxDelay: .nanoseconds(plan.durabilityDelay.rawValue))
    configuration.directReads = plan.directReads
    configuration.memoryBudgetBytes = plan.memoryBytes
    configuration = configuration.fitted()
    do throws(StoreError) {
      store = try TieredStore.create(
        at: folder.description, configuration: configuration)
    } catch {
      guard case .noMemory = error else { throw EngineFailure(error) }
      throw EngineFailure(
        category: .environment,
        description: "\(error.description); its memory is a share of the bytes to use, so give a "
          + "larger --size")
    }
    self.plan = plan
    record = Self.record(configuration, plan)
  }

  func run(_ load: EngineLoad, stop: StopSignal, pulse: (LoadPulse) -> Void)
    throws(EngineFailure) -> EngineResult
  {
    let space = plan.keySpaces[load.keySpace]
    let workload = load.storeWorkload(in: space)
    let keys = StoreKeys(seed: plan.seed, space: UInt8(load.keySpace))
    let values = StoreValues(
      runID: plan.runID, valueBytes: space.valueBytes,
      compressiblePercent: plan.compressiblePercent)
    var factory = StoreTargetFactory(
      store: store, keys: keys, values: values, inFlight: load.depth * load.threads)
    factory.isBeside = load.isBeside
    defer { factory.lanes.close() }
    var plan = LoadPlan(
      store: workload, depth: load.depth, threads: load.threads, end: load.end, seed: load.seed,
      runID: self.plan.runID)
    plan.arrival = load.arrival
    plan.rampUp = load.rampUp
    plan.stallLimit = load.stallLimit
    plan.cpus = load.cpus
    plan.separatesReads = workload.reads && workload.writes
    do throws(TargetError) {
      var result = try LoadRun.run(
        plan, on: InjectedTargetFactory(factory), stop: stop, pulse: pulse)
      if result.outcome != .completed, let findings = factory.findings.text {
        result.detail = findings
      }
      return EngineResult(load: result, entries: result.entries, reads: result.readLatency)
    } catch {
      throw EngineFailure(category: .environment, description: error.description)
    }
  }

  /// Device reads are those of gets and scans; what compaction reads is not in them.
  func counters() throws(EngineFailure) -> EngineCounters {
    do throws(StoreError) {
      let statistics = try store.statistics()
      let tiers = statistics.tiers.values
      var counters = EngineCounters()
      counters.gets = statistics.cacheHits + statistics.cacheMisses
      counters.keyCacheHits = statistics.cacheHits
      counters.blockCacheHits = tiers.reduce(0) { $0 + $1.blockHits }
      counters.deviceReads = statistics.blockReads
      counters.deviceReadBytes = statistics.blockReadBytes
      counters.storedBytes = tiers.reduce(0) { $0 + $1.fileBytes }
      counters.stalled = Nanoseconds(Int64(clamping: statistics.stallMicroseconds) * 1000)
      counters.pending = try store.isBusyInBackground() ? 1 : 0
      return counters
    } catch {
      throw EngineFailure(error)
    }
  }

  func waitUntilIdle(atMost limit: Nanoseconds, stop: StopSignal) throws(EngineFailure) -> Bool {
    let began = MonotonicClock.now()
    do throws(StoreError) {
      return try store.waitUntilIdle {
        !stop.isRequested && MonotonicClock.now() - began < limit
      }
    } catch {
      throw EngineFailure(error)
    }
  }

  func close() throws(EngineFailure) {
    do throws(StoreError) { try store.close() } catch { throw EngineFailure(error) }
  }

  private static func record(_ configuration: StoreConfiguration, _ plan: EnginePlan)
    -> EngineRecord
  {
    let tiers = StorageEngine.Tier.allCases.map { tier in
      let settings = configuration.settings(of: tier)
      return "\(tier.rawValue): cache \(settings.cacheBytes) B, "
        + "\(settings.writeBufferCount) write buffers of \(settings.writeBufferBytes) B, "
        + "\(settings.buffersToMerge) merged, level 0 \(settings.level0Files) files, "
        + "\(settings.backgroundJobs) jobs of \(settings.subcompactions), "
        + "blocks of \(settings.blockBytes) B, filter \(settings.filterBitsPerKey) bits a key, "
        + "compression \(settings.compression) from level \(settings.compressesLevel0 ? 0 : 1) on, "
        + "memtable \(settings.memtable)"
    }
    return EngineRecord(
      name: "TieredStore", library: "RocksDB \(Database.libraryVersion)",
      configuration: tiers + [
        "hot cache \(configuration.hotCacheBytes) B",
        "write buffer \(configuration.writeBuffer.entries) changes, "
          + "\(configuration.writeBuffer.bytes) B",
        "durability \(DurabilityArgument.text(configuration.durability))",
      ],
      durability: "grouped", durabilityDelay: plan.durabilityDelay,
      cacheBytes: MemoryBudget(of: configuration, machineBytes: .max).neededBytes,
      directReads: configuration.directReads,
      keySpaces: plan.keySpaces.map {
        EngineKeySpaceRecord(
          keyCount: $0.keyCount, keyBytes: plan.keyBytes, valueBytes: $0.valueBytes)
      })
  }
}

extension EngineLoad {
  /// The same as requests to keys.
  func storeWorkload(in space: EnginePlan.KeySpace) -> StoreWorkload {
    var kind: StoreWorkloadKind
    var entries = 1
    var readPercent: Int?
    switch workload {
    case .fill:
      kind = .fill
      // Batches of about 1 MiB, what the store gathers into one commit, for all requests in flight.
      let bytes = (StoreKeys.byteCount + space.valueBytes) * max(1, depth)
      entries = min(1000, max(1, (1 << 20) / bytes))
    case .get: kind = .randomRead
    case .put: kind = .randomWrite
    case .mix(let percent):
      kind = .readWhileWriting
      readPercent = percent
    case .multiGet(let keys):
      kind = .multiGet
      entries = keys
    case .batch(let count):
      kind = .batchWrite
      entries = count
    case .scan(let count):
      kind = .scanForward
      entries = count
    }
    var made = StoreWorkload(kind: kind, keyCount: space.keyCount, valueBytes: space.valueBytes)
    made.entries = min(entries, Int(clamping: space.keyCount))
    made.distribution = distribution
    made.scatterSeed = scatterSeed
    made.firstRank = firstKey
    if let readPercent { made.readPercent = readPercent }
    return made
  }
}

extension EngineFailure {
  /// Whose fault a store's failure is.
  init(_ error: StoreError) {
    let category: Category =
      switch error {
      case .corruption, .damagedFormat, .failed, .poisoned: .device
      default: .environment
      }
    self.init(category: category, description: error.description)
  }
}
