public import Measurements
public import Verdicts
internal import Workloads

/// What a run will take, quoted before it begins; pure.
public struct RunQuote: Sendable {
  /// The profile, resolved.
  public var profile: TierProfile
  /// Scenarios that will run.
  public var scenarios: [ScenarioSpec]
  /// Bytes of the range.
  public var rangeBytes: UInt64
  /// Whether anything is written.
  public var writes: Bool
  /// The subject's link as it is trained, where it is known.
  public var link: LinkRecord?
  /// The store that the run makes, where it makes one.
  public var store: StoreQuote?

  /// Quotes a run over a range.
  public init(
    profile: TierProfile, scenarios: [ScenarioSpec], rangeBytes: UInt64, writes: Bool,
    link: LinkRecord? = nil, store: StoreQuote? = nil
  ) {
    self.store = store
    self.link = link
    self.profile = profile
    self.scenarios = scenarios
    self.rangeBytes = rangeBytes
    self.writes = writes
  }

  /// Time, bytes and share of endurance.
  public var plan: PlanRecord {
    // A run of the engine layer alone leaves the raw phases out.
    let fillBytes =
      writes && !scenarios.isEmpty ? UInt64(profile.preconditioning.wholePasses) * rangeBytes : 0
    let fillSeconds = Double(fillBytes) / sequentialWriteRate
    let steady = steadyRounds
    let few = scenarios.reduce(0.0) { $0 + seconds($1, rounds: profile.rounds.min) }
    let many = scenarios.reduce(0.0) { $0 + seconds($1, rounds: profile.rounds.max) }
    let steadyRound = profile.steadyState.round.seconds + profile.rounds.rampUp.seconds
    var bytes = Double(fillBytes) + Double(steady.max) * steadyRound * rate(of: steady.scenario)
    for scenario in scenarios where scenario.writes {
      bytes += seconds(scenario, rounds: profile.rounds.max) * rate(of: scenario)
    }
    bytes += store?.bytesWritten(profile, linkRate: linkRate) ?? 0
    if !writes { bytes = 0 }
    let (short, long) = (profile.engine.warmUp, profile.engine.warmUpLimit)
    let storeFew = store?.seconds(profile, rounds: profile.rounds.min, warmUp: short) ?? 0
    let storeMany = store?.seconds(profile, rounds: profile.rounds.max, warmUp: long) ?? 0
    let total = bytes < 1e18 ? UInt64(bytes) : UInt64.max
    return PlanRecord(
      duration: Nanoseconds(
        seconds: fillSeconds + Double(steady.min) * steadyRound + few + storeFew + 2),
      durationMax: Nanoseconds(
        seconds: 2 * fillSeconds + Double(steady.max) * steadyRound + many + 2 * storeMany + 2),
      bytesWritten: total,
      enduranceShare: profile.ratedBytesWritten.map { Double(total) / Double(max($0, 1)) },
      scenarioCount: scenarios.count + (store?.scenarios.count ?? 0))
  }

  private var steadyRounds: (min: Int, max: Int, scenario: ScenarioSpec?) {
    guard writes, !scenarios.isEmpty, let scenario = profile.steadyScenario else {
      return (0, 0, nil)
    }
    return (profile.steadyState.windowRounds, profile.steadyState.maxRounds, scenario)
  }

  private func seconds(_ scenario: ScenarioSpec, rounds: Int) -> Double {
    let round = (scenario.round ?? profile.rounds.duration).seconds
    return Double(rounds) * (round + profile.rounds.rampUp.seconds)
  }

  /// The most that a scenario can write a second: what its schedule sends, or what the link carries
  /// in blocks of its size at two million requests a second, more than any one drive takes.
  private func rate(of scenario: ScenarioSpec?) -> Double {
    guard let scenario, scenario.writes else { return 0 }
    let share = scenario.workload == "random-mix" ? Double(100 - scenario.readPercent) / 100 : 1
    let block = (try? BlockSplit(parsing: scenario.block)).map { Double($0.meanBytes) } ?? 4096
    if let rate = scenario.ratePerSecond { return rate * block * share }
    return min(linkRate, 2e6 * block) * share
  }

  /// Bytes a second that the link carries; where none is known, what one PCIe generation 4 × 4
  /// carries, or the SATA link that the profile declares.
  private var linkRate: Double {
    let declared = profile.link.flatMap {
      InterfaceBound(bus: $0.bus, generation: $0.generation, lanes: $0.lanes)
    }
    let bound = link.flatMap { InterfaceBound($0) } ?? declared
    return bound?.bytesPerSecond ?? 7.9e9
  }

  private var sequentialWriteRate: Double {
    let gates = profile.gates.filter { gate in
      gate.unit == .bytesPerSecond && gate.side == .min
        && profile.scenarios.contains {
          $0.name == gate.name.scenario && $0.workload == "sequential-write"
        }
    }
    return max(gates.compactMap(\.limit).max() ?? 200e6, 1e6)
  }
}

extension BlockSplit {
  /// The mean size of a request in bytes.
  var meanBytes: Double {
    parts.reduce(0) { $0 + Double($1.bytes) * Double($1.percent) / 100 }
  }
}
