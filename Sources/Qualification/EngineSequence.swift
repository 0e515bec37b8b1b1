internal import Driver
internal import LinuxIO
internal import Measurements
internal import Verdicts
internal import Workloads

/// Carries out the engine phases: one store, one configuration, all scenarios.
///
/// 1. Make the store in an empty folder, with the plan's memory and durability.
/// 2. Fill it, one phase for each size of value, and wait until compaction is idle.
/// 3. Scenarios in their order, each round a load; writes with point reads beside them, and their
///    round ends when compaction is idle again.
/// 4. Close the store.
final class EngineSequence {
  let sequence: PhaseSequence
  let engine: any Engine
  let plan: EnginePlan
  /// What the kernel had sent to storage for this process when it was last counted.
  private var countedIO: ProcessIO?

  /// Makes the store.
  ///
  /// - Throws: `TargetFailure` where it cannot be made.
  init(
    _ sequence: PhaseSequence, factory: any EngineFactory, folder: FileSystemPath, plan: EnginePlan
  ) throws {
    self.sequence = sequence
    self.plan = plan
    countedIO = sequence.qualification.readKernel()
    do throws(EngineFailure) {
      engine = try factory.makeEngine(at: folder, plan: plan)
    } catch {
      throw TargetFailure(
        category: .environment, description: "the store could not be made: \(error)")
    }
    try sequence.journal.append(.engineMade(engine.record))
  }

  private var profile: TierProfile { sequence.profile }
  private var journal: Journal { sequence.journal }
  private var seed: UInt64 { sequence.qualification.request.seed }

  /// Runs all phases, or those up to the first that failed, and closes the store.
  func carryOut() throws {
    do {
      try carryOutPhases()
    } catch {
      // What keeps it from closing now is told by what ended the run.
      try? engine.close()
      throw error
    }
    let ended = !sequence.goesOn
    do throws(EngineFailure) {
      try engine.close()
    } catch {
      guard !ended else { return }
      throw TargetFailure(category: .environment, description: "the store did not close: \(error)")
    }
  }

  private func carryOutPhases() throws {
    for space in plan.keySpaces.indices where sequence.goesOn { try fill(space) }
    for scenario in sequence.qualification.store?.scenarios ?? [] where sequence.goesOn {
      try run(scenario)
    }
  }

  // MARK: Phases

  private func fill(_ space: Int) throws {
    let keys = plan.keySpaces[space]
    var load = EngineLoad(
      workload: .fill, keySpace: space, scatterSeed: seed, depth: 64, threads: 1,
      end: .rangeCovered,
      seed: SeededGenerator.derivedSeed(seed, phase: "engine/fill", round: space))
    load.stallLimit = profile.stallLimit
    load.cpus = sequence.cpus
    let bytes = keys.keyCount * UInt64(plan.keyBytes + keys.valueBytes)
    let name = plan.keySpaces.count == 1 ? "engine/fill" : "engine/fill-\(keys.valueBytes)"
    let record = ScenarioRecord(
      name: name, workload: "store-fill", blockSplit: "\(keys.valueBytes)", readPercent: 0,
      depth: load.depth, threads: 1, distribution: "sequential", arrival: "closed",
      ratePerSecond: nil, submission: "", rangeStartBytes: 0, rangeBytes: bytes)
    try sequence.phase(.fill, name, record, expected: 1) { phase, show in
      try measure(load, beside: nil, waits: true, in: &phase, show)
      if phase.outcome == .completed, sequence.roundsSoFar.last?.engine?.becameIdle == false {
        phase.detail = "compaction was still going on after the longest time to wait"
      }
    }
  }

  private func run(_ scenario: ScenarioSpec) throws {
    guard let load = load(scenario) else { return }
    var record = sequence.plan(scenario).record(submission: "")
    record.rangeStartBytes = 0
    record.rangeBytes = bytes(of: load.keySpace)
    try sequence.phase(.scenario, scenario.phaseName, record, expected: profile.rounds.min) {
      phase, show in
      try warmUp(scenario, load, in: &phase, show)
      var histograms: [LatencyHistogram] = []
      let bound = SequentialBound(profile.rounds)
      var target = profile.rounds.min
      for round in 0..<profile.rounds.max where goesOn(phase) {
        guard sequence.mayRun(scenario) else {
          phase.detail = "the bytes quoted for the run were used up"
          break
        }
        histograms.append(try self.round(round, scenario, load, in: &phase, show))
        guard round + 1 >= target else { continue }
        let more = RunVerdict.needsMoreRounds(
          scenario: scenario, profile: profile, layer: sequence.qualification.request.layer,
          rounds: sequence.roundsSoFar, histograms: histograms)
        guard more, let next = bound.next(after: round + 1) else { break }
        target = next
      }
      // The next scenario must not find this one's compaction.
      if scenario.writes, !scenario.onlyWrites, goesOn(phase) {
        _ = try failing(&phase) { () throws(EngineFailure) in try waitUntilIdle(show) }
        account()
      }
    }
  }

