import Driver
import Foundation
import LinuxIO
import Measurements
import Synchronization
import Workloads

@testable import Qualification

/// How a simulated store behaves; as it stands it passes every gate of the hot tier.
struct EngineBehaviour: Sendable {
  var getsPerSecond = 800_000.0
  var putsPerSecond = 500_000.0
  var batchEntriesPerSecond = 1_600_000.0
  var scanBytesPerSecond = 3.2e9
  var lookupMilliseconds = 0.3
  var multiGetMilliseconds = 0.9
  var batch10kMilliseconds = 4.0
  /// Device reads for each get; of scans the share of bytes.
  var deviceShare = 0.2
  /// What each load leaves of the empty part of the caches.
  ///
  /// Device reads begin at three times their share; with more than 1 there are ever more of them.
  var cacheEmptying = 0.0
  /// Caches, as a multiple of what the plan allows.
  var cacheFactor = 1.0
  var directReads = true
  var durability = "grouped"
  var delayMilliseconds = 10.0
  var becomesIdle = true
  /// The share of the point reads due beside writes that complete.
  var besideShare = 1.0
  var corruptReadEvery = 0
  /// Why it cannot be made.
  var failure: EngineFailure?
  /// Fails as a device does at this load, from 0.
  var failsAtLoad: Int?
  var failsAs = EngineFailure.Category.device
}

/// A store on a simulated device: a real load target on a clock of its own.
struct SimulatedEngineFactory: EngineFactory {
  var behaviour = EngineBehaviour()
  /// Called with the folder of a store that is made.
  var makes: (@Sendable (String) -> Void)?
  /// What was asked for, and what became of it.
  var log = SimulatedEngineLog()
  let memoryBytesMin: UInt64 = 1 << 20

  func makeEngine(at folder: FileSystemPath, plan: EnginePlan) throws(EngineFailure) -> any Engine {
    if let failure = behaviour.failure { throw failure }
    log.plans.withLock { $0.append(plan) }
    log.folders.withLock { $0.append(folder) }
    makes?(folder.description)
    return SimulatedEngine(behaviour, plan, log)
  }
}

/// What tests look at afterwards.
final class SimulatedEngineLog: Sendable {
  let plans = Mutex<[EnginePlan]>([])
  let folders = Mutex<[FileSystemPath]>([])
  let loads = Mutex<[EngineLoad]>([])
  let closings = Mutex(0)
}

final class SimulatedEngine: Engine {
  let record: EngineRecord
  private let behaviour: EngineBehaviour
  private let plan: EnginePlan
  private let log: SimulatedEngineLog
  private let counts = Mutex(EngineCounters())

  init(_ behaviour: EngineBehaviour, _ plan: EnginePlan, _ log: SimulatedEngineLog) {
    self.behaviour = behaviour
    self.plan = plan
    self.log = log
    record = EngineRecord(
      name: "SimulatedEngine", library: "none", configuration: ["simulated"],
      durability: behaviour.durability,
      durabilityDelay: behaviour.durability == "grouped"
        ? Nanoseconds(seconds: behaviour.delayMilliseconds / 1000) : nil,
      cacheBytes: UInt64(Double(plan.memoryBytes) * behaviour.cacheFactor),
      directReads: behaviour.directReads,
      keySpaces: plan.keySpaces.map {
        EngineKeySpaceRecord(
          keyCount: $0.keyCount, keyBytes: plan.keyBytes, valueBytes: $0.valueBytes)
      })
  }

