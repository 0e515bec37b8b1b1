internal import Driver
internal import LinuxIO
internal import Measurements
internal import Verdicts

extension PhaseSequence {
  /// Runs the body of a phase between its journal entries, and shows how it gets on.
  ///
  /// - Parameters:
  ///   - kind: What the phase is for.
  ///   - name: Its name in the record.
  ///   - scenario: What is asked of the subject, for phases that load it.
  ///   - expected: Rounds that the phase will have, as far as is known.
  ///   - body: The work; it keeps the phase's outcome and calls its second argument as it goes.
  /// - Throws: `TargetFailure` where somebody else uses the subject, and whatever `body` throws.
  func phase(
    _ kind: PhaseKind, _ name: String, _ scenario: ScenarioRecord?, expected: Int,
    _ body: (inout PhaseRecord, @escaping (LoadPulse) -> Void) throws -> Void
  ) throws {
    let clock = qualification.clock
    var phase = PhaseRecord(
      kind: kind, name: name, scenario: scenario, startedAt: clock.elapsed,
      startedAtUTC: clock.utc)
    let gone = try changeFound()
    phaseLatency = nil
    try journal.append(.phaseBegan(phase))
    progress(event(.began, phase, expected))
    if let gone {
      phase.outcome = .lost
      phase.detail = gone
      try journal.append(.phaseEnded(phase))
      return
    }
    let began = phase
    var last = LoadPulse.none
    var shown = clock.elapsed
    var filled = 0.0
    try body(&phase) { [self] pulse in
      let now = clock.elapsed
      guard now - shown >= Nanoseconds(seconds: 0.25) else { return }
      var event = event(.advanced, began, expected)
      let since = (now - shown).seconds
      // Nothing completes while a store is waited for until it is idle.
      let fresh = pulse.operations > 0 && pulse.operations >= last.operations
      event.operationsPerSecond = fresh ? Double(pulse.operations - last.operations) / since : nil
      event.bytesPerSecond = fresh ? Double(pulse.bytes - last.bytes) / since : nil
      event.operations += pulse.operations
      event.bytes += pulse.bytes
      if kind == .fill, let range = scenario?.rangeBytes, range > 0 {
        filled = max(filled, min(1, Double(event.bytes) / Double(range) / Double(expected)))
        event.fractionDone = filled
      }
      if pulse.silence >= Nanoseconds(seconds: 1) { event.stalledFor = pulse.silence }
      progress(event)
      last = pulse
      shown = now
    }
    phase.duration = clock.elapsed - phase.startedAt
    phase.latency = phaseLatency.flatMap { $0.count > 0 ? $0.summary : nil }
    if stop.isRequested, phase.outcome == .completed { phase.outcome = .interrupted }
    var ended = event(.ended, phase, expected)
    ended.fractionDone = 1
    ended.outcome = phase.outcome
    ended.detail = phase.detail
    ended.engine = EngineRoundRecord(sumOf: journal.openRounds.compactMap(\.engine))
    if let rate = journal.openRounds.rate(of: { Double($0.countedOperations) }) {
      ended.operationsPerSecond = rate
      ended.bytesPerSecond = journal.openRounds.rate { Double($0.bytes) }
    }
    try journal.append(.phaseEnded(phase))
    progress(ended)
  }

  /// What became of the subject since it was opened; nil where it is still the same.
  ///
  /// - Throws: `TargetFailure` where somebody else began to use it.
  private func changeFound() throws(TargetFailure) -> String? {
    do {
      try qualification.subject.recheck()
      return nil
    } catch {
      guard error.category == .changed else { throw error }
      // Somebody moved or removed the tool's own file: no fault of the drive below it.
      guard qualification.subject.record.form != .file else {
        throw TargetFailure(category: .environment, description: error.description)
      }
      return error.description
    }
  }

  private func event(_ kind: RunProgress.Event, _ phase: PhaseRecord, _ expected: Int)
    -> RunProgress
  {
    let clock = qualification.clock
    var event = RunProgress(kind, phase: phase.name, kind: phase.kind, elapsed: clock.elapsed)
    let rounds = journal.openRounds
    event.round = min(rounds.count + 1, max(expected, rounds.count))
    event.rounds = max(expected, rounds.count)
    event.operations = rounds.reduce(0) { $0 + $1.operations }
    event.bytes = rounds.reduce(0) { $0 + $1.bytes }
    event.p99 = phaseLatency.flatMap { latency in
      latency.count >= 100 ? Nanoseconds(Int64(clamping: latency.value(atQuantile: 0.99))) : nil
    }
    event.steadyState = phase.steadyState
    event.fractionDone = fractionDone(of: phase, expected)
    let left = qualification.header.plan.duration - clock.elapsed
    // Beyond its plan nobody knows.
    event.timeLeft = left.rawValue > 0 ? left : nil
    return event
  }

  /// The share of a phase's rounds that are over, with the part of the one under way.
  private func fractionDone(of phase: PhaseRecord, _ expected: Int) -> Double {
    let rounds = journal.openRounds
    let spent = (qualification.clock.elapsed - phase.startedAt).seconds
    var perRound = profile.rounds.duration.seconds + profile.rounds.rampUp.seconds
    var ended = 0.0
    if let last = rounds.last {
      ended = (last.startedAt - phase.startedAt).seconds + last.countedSeconds
      perRound = ended / Double(rounds.count)
    }
    let part = min(0.95, max(0, spent - ended) / max(perRound, 0.001))
    return min(1, (Double(rounds.count) + part) / Double(max(expected, rounds.count + 1)))
  }
}