  /// Caches fill, uncounted, before the first round of a scenario that reads at random, until device
  /// reads a get have stopped changing.
  private func warmUp(
    _ scenario: ScenarioSpec, _ load: EngineLoad, in phase: inout PhaseRecord,
    _ show: (LoadPulse) -> Void
  ) throws {
    let spec = profile.engine
    guard scenario.readsAtRandom, spec.warmUp.rawValue > 0 else { return }
    let began = MonotonicClock.now()
    var load = load
    load.end = .after(Nanoseconds(spec.warmUp.rawValue / Int64(WarmUpRule.fewestSlices)))
    load.rampUp = .zero
    var slices: [WarmUpRule.Slice] = []
    var isSteady = false
    while goesOn(phase), !isSteady,
      slices.count < WarmUpRule.fewestSlices || MonotonicClock.now() - began < spec.warmUpLimit
    {
      load.seed = SeededGenerator.derivedSeed(
        seed, phase: scenario.phaseName + "/warm-up", round: slices.count)
      guard let slice = try warm(load, in: &phase, show) else { return }
      slices.append(slice)
      isSteady = WarmUpRule.isSteady(slices)
    }
    phase.warmUp = WarmUpRecord(
      duration: MonotonicClock.now() - began, becameSteady: isSteady,
      deviceReadsPerGet: WarmUpRule.readsPerGet(slices.suffix(1)))
  }

  /// One slice of a warm-up; nil where the device failed.
  private func warm(
    _ load: EngineLoad, in phase: inout PhaseRecord, _ show: (LoadPulse) -> Void
  ) throws -> WarmUpRule.Slice? {
    let stop = sequence.stop
    let found = try failing(&phase) { () throws(EngineFailure) in
      let before = try engine.counters()
      let result = try engine.run(load, stop: stop, pulse: show)
      let moved = EngineRoundRecord(entries: 0, from: before, to: try engine.counters())
      return (result, WarmUpRule.Slice(gets: moved.gets, deviceReads: moved.deviceReads))
    }
    account()
    guard let (result, slice) = found else { return nil }
    phase.outcome = result.load.outcome
    phase.detail = result.load.detail
    return slice
  }

  private func round(
    _ index: Int, _ scenario: ScenarioSpec, _ load: EngineLoad, in phase: inout PhaseRecord,
    _ show: (LoadPulse) -> Void
  ) throws -> LatencyHistogram {
    var load = load
    load.seed = SeededGenerator.derivedSeed(seed, phase: scenario.phaseName, round: index)
    let walked = sequence.roundsSoFar.reduce(0) { $0 + ($1.engine?.entries ?? 0) }
    load.firstKey = walked % max(1, plan.keySpaces[load.keySpace].keyCount)
    return try measure(
      load, beside: scenario.pointReadsPerSecond, waits: scenario.onlyWrites, in: &phase, show)
  }

  // MARK: Parts

  private func goesOn(_ phase: PhaseRecord) -> Bool {
    !sequence.stop.isRequested && phase.outcome == .completed
  }

  private func bytes(of space: Int) -> UInt64 {
    plan.keySpaces[space].keyCount * UInt64(plan.keyBytes + plan.keySpaces[space].valueBytes)
  }

  /// The load of a scenario, but for what differs from round to round.
  private func load(_ scenario: ScenarioSpec) -> EngineLoad? {
    guard let workload = scenario.engineWorkload,
      let space = plan.keySpaces.firstIndex(where: { $0.valueBytes == scenario.valueBytes }),
      let distribution = try? Distribution(parsing: scenario.distribution)
    else { return nil }
    let shape = sequence.plan(scenario)
    var load = EngineLoad(
      workload: workload, keySpace: space, distribution: distribution, scatterSeed: seed,
      depth: max(1, scenario.depth / shape.threads), threads: shape.threads,
      end: .after(scenario.round ?? profile.rounds.duration), seed: seed)
    load.arrival = shape.arrival
    load.rampUp = profile.rounds.rampUp
    load.stallLimit = profile.stallLimit
    load.cpus = sequence.cpus
    return load
  }

