import Driver
import FoundationEssentials
import LinuxIO
import Measurements
import Qualification
import Reports
import StorageEngine
import Verdicts
import Workloads

/// What `bench store` was asked for, checked.
struct StoreBenchRequest: Sendable {
  var folder: BenchStoreFolder
  var kind: StoreWorkloadKind
  var depth: Int
  var threads: Int
  var seconds: Double
  var rampSeconds: Double
  var arrival: Arrival
  var seed: UInt64
  /// The name of the tiers' settings.
  var settings: String
  var configuration: StoreConfiguration
  var stallLimit: Nanoseconds
  var keeps: Bool
  var cpus: [Int]?
  /// Nil where not given: then an existing store's own.
  var keyCount: UInt64?
  var valueBytes: Int?
  var compressiblePercent: Int?
  var keyOrder: StoreKeys.Order?
  var distribution: Distribution?
  var entries: Int?
  var readPercent: Int?
  var writers: Int

  static let standardKeyCount: UInt64 = 1_000_000
  static let standardValueBytes = 100
}

/// What a load of a store measured, with what the store and the kernel say of it.
struct StoreBenchResult: Sendable {
  var load: LoadResult
  var workload: StoreWorkload
  /// What the store was filled with.
  var filling: BenchStoreDescription
  /// Whether an earlier run had filled it.
  var wasKept: Bool
  /// Where the store is left, whole; nil where it was to be removed.
  var keptAt: String?
  /// Why the store could not be closed, or not be removed where it was to be.
  var endFailures: [CommandFailure] = []
  /// The disk that the store lies on, or what can be said in its place; nil where nothing can.
  var device: DeviceIdentity?
  /// Why its data live in memory; nil where they do not.
  var memory: String?
  /// When the load began, in UTC, ISO 8601.
  var startedAt: String
  /// Reads of all requests, those of the ramp-up included, that returned what was put.
  var verifiedReads: UInt64
  /// What was wrong with answers, in words.
  var findings: String?
  /// Reads of keys that the hot cache answered, and those that it did not.
  var cacheHits: UInt64
  var cacheMisses: UInt64
  /// Blocks that point reads and scans took from files.
  var blockReads: UInt64
  /// Bytes that the device sent for the whole process; nil where the kernel does not say.
  var deviceReadBytes: UInt64?
  /// Bytes sent to the device by the whole process; nil where the kernel does not say.
  var deviceWrittenBytes: UInt64?
  /// CPU time of the whole process while the load ran.
  var processCPU: Nanoseconds
  /// For how long writers were delayed or stopped.
  var stalled: Nanoseconds
  /// From the end of the load until no flush or compaction was left; nil where nothing was put.
  var untilIdle: Nanoseconds?
}

/// A benchmark's store: made or found, filled, loaded and removed.
struct StoreBench {
  private let request: StoreBenchRequest
  private let description: BenchStoreDescription
  private let stop: StopSignal
  private let note: (String) -> Void
  let workload: StoreWorkload
  let plan: LoadPlan
  private let mustFill: Bool
  private let mustRemoveFirst: Bool

  /// Looks at the folder and decides what to do; touches nothing.
  ///
  /// - Throws: `CommandFailure` with the reason to refuse, `WorkloadError` for a workload that does
  ///   not fit.
  init(_ request: StoreBenchRequest, stop: StopSignal, note: @escaping (String) -> Void) throws {
    self.request = request
    self.stop = stop
    self.note = note
    let found = try request.folder.look()
    if case .ours(let kept, isFilled: true) = found {
      try request.check(against: kept)
      guard request.kind != .fill else {
        throw CommandFailure(
          .refused,
          "refused: \(request.folder.path) holds the filled store of an earlier benchmark; remove "
            + "the folder, or name a new one, to measure a fill")
      }
      description = kept
      mustFill = false
      mustRemoveFirst = false
    } else {
      if case .free = found { mustRemoveFirst = false } else { mustRemoveFirst = true }
      description = request.newDescription()
      mustFill = true
    }
    var workload = StoreWorkload(
      kind: request.kind, keyCount: description.keyCount, valueBytes: description.valueBytes)
    if let distribution = request.distribution { workload.distribution = distribution }
    if let entries = request.entries {
      workload.entries = entries
      try request.check(entries: entries, keyCount: workload.keyCount)
    } else if UInt64(workload.entries) > workload.keyCount {
      workload.entries = Int(clamping: workload.keyCount)
      note(
        "\(request.kind.entriesFlag) is \(workload.entries), as there are no more keys; it is "
          + "\(Quantity.count(UInt64(request.kind.standardEntries))) unless told")
    }
    if let readPercent = request.readPercent { workload.readPercent = readPercent }
    workload.writers = request.writers
    try workload.validate(workers: request.threads)
    self.workload = workload
    plan = request.plan(workload, runID: description.run)
    if mustFill { try checkRoom() }
  }

