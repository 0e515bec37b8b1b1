internal import Measurements
public import Verdicts

/// What the store of a run will take, before it begins; pure.
public struct StoreQuote: Sendable {
  /// Scenarios of the engine layer that will run.
  public var scenarios: [ScenarioSpec]
  /// Bytes of keys and values that it is filled with.
  public var fillBytes: UInt64
  /// Bytes of each key.
  public var keyBytes: Int

  /// Quotes a store.
  public init(scenarios: [ScenarioSpec], fillBytes: UInt64, keyBytes: Int) {
    self.scenarios = scenarios
    self.fillBytes = fillBytes
    self.keyBytes = keyBytes
  }

  /// Bytes at the device for each byte put, at most: the log, the flush, and rewrites by compaction.
  ///
  /// A fill of 128 MiB in random order with write buffers of 1.5 MiB was measured at 11.6; rounds of
  /// writes behind it rewrite the levels again.
  static let writeAmplification = 30.0
  /// Bytes of keys and values a second at which a store is filled, compaction included.
  static let fillRate = 50e6
  /// Time until compaction is idle, for each second of writes.
  static let idleShare = 1.0

  /// Seconds for the fill and so many rounds of each scenario.
  ///
  /// - Parameters:
  ///   - profile: Rounds and the shortest warm-up.
  ///   - rounds: Of each scenario.
  ///   - warmUp: Of the first scenario that looks keys of one size up; those behind it find the
  ///     caches filled, and take the shortest time.
  /// - Returns: Seconds.
  func seconds(_ profile: TierProfile, rounds: Int, warmUp: Nanoseconds) -> Double {
    let fill = Double(fillBytes) / Self.fillRate
    var filled: Set<Int> = []
    return scenarios.reduce(fill) { sum, scenario in
      let round = (scenario.round ?? profile.rounds.duration).seconds
      let idle = scenario.writes ? round * Self.idleShare : 0
      var warming = 0.0
      if scenario.readsAtRandom {
        let isFirst = filled.insert(scenario.valueBytes ?? 0).inserted
        warming = (isFirst ? warmUp : profile.engine.warmUp).seconds
      }
      return sum + warming + Double(rounds) * (round + profile.rounds.rampUp.seconds + idle)
    }
  }

  /// Bytes at the device at most: rounds of writes at twice what their gates ask.
  func bytesWritten(_ profile: TierProfile, linkRate: Double) -> Double {
    scenarios.reduce(Double(fillBytes) * Self.writeAmplification) { sum, scenario in
      guard scenario.writes else { return sum }
      let gate = profile.gates.first {
        $0.name.layer == .engine && $0.name.scenario == scenario.name && $0.unit == .perSecond
      }
      let share = scenario.onlyWrites ? 1 : Double(100 - scenario.readPercent) / 100
      let rate = (scenario.ratePerSecond ?? 2 * (gate?.limit ?? 1e6)) * share
      let entry = Double(keyBytes + (scenario.valueBytes ?? 0))
      let round = (scenario.round ?? profile.rounds.duration) + profile.rounds.rampUp
      let bytes = min(rate * entry * Self.writeAmplification, linkRate)
      return sum + bytes * round.seconds * Double(profile.rounds.max)
    }
  }
}
