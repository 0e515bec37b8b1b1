import Measurements

/// What bound a gate of the layer `engine`: not the device alone works there.
extension AttributionRule {
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

  /// The share of time that a device must have had nothing to do before a request's time is not its
  /// doing.
  static let idleLimit = 0.5

  /// The store would have missed the limit above a device that takes no time at all.
  ///
  /// All that was done while the device had nothing to do was the store's own; so the rate over that
  /// time alone is more than any device could have made of it. A latency cannot be divided so: of it
  /// the store is taken to be the cause where the device had nothing to do most of the time.
  static func storeLimit(_ gate: GateResult, _ phase: PhaseRecord?) -> Finding? {
    // Between the arrivals of a schedule a fast device has nothing to do, and a slow one little.
    guard gate.name.layer == .engine, let phase, phase.scenario?.arrival == "closed",
      let idle = EngineRoundRecord(sumOf: phase.rounds.compactMap(\.engine))?.deviceIdleShare,
      let value = gate.value, let limit = gate.limit
    else { return nil }
    let nothing = "the device had nothing to do \(Figure.percent(idle)) of the time"
    switch gate.side {
    case .min:
      guard idle > 0, value / idle < limit else { return nil }
      return Finding(
        bound: .store,
        explanation: "\(nothing): above one that takes no time the store would reach at most "
          + Figure.text(value / idle, gate.unit))
    case .max:
      guard idle >= idleLimit else { return nil }
      return Finding(bound: .store, explanation: nothing)
    case .equals: return nil
    }
  }

  static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