  /// Fills the store where it is new, runs the load and removes the store unless it is to be kept.
  func run() throws -> StoreBenchResult {
    // Once it is open nobody else has it, so only then may it be removed.
    let store = try open()
    var result: StoreBenchResult
    do {
      if mustFill, request.kind != .fill { try fill(store) }
      result = try measure(store)
    } catch {
      try? store.close()
      if !request.keeps { removeOrTell() }
      throw error
    }
    // What was measured is told, whatever becomes of the store.
    do throws(StoreError) { try store.close() } catch {
      result.endFailures.append(CommandFailure(error))
    }
    // What a stop cut short is no store to keep either: without its mark it is filled anew.
    if !request.keeps {
      do throws(CommandFailure) { try request.folder.remove() } catch {
        // Not as refused, which means that nothing was touched.
        result.endFailures.append(CommandFailure(.unsuitable, error.message))
      }
    } else if case .ours(_, isFilled: true)? = try? request.folder.look() {
      result.keptAt = request.folder.store
    }
    return result
  }

  private func open() throws(CommandFailure) -> TieredStore {
    if mustRemoveFirst {
      note("an earlier benchmark was cut short: its store is made anew")
      try makeSureItIsUnused()
      try request.folder.remove()
    }
    if mustFill { try request.folder.make(description) }
    do throws(StoreError) {
      guard mustFill else {
        let store = try TieredStore.open(
          request.folder.store, configuration: request.configuration)
        // Now that nobody else can put another one there.
        guard store.identity == description.storeIdentity else {
          try store.close()
          throw .notAStore(
            path: request.folder.store, reason: "another came to stand there just now")
        }
        return store
      }
      return try TieredStore.create(
        at: request.folder.store, configuration: request.configuration,
        identity: description.storeIdentity ?? TieredStore.newIdentity())
    } catch {
      if mustFill { removeOrTell() }
      throw CommandFailure(error)
    }
  }

  /// Removes what was made, where something else is what went wrong.
  private func removeOrTell() {
    do throws(CommandFailure) { try request.folder.remove() } catch { note(error.message) }
  }

  /// A store that another run has open must not be removed under it.
  private func makeSureItIsUnused() throws(CommandFailure) {
    do throws(StoreError) {
      try TieredStore.open(request.folder.store, configuration: request.configuration).close()
    } catch {
      // Whatever else is wrong with it goes away with it.
      if case .inUse = error { throw CommandFailure(error) }
    }
  }

  private var keys: StoreKeys { StoreKeys(seed: description.seed, order: description.keyOrder) }

  private var values: StoreValues {
    StoreValues(
      runID: description.run, valueBytes: description.valueBytes,
      compressiblePercent: description.compressiblePercent)
  }

