import Measurements

/// What bound a gate of the layer `engine`: not the device alone works there.
extension AttributionRule {
  /// The share of time in which the device had nothing to do from which that is the store's doing; less
  /// may be the beginning and the end of rounds, which are not counted in rates.
  static let deviceIdleMin = 0.10

  /// A store works on threads of its own, so that only the whole host's time tells of its limit.
  static func storeCPU(_ phase: PhaseRecord?) -> Finding? {
    // Workers that wait for a schedule spin: busy then means nothing.
    guard let phase, phase.scenario?.arrival == "closed",
      let busy = mean(phase.rounds.compactMap { $0.noise?.cpuBusy }), busy >= busyLimit
    else { return nil }
    return Finding(
      bound: .cpu,
      explanation: "this host's CPUs were busy for \(Figure.percent(busy)) of the time")
  }

  /// A store's threads, more than there are CPUs, waited for one another.
  static func storeWaits(_ gate: GateResult, _ phase: PhaseRecord?) -> Finding? {
    guard gate.name.layer == .engine, let noise = phase?.rounds.compactMap(\.noise),
      let waited = mean(noise.compactMap(\.cpuPressure)), waited > cpuPressureLimit,
      let own = mean(noise.compactMap(\.ownCPU)), own >= ownLimit,
      !noise.contains(where: isTakenByOthers)
    else { return nil }
    return Finding(
      bound: .cpu,
      explanation: "the store's threads waited for a CPU \(Figure.percent(waited)) of the time, "
        + "and the run used \(Figure.percent(own)) of the CPU time itself")
  }

  /// The store would have missed the limit of a rate above a device that takes no time at all.
  ///
  /// All that was done while the device had nothing to do was the store's own; so the rate over that time
  /// alone is more than any device could have made of it. Of a latency the device's share of the time tells
  /// nothing: few requests may make a percentile.
  static func storeLimit(_ gate: GateResult, _ phase: PhaseRecord?) -> Finding? {
    // Between the arrivals of a schedule a fast device has nothing to do, and a slow one little.
    guard gate.name.layer == .engine, gate.side == .min, let phase,
      phase.scenario?.arrival == "closed", let idle = deviceIdleShare(phase),
      idle >= deviceIdleMin, let value = gate.value, let limit = gate.limit, value / idle < limit
    else { return nil }
    return Finding(
      bound: .store,
      explanation:
        "the device had nothing to do \(Figure.percent(idle)) of the time: above one that "
        + "takes no time the store would reach at most \(Figure.text(value / idle, gate.unit))")
  }

  /// The share of all rounds' time in which the device had nothing to do; nil where one does not tell.
  private static func deviceIdleShare(_ phase: PhaseRecord) -> Double? {
    let rounds = phase.rounds.compactMap(\.engine)
    guard rounds.count == phase.rounds.count, rounds.allSatisfy({ $0.deviceIdleShare != nil })
    else { return nil }
    return EngineRoundRecord(sumOf: rounds)?.deviceIdleShare
  }

  static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
