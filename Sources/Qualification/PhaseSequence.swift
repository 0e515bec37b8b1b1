internal import Driver
internal import LinuxIO
internal import Measurements
internal import Verdicts
internal import Workloads

/// Carries out the phases of a qualification in their order.
///
/// 1. Headroom: what this host can drive at all, on the null target; not for simulated devices.
/// 2. Purge: discard the range, where the profile and the device do.
/// 3. Fill: write the range, so that reads reach the medium.
/// 4. Steady state: repeat one scenario until its rate stays.
/// 5. Scenarios: rounds until each gate is decided, or the most that the profile allows.
/// 6. The store's: see ``EngineSequence``.
///
/// Before each phase the subject is looked at again: it must still be the one that was opened.
final class PhaseSequence {
  let qualification: DeviceQualification
  let journal: Journal
  let stop: StopSignal
  let cpus: [Int]
  /// Latencies of the rounds of the phase at hand, counted together.
  var phaseLatency: LatencyHistogram?
  /// Called with everything that a person may see.
  let progress: (RunProgress) -> Void

  init(
    _ qualification: DeviceQualification, journal: Journal, stop: StopSignal,
    progress: @escaping (RunProgress) -> Void
  ) {
    self.progress = progress
    self.qualification = qualification
    self.journal = journal
    self.stop = stop
    cpus = WorkerPlacementRule.cpus(
      topology: NUMATopology.current(), node: qualification.subject.numaNode,
      interruptCPUs: qualification.subject.record.identity.interruptCPUs)
  }

  var profile: TierProfile { qualification.request.profile }
  var subject: QualificationSubject { qualification.subject }

  /// Whether the run goes on after the last phase.
  var goesOn: Bool {
    !stop.isRequested && (journal.record?.phases.last?.outcome ?? .completed) == .completed
  }

  /// Runs all phases, or those up to the first that failed.
  func carryOut() throws {
    try headroom()
    // A run of the engine layer alone prepares no range: the store fills its own files.
    if subject.isWritable, !qualification.scenarios.isEmpty {
      if goesOn, profile.preconditioning.discard, subject.discards { try purge() }
      if goesOn { try fill() }
      if goesOn { try steadyState() }
    }
    for scenario in qualification.scenarios where goesOn { try run(scenario) }
  }

  // MARK: Phases

  private func headroom() throws {
    guard !isSimulated else { return }
    // Open loops bound their depth from above only; the null target never needs it.
    let closed = qualification.scenarios.filter { $0.arrival == "closed" }
    guard var deepest = closed.max(by: { $0.depth < $1.depth }) ?? qualification.scenarios.first
    else { return }
    (deepest.arrival, deepest.ratePerSecond) = ("closed", nil)
    var plan = try self.plan(deepest).load(
      round: 0, startBytes: 0, logicalBlockBytes: 512, check: .none)
    plan.end = .after(Nanoseconds(seconds: 0.5))
    plan.rampUp = Nanoseconds(seconds: 0.1)
    let record = self.plan(deepest).record(submission: plan.submission.description)
    try phase(.headroom, "headroom", record, expected: 1) { phase, show in
      let result = try LoadRun.run(plan, on: NullTargetFactory(), stop: stop, pulse: show)
      try note(result, in: &phase, countsAsWritten: false)
    }
  }

  private func purge() throws {
    try phase(.purge, "purge", nil, expected: 1) { phase, show in
      let length = subject.record.rangeBytes
      let step: UInt64 = 32 << 30
      var offset: UInt64 = 0
      while offset < length, !stop.isRequested {
        try subject.discard(offset: offset, length: min(step, length - offset))
        offset += step
      }
    }
  }

  private func fill() throws {
    let spec = profile.preconditioning
    let passes = spec.wholePasses
    let workload = WorkloadSpec(
      kind: .sequentialWrite, blocks: BlockSplit(bytes: spec.blockBytes), rangeBytes: usedBytes)
    try workload.validate(logicalBlockBytes: subject.logicalBlockBytes)
    var plan = LoadPlan(
      workload: workload,
      depth: spec.depth, threads: 1, end: .rangeCovered, seed: qualification.request.seed,
      runID: qualification.runID)
    plan.stallLimit = profile.stallLimit
    plan.compressiblePercent = spec.compressiblePercent
    plan.cpus = cpus
    let record = ScenarioRecord(
      name: "fill", workload: "sequential-write",
      blockSplit: workload.blocks.description, readPercent: 0, depth: spec.depth, threads: 1,
      distribution: "sequential", arrival: "closed", ratePerSecond: nil,
      submission: plan.submission.description, rangeStartBytes: 0, rangeBytes: usedBytes)
    try phase(.fill, "fill", record, expected: passes) { phase, show in
      for pass in 0..<passes where !stop.isRequested && phase.outcome == .completed {
        plan.seed = SeededGenerator.derivedSeed(
          qualification.request.seed, phase: "fill", round: pass)
        let result = try subject.run(plan, stop: stop, pulse: show)
        try note(result, in: &phase, countsAsWritten: true)
      }
    }
  }

  private func steadyState() throws {
    let spec = profile.steadyState
    guard let scenario = profile.steadyScenario else { return }
    var plan = self.plan(scenario)
    plan.rounds.duration = spec.round
    plan.spec.round = nil
    let rule = SteadyStateRule(spec)
    try phase(
      .steadyState, "steady-state", plan.record(submission: SubmissionPolicy.automatic.description),
      expected: spec.windowRounds
    ) { phase, show in
      for round in 0..<spec.maxRounds where !stop.isRequested && phase.outcome == .completed {
        guard mayRun(scenario) else { break }
        try self.round(round, of: plan, in: &phase, show)
        let look = rule.look(at: roundsSoFar.map(\.iops))
        phase.steadyState = look
        if look.reached { break }
      }
    }
  }