  /// Puts every key, in batches, and waits until the store has settled.
  private func fill(_ store: TieredStore) throws {
    var fill = StoreWorkload(
      kind: .fill, keyCount: description.keyCount, valueBytes: description.valueBytes)
    // Batches of about 1 MiB: what the store gathers into one commit.
    fill.entries = min(
      1000, max(1, (1 << 20) / Int(fill.entryBytes)), Int(clamping: fill.keyCount))
    var plan = LoadPlan(
      store: fill, depth: 4, threads: 1, end: .rangeCovered, seed: request.seed,
      runID: description.run)
    plan.stallLimit = request.stallLimit
    let bytes = description.keyCount * UInt64(fill.entryBytes)
    let total = Quantity.count(description.keyCount)
    note("filling \(total) keys, \(Quantity.bytes(bytes))")
    let result = try run(plan, on: store) { pulse in
      pulse.bytes == 0
        ? nil : "filled \(Quantity.percent(fraction: Double(pulse.bytes) / Double(bytes)))"
    }
    guard result.load.outcome == .completed else {
      throw failure(of: result.load, result.findings, "the fill of \(request.folder.path)")
    }
    guard !stop.isRequested else { return }
    _ = try StoreIdleness.wait(for: store, stop: stop, note: note)
    try request.folder.markFilled()
  }

  private func measure(_ store: TieredStore) throws -> StoreBenchResult {
    if request.kind == .fill {
      note("putting \(Quantity.count(workload.keyCount)) keys")
    } else {
      note("measuring for \(request.seconds) s")
    }
    let startedAt = RunClock().utc
    let before = try statistics(store)
    let traffic = ProcessIO()
    let cpu = CPUTime.ofProcess()
    let result = try run(plan, on: store) { pulse in
      "\(Quantity.duration(pulse.elapsed)): \(Quantity.count(pulse.operations)) operations"
    }
    let used = CPUTime.ofProcess() - cpu
    let moved = traffic.flatMap { ProcessIO()?.since($0) }
    let after = try statistics(store)
    var untilIdle: Nanoseconds?
    if workload.writes, result.load.outcome == .completed, !stop.isRequested {
      untilIdle = try StoreIdleness.wait(for: store, stop: stop, note: note)
      if request.kind == .fill { try request.folder.markFilled() }
    }
    let backing = request.folder.backing
    return StoreBenchResult(
      load: result.load, workload: workload, filling: description, wasKept: !mustFill,
      device: backing?.identity, memory: backing?.memory, startedAt: startedAt,
      verifiedReads: result.verified, findings: result.findings,
      cacheHits: after.cacheHits - before.cacheHits,
      cacheMisses: after.cacheMisses - before.cacheMisses,
      blockReads: after.blockReads - before.blockReads, deviceReadBytes: moved?.readBytes,
      deviceWrittenBytes: moved?.writeBytes, processCPU: used.user + used.system,
      stalled: Nanoseconds(
        Int64(clamping: after.stallMicroseconds - before.stallMicroseconds) * 1000),
      untilIdle: untilIdle)
  }

  private func run(
    _ plan: LoadPlan, on store: TieredStore, _ line: (LoadPulse) -> String?
  ) throws -> (load: LoadResult, findings: String?, verified: UInt64) {
    let factory = StoreTargetFactory(
      store: store, keys: keys, values: values, inFlight: plan.depth * plan.threads)
    defer { factory.lanes.close() }
    var told = Nanoseconds.zero
    do {
      let load = try LoadRun.run(plan, on: InjectedTargetFactory(factory), stop: stop) { pulse in
        // Whatever takes long says how far it is.
        guard pulse.elapsed - told >= Nanoseconds(seconds: 5), let text = line(pulse) else {
          return
        }
        told = pulse.elapsed
        note(text)
      }
      return (load, factory.findings.text, factory.findings.verifiedCount)
    } catch {
      throw CommandFailure(.unsuitable, error.description)
    }
  }

  private func statistics(_ store: TieredStore) throws(CommandFailure) -> StoreStatistics {
    do throws(StoreError) {
      return try store.statistics()
    } catch {
      throw CommandFailure(error)
    }
  }

  /// Why a load that did not end well makes the command fail.
  func failure(of load: LoadResult, _ findings: String?, _ what: String) -> CommandFailure {
    if let signal = stop.requestedBy {
      return CommandFailure(stoppedBy: signal, kept: "the figures are those until then")
    }
    let detail = (findings ?? load.detail).map { ": \($0)" } ?? ""
    return CommandFailure(.fail, "\(what): \(FaultRule.phrase(load.outcome))\(detail)")
  }