  func run(_ load: EngineLoad, stop: StopSignal, pulse: (LoadPulse) -> Void)
    throws(EngineFailure) -> EngineResult
  {
    let index = log.loads.withLock {
      $0.append(load)
      return $0.count - 1
    }
    if index == behaviour.failsAtLoad {
      throw EngineFailure(
        category: behaviour.failsAs, description: "hot: 000012.sst: input/output error")
    }
    let space = plan.keySpaces[load.keySpace]
    let entryBytes = UInt64(plan.keyBytes + space.valueBytes)
    let entries = load.workload.entriesPerRequest
    var plan = LoadPlan(
      workload: WorkloadSpec(
        kind: load.workload.kind, blocks: BlockSplit(bytes: 512),
        readPercent: load.workload.readPercent, rangeBytes: space.keyCount * 512),
      depth: load.depth, threads: load.threads, end: load.end, seed: load.seed,
      runID: self.plan.runID)
    plan.arrival = load.arrival
    plan.rampUp = load.rampUp
    plan.stallLimit = load.stallLimit
    // A fill would take as many requests as there are keys.
    if load.end == .rangeCovered { plan.end = .operations(1000) }
    if load.isBeside {
      plan.end = .after(Nanoseconds(seconds: 0.02))
      if case .poisson(let rate) = load.arrival {
        plan.arrival = .poisson(perSecond: max(1, rate * behaviour.besideShare))
      }
    }
    plan.check = .own(every: 1)
    let device = device(for: load, entryBytes: entryBytes)
    var result: LoadResult
    do throws(TargetError) {
      result = try LoadRun.run(
        plan, on: SimulatedTargetFactory(device), stop: StopSignal(), pulse: pulse)
    } catch {
      throw EngineFailure(category: .environment, description: error.description)
    }
    let moved = result.round.operations * entries
    result.round.bytes = moved * entryBytes
    let gets = load.workload.isScan ? 0 : result.round.reads * entries
    counts.withLock {
      let factor = 1 + 2 * min(100, pow(behaviour.cacheEmptying, Double(index)))
      $0.gets += gets
      $0.deviceReads += UInt64(Double(gets) * behaviour.deviceShare * factor)
      $0.keyCacheHits += UInt64(Double(gets) * (1 - min(1, behaviour.deviceShare)))
      if load.workload.isScan {
        $0.deviceReads += result.round.operations
        $0.deviceReadBytes += UInt64(Double(result.round.bytes) * behaviour.deviceShare)
      }
      $0.storedBytes = 1 << 20
    }
    var reads: LatencyHistogram?
    if case .mix = load.workload { reads = result.latency }
    return EngineResult(load: result, entries: moved, reads: reads)
  }

  func counters() -> EngineCounters { counts.withLock { $0 } }

  func waitUntilIdle(atMost limit: Nanoseconds, stop: StopSignal) -> Bool {
    if !behaviour.becomesIdle { MonotonicClock.sleep(limit) }
    return behaviour.becomesIdle
  }

  func close() { log.closings.withLock { $0 += 1 } }

  private func device(for load: EngineLoad, entryBytes: UInt64) -> SimulatedDevice {
    func atDepth(_ perSecond: Double) -> SimulatedDevice {
      let inFlight = Double(load.depth * load.threads)
      return SimulatedDevice(
        readIOPS: perSecond, readLatency: Nanoseconds(seconds: inFlight / perSecond),
        writeIOPS: perSecond)
    }
    func alone(_ milliseconds: Double) -> SimulatedDevice {
      var device = SimulatedDevice()
      device.channels = 1024
      device.readNanoseconds = milliseconds * 1e6
      device.writeNanoseconds = milliseconds * 1e6
      return device
    }
    var device =
      switch load.workload {
      case .fill, .put: atDepth(behaviour.putsPerSecond)
      case .get where load.isBeside: alone(behaviour.lookupMilliseconds)
      case .get: atDepth(behaviour.getsPerSecond)
      case .mix: alone(behaviour.lookupMilliseconds)
      case .multiGet: alone(behaviour.multiGetMilliseconds)
      case .batch(entries: 10_000): alone(behaviour.batch10kMilliseconds)
      case .batch(let entries): atDepth(behaviour.batchEntriesPerSecond / Double(entries))
      case .scan(let entries):
        atDepth(behaviour.scanBytesPerSecond / Double(entries) / Double(entryBytes))
      }
    device.jitter = 0.05
    device.seed = load.seed
    device.corruptReadEvery = behaviour.corruptReadEvery
    return device
  }
}

extension EngineWorkload {
  fileprivate var kind: WorkloadKind {
    switch self {
    case .get, .multiGet, .scan: .randomRead
    case .fill, .put, .batch: .randomWrite
    case .mix: .randomMix
    }
  }

  fileprivate var readPercent: Int {
    switch self {
    case .get, .multiGet, .scan: 100
    case .fill, .put, .batch: 0
    case .mix(let percent): percent
    }
  }

  fileprivate var entriesPerRequest: UInt64 {
    switch self {
    case .fill, .get, .put, .mix: 1
    case .multiGet(let keys): UInt64(keys)
    case .batch(let entries), .scan(let entries): UInt64(entries)
    }
  }

  fileprivate var isScan: Bool { if case .scan = self { true } else { false } }
}
