import Measurements

/// A phase in words, before it is escaped for a format.
struct PhaseDescription {
  /// Its name in words.
  var name: String
  /// Whether it did what it set out to do.
  var completed: Bool
  /// The figures, such as `4.0 GiB  1.31 GB/s`.
  var figures: [String]

  /// Puts a phase that has ended into words.
  init(ended progress: RunProgress) {
    name = GateDescription.spaced(progress.phase)
    completed = (progress.outcome ?? .completed) == .completed
    figures = completed ? [] : [Self.word(progress.outcome ?? .failed)]
    switch progress.kind {
    case .fill:
      if progress.bytes > 0 { figures.append(Quantity.bytes(progress.bytes)) }
      if let rate = progress.bytesPerSecond { figures.append(Quantity.bandwidth(rate)) }
    case .steadyState:
      if let steady = progress.steadyState {
        if !steady.reached { figures.append("not steady") }
        figures.append(Self.words(steady, rounds: progress.round))
      } else if let rate = Self.rate(progress) {
        figures.append(rate)
      }
    case .scenario, .headroom:
      if let rate = Self.rate(progress) { figures.append(rate) }
      if let p99 = progress.p99, p99.rawValue > 0 {
        figures.append("p99 \(Quantity.latency(nanoseconds: Double(p99.rawValue)))")
      }
      if let rounds = progress.round, progress.kind == .scenario {
        figures.append(rounds == 1 ? "1 round" : "\(rounds) rounds")
      }
    case .purge, nil: break
    }
    if let engine = progress.engine { figures += EngineDescription(engine).figures }
    if let detail = progress.detail { figures.append(detail) }
  }

  /// Puts a stored phase into words.
  init(_ phase: PhaseRecord) { self.init(ended: RunProgress(ended: phase)) }

  /// The live rate in the unit that suits the block size.
  static func rate(_ progress: RunProgress) -> String? {
    // Large transfers are judged by what they carry, small ones by how many there are, as are the
    // entries of writes to a store.
    if progress.operations > 0, progress.engine?.idleAfter == nil,
      progress.bytes / progress.operations >= 65_536,
      let bandwidth = progress.bytesPerSecond
    {
      return Quantity.bandwidth(bandwidth)
    }
    return progress.operationsPerSecond.map { Quantity.rate($0) }
  }

  /// Steady-state findings, such as `5 rounds, spread 4.0 %, slope 1.0 %`.
  static func words(_ steady: SteadyStateRecord, rounds: Int?) -> String {
    let count = rounds ?? steady.windowRounds
    return "\(count) round\(count == 1 ? "" : "s"), "
      + "spread \(Quantity.percent(fraction: steady.spread)), "
      + "slope \(Quantity.percent(fraction: steady.slopeExcursion))"
  }

  /// The word for why a phase ended.
  static func word(_ outcome: PhaseOutcome) -> String {
    switch outcome {
    case .completed: "completed"
    case .lost: "device lost"
    case .stalled: "device stalled"
    case .failed: "device errors"
    case .corrupt: "wrong data"
    case .interrupted: "interrupted"
    }
  }
}

extension RunProgress {
  /// The last event of a stored phase.
  init(ended phase: PhaseRecord) {
    self.init(
      .ended, phase: phase.name, kind: phase.kind, elapsed: phase.startedAt + phase.duration)
    for round in phase.rounds {
      operations &+= round.operations
      bytes &+= round.bytes
    }
    operationsPerSecond = phase.rounds.rate { Double($0.countedOperations) }
    bytesPerSecond = phase.rounds.rate { Double($0.bytes) }
    p99 = PhaseLatency(phase)?.value(.p99)
    round = phase.rounds.isEmpty ? nil : phase.rounds.count
    steadyState = phase.steadyState
    engine = EngineRoundRecord(sumOf: phase.rounds.compactMap(\.engine))
    outcome = phase.outcome
    detail = phase.detail
  }
}