  private func checkRoom() throws(CommandFailure) {
    let dataBytes = description.keyCount * UInt64(workload.entryBytes)
    // Twice the data while a level is compacted into the next, and the log.
    let needed = dataBytes * 2 + (256 << 20)
    var folder = FileSystemPath(request.folder.path)
    while !FileManager.default.fileExists(atPath: folder.description), folder.bytes.count > 1 {
      folder = folder.folder
    }
    guard let room = try? FileSystemRoom(at: folder), room.freeBytes < needed else { return }
    throw CommandFailure(
      .unsuitable,
      "\(request.folder.path): \(Quantity.bytes(dataBytes)) of data need up to "
        + "\(Quantity.bytes(needed)) while they are compacted, and \(Quantity.bytes(room.freeBytes)) "
        + "are free; ask for fewer with --keys or --value-size, or name a folder elsewhere")
  }
}

extension StoreStatistics {
  /// Blocks that readers took from files, over all tiers.
  var blockReads: UInt64 { tiers.values.reduce(0) { $0 + $1.blockReads } }
  /// Bytes of these, over all tiers.
  var blockReadBytes: UInt64 { tiers.values.reduce(0) { $0 + $1.blockReadBytes } }
  /// For how long writers were held back, over all tiers.
  var stallMicroseconds: UInt64 { tiers.values.reduce(0) { $0 + $1.stallMicroseconds } }
}

extension BenchStoreDescription {
  /// The run that made the store.
  var run: RunID {
    let digits = Array(runID)
    let half = digits.count / 2
    return RunID(
      high: UInt64(String(digits[..<half]), radix: 16) ?? 0,
      low: UInt64(String(digits[half...]), radix: 16) ?? 0)
  }
}

extension StoreBenchRequest {
  /// A store as it was asked for.
  func newDescription() -> BenchStoreDescription {
    var random = SystemRandomNumberGenerator()
    let runID = RunID(high: random.next(), low: random.next())
    return BenchStoreDescription(
      runID: runID.description, seed: seed, keyOrder: keyOrder ?? .scattered,
      keyCount: keyCount ?? Self.standardKeyCount,
      valueBytes: valueBytes ?? Self.standardValueBytes,
      compressiblePercent: compressiblePercent ?? 0, storeIdentity: TieredStore.newIdentity())
  }

  /// Refuses what a store that is there was not filled with.
  func check(against kept: BenchStoreDescription) throws(CommandFailure) {
    func differs<Value: Equatable>(_ flag: String, _ asked: Value?, _ found: Value)
      throws(CommandFailure)
    {
      guard let asked, asked != found else { return }
      throw CommandFailure(
        .usage,
        "\(flag) \(asked): the store kept in \(folder.path) was filled with \(found); leave the "
          + "flag out, or name a new folder")
    }
    try differs("--keys", keyCount, kept.keyCount)
    try differs("--value-size", valueBytes, kept.valueBytes)
    try differs("--compressible", compressiblePercent, kept.compressiblePercent)
    try differs("--key-order", keyOrder?.rawValue, kept.keyOrder.rawValue)
  }

  /// Refuses to ask for more keys at once than there are.
  func check(entries: Int, keyCount: UInt64) throws(CommandFailure) {
    guard UInt64(entries) > keyCount else { return }
    throw CommandFailure(
      .usage,
      "\(kind.entriesFlag) \(entries): the store has \(keyCount) keys; give "
        + "\(kind.entriesFlag) \(keyCount) or less, or more --keys")
  }

  /// The load.
  func plan(_ workload: StoreWorkload, runID: RunID) -> LoadPlan {
    let end: LoadEnd =
      workload.kind == .fill ? .rangeCovered : .after(Nanoseconds(seconds: seconds))
    var plan = LoadPlan(
      store: workload, depth: depth, threads: threads, end: end, seed: seed, runID: runID)
    plan.arrival = arrival
    plan.rampUp = workload.kind == .fill ? .zero : Nanoseconds(seconds: rampSeconds)
    plan.stallLimit = stallLimit
    plan.cpus = cpus
    plan.separatesReads = workload.reads && workload.writes
    return plan
  }
}