  private func run(_ scenario: ScenarioSpec) throws {
    let plan = self.plan(scenario)
    try phase(
      .scenario, scenario.phaseName,
      plan.record(submission: SubmissionPolicy.automatic.description),
      expected: profile.rounds.min
    ) { phase, show in
      var histograms: [LatencyHistogram] = []
      let bound = SequentialBound(profile.rounds)
      var target = profile.rounds.min
      for round in 0..<profile.rounds.max where !stop.isRequested && phase.outcome == .completed {
        guard mayRun(scenario) else {
          phase.detail = "the bytes quoted for the run were used up"
          break
        }
        histograms.append(try self.round(round, of: plan, in: &phase, show))
        guard round + 1 >= target else { continue }
        let more = RunVerdict.needsMoreRounds(
          scenario: scenario, profile: profile, layer: qualification.request.layer,
          rounds: roundsSoFar, histograms: histograms)
        guard more, let next = bound.next(after: round + 1) else { break }
        target = next
      }
    }
  }

  /// The engine layer: on a device in a file system that the run makes and removes, elsewhere in a
  /// folder of its own that takes the place of the tool's own file.
  func carryOutEngine() async throws {
    guard goesOn, let store = qualification.store, case .opened(let target) = subject else {
      return
    }
    guard subject.record.form == .file else {
      let volume = try await EngineVolume(
        on: target, runID: qualification.runID, bytes: subject.record.rangeBytes)
      defer { volume.remove() }
      return try EngineSequence(
        self, factory: store.factory, folder: volume.folder, plan: store.plan
      ).carryOut()
    }
    let name = ".storebench-\(qualification.runID).store"
    let folder = try TargetFailure.catching { () throws(DeviceError) in
      try target.releaseSpace()
      return try ScratchFolder(in: target.openedPath.folder, name: name)
    }
    defer { folder.remove() }
    try EngineSequence(self, factory: store.factory, folder: folder.path, plan: store.plan)
      .carryOut()
  }

  // MARK: Parts

  func plan(_ scenario: ScenarioSpec) -> ScenarioPlan {
    ScenarioPlan(
      spec: scenario, rangeBytes: usedBytes, cpus: cpus, rounds: profile.rounds,
      stallLimit: profile.stallLimit, runID: qualification.runID,
      seed: qualification.request.seed,
      compressiblePercent: profile.preconditioning.compressiblePercent)
  }

  /// What was quoted is kept: no further round writes once the quoted bytes are written.
  func mayRun(_ scenario: ScenarioSpec) -> Bool {
    !scenario.writes || journal.bytesWritten < qualification.header.plan.bytesWritten
  }

  /// A simulated device has a clock of its own: neither the host nor its neighbours bound it.
  private var isSimulated: Bool { subject.record.form == .simulated }

  private var usedBytes: UInt64 { subject.record.rangeBytes }

  var roundsSoFar: [RoundRecord] { journal.openRounds }

  /// One round: a load, noted with its histograms.
  @discardableResult
  private func round(
    _ index: Int, of plan: ScenarioPlan, in phase: inout PhaseRecord,
    _ show: (LoadPulse) -> Void
  ) throws -> LatencyHistogram {
    // A scan goes on where the last round ended, so that no round finds what the one before it
    // left in a cache.
    let block = (try? BlockSplit(parsing: plan.spec.block))?.maxBytes ?? 4096
    let moved = roundsSoFar.reduce(0) { $0 + $1.bytes }
    let start = plan.range.bytes > 0 ? moved % plan.range.bytes / UInt64(block) * UInt64(block) : 0
    let check: ReadCheck = subject.isWritable ? .own(every: 16) : .constant(every: 16)
    let load = try plan.load(
      round: index, startBytes: start, logicalBlockBytes: subject.logicalBlockBytes, check: check)
    let noise = isSimulated ? nil : NoiseReading.now()
    let result = try subject.run(load, stop: stop, pulse: show)
    try note(
      result, in: &phase, countsAsWritten: true,
      noise: noise.map { NoiseReading.now().noise(since: $0) })
    return result.latency
  }

  /// Each word once, in the order of their first use.
  private static func distinct(_ words: [String]) -> String {
    var seen: [String] = []
    for word in words where !seen.contains(word) { seen.append(word) }
    return seen.joined(separator: "/")
  }

  /// Puts a load's result into the journal and its outcome into the phase.
  func note(
    _ result: LoadResult, in phase: inout PhaseRecord, countsAsWritten: Bool,
    noise: NoiseRecord? = nil
  ) throws {
    var round = result.round
    round.index = roundsSoFar.count
    // A simulated round may be longer than the time that really passed.
    round.startedAt = max(phase.startedAt, qualification.clock.elapsed - round.duration)
    round.noise = noise
    if countsAsWritten { journal.bytesWritten += result.bytesSubmittedForWriting }
    var samples = [
      SampleRecord(
        phase: phase.name, round: round.index, second: nil, latency: result.latency.sparse)
    ]
    for (second, histogram) in result.seconds.enumerated() {
      samples.append(
        SampleRecord(phase: phase.name, round: round.index, second: second, latency: histogram))
    }
    try journal.append(samples)
    try journal.append(.roundEnded(round))
    let ways = (roundsSoFar.dropLast() + [round]).compactMap(\.submission)
    phase.scenario?.submission = "\(Self.distinct(ways)) \(result.mechanism)"
    if phaseLatency == nil {
      phaseLatency = result.latency
    } else {
      phaseLatency?.add(result.latency)
    }
    phase.outcome = result.outcome
    phase.detail = result.detail
  }
}