  /// One load with what goes on beside it and the wait behind it, noted as a round.
  @discardableResult
  private func measure(
    _ load: EngineLoad, beside rate: Double?, waits: Bool, in phase: inout PhaseRecord,
    _ show: (LoadPulse) -> Void
  ) throws -> LatencyHistogram {
    let noise = sequence.qualification.readNoise()
    let kernel = sequence.qualification.readKernel()
    let activity = sequence.qualification.readActivity()
    let began = MonotonicClock.now()
    // Beyond any round with its wait, so that the reads end only when they are told to.
    var longest = profile.rounds.rampUp + profile.engine.idleLimit + Nanoseconds(seconds: 60)
    if case .after(let length) = load.end { longest = longest + length }
    let stop = sequence.stop
    let measured = try failing(&phase) { () throws(EngineFailure) in
      let before = try engine.counters()
      let beside = rate.flatMap {
        EngineBeside(engine, load, ratePerSecond: $0, longest: longest)
      }
      defer { beside?.end() }
      var result = try engine.run(load, stop: stop, pulse: show)
      var idle: (time: Nanoseconds, reached: Bool)?
      if waits, result.load.outcome == .completed { idle = try waitUntilIdle(show) }
      let record = try beside?.record()
      if let faults = beside?.faults { result.load.round.faults.add(faults) }
      let after = try engine.counters()
      result.load.round.engine = EngineRoundRecord(
        entries: result.entries, from: before, to: after)
      result.load.round.engine?.idleAfter = idle?.time
      result.load.round.engine?.becameIdle = idle?.reached
      result.load.round.engine?.beside = record
      return result
    }
    let elapsed = MonotonicClock.now() - began
    let active = sequence.qualification.readActivity()
    guard var result = measured else { return LatencyHistogram() }
    if let activity, let shares = active?.share(since: activity, of: elapsed) {
      result.load.round.engine?.deviceBusy = shares.busy
      result.load.round.engine?.deviceIdle = shares.idle
    }
    if let kernel, let moved = sequence.qualification.readKernel()?.since(kernel) {
      result.load.round.engine?.kernelReadBytes = moved.readBytes
      result.load.round.engine?.kernelWriteBytes = moved.writeBytes
    }
    // Of a mix the reads are judged: puts are acknowledged in memory, and would hide them.
    if let reads = result.reads {
      result.load.latency = reads
      result.load.round.latency = reads.summary
    }
    if countedIO == nil { journal.bytesWritten += result.load.bytesSubmittedForWriting }
    account()
    try sequence.note(
      result.load, in: &phase, countsAsWritten: false,
      noise: noise.flatMap { before in
        sequence.qualification.readNoise().map { $0.noise(since: before) }
      })
    return result.load.latency
  }

  /// Counts what was written to storage since it was last counted: logs, flush and compaction.
  private func account() {
    guard let before = countedIO, let now = sequence.qualification.readKernel() else { return }
    journal.bytesWritten += now.since(before).writeBytes
    countedIO = now
  }

  /// Waits until flush and compaction are idle, and shows that it does.
  private func waitUntilIdle(_ show: (LoadPulse) -> Void) throws(EngineFailure) -> (
    time: Nanoseconds, reached: Bool
  ) {
    let began = MonotonicClock.now()
    let slice = Nanoseconds(seconds: 0.25)
    var reached = false
    while !reached, !sequence.stop.isRequested,
      MonotonicClock.now() - began < profile.engine.idleLimit
    {
      reached = try engine.waitUntilIdle(atMost: slice, stop: sequence.stop)
      show(
        LoadPulse(
          elapsed: MonotonicClock.now() - began, operations: 0, bytes: 0, silence: .zero))
    }
    return (MonotonicClock.now() - began, reached)
  }

  /// Does what may fail with the store: a device that failed below it ends the phase.
  ///
  /// - Throws: `TargetFailure` where something else stood in the way.
  private func failing<Value>(
    _ phase: inout PhaseRecord, _ body: () throws(EngineFailure) -> Value
  ) throws(TargetFailure) -> Value? {
    do throws(EngineFailure) {
      return try body()
    } catch {
      guard error.category == .device else {
        throw TargetFailure(category: .environment, description: "the store: \(error)")
      }
      phase.outcome = .failed
      phase.detail = error.description
      return nil
    }
  }
}

extension EngineRoundRecord {
  /// What a store did between two looks at its counters.
  init(entries: UInt64, from before: EngineCounters, to after: EngineCounters) {
    self.init(entries: entries)
    gets = after.gets &- before.gets
    keyCacheHits = after.keyCacheHits &- before.keyCacheHits
    blockCacheHits = after.blockCacheHits &- before.blockCacheHits
    deviceReads = after.deviceReads &- before.deviceReads
    deviceReadBytes = after.deviceReadBytes &- before.deviceReadBytes
    stalled = after.stalled - before.stalled
    storedBytes = after.storedBytes
  }
}
