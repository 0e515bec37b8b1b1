public import Measurements

/// Names what bound a gate that did not pass: a pure function of the record's facts.
public struct AttributionRule: Sendable {
  /// CPU time of the workers over wall time from which they are the bottleneck.
  public static let busyLimit = 0.95
  /// Share of CPU time that a hypervisor may take before it explains a result.
  public static let stealLimit = 0.10
  /// Share of time in which tasks may wait for memory before it explains a result.
  public static let memoryPressureLimit = 0.10
  /// Share of time in which tasks may wait for a CPU before it explains a result; our own workers
  /// make some of it.
  public static let cpuPressureLimit = 0.50
  /// Share of the CPU time that others may use before waits for a CPU are their doing; what the kernel
  /// does for the run's own requests counts among them.
  public static let othersLimit = 0.25

  /// Share of the CPU time that the run must have used itself before its threads' waits for one
  /// another explain a result.
  public static let ownLimit = 0.50

  /// A bound with its explanation.
  public struct Finding: Sendable, Equatable {
    /// What bound the gate.
    public var bound: Bound
    /// Why, for people.
    public var explanation: String
  }

  /// What bound `gate`; the device itself where nothing else explains it.
  ///
  /// `phase` is that of the gate's scenario, where it was carried out; `headroom` the requests per
  /// second that the host reached on the null target.
  public static func finding(
    _ gate: GateResult, scenario: ScenarioSpec, phase: PhaseRecord?, subject: SubjectRecord,
    headroom: Double?
  ) -> Finding {
    cpu(gate, phase, headroom) ?? link(gate, scenario, subject.identity.link)
      ?? thermal(subject) ?? placement(phase, subject.identity.numaNode) ?? neighbour(phase)
      ?? storeWaits(gate, phase) ?? storeLimit(gate, phase)
      ?? Finding(bound: .device, explanation: "nothing else than the device explains it")
  }

  /// The host cannot ask for as much as the gate wants, or its workers had no time left.
  static func cpu(_ gate: GateResult, _ phase: PhaseRecord?, _ headroom: Double?) -> Finding? {
    if gate.name.layer == .engine { return storeCPU(phase) }
    if gate.unit == .perSecond, let headroom, let limit = gate.limit, headroom < limit {
      return Finding(
        bound: .cpu,
        explanation: "this host reaches \(Figure.grouped(headroom)) requests a second on a target "
          + "that does nothing, less than the limit")
    }
    // Workers that wait for a schedule or poll the device spin: busy then means nothing.
    guard let phase, let load = phase.scenario, load.threads > 0, load.arrival == "closed",
      !load.submission.contains("iopoll")
    else { return nil }
    let wall = phase.rounds.reduce(0.0) { $0 + $1.duration.seconds } * Double(load.threads)
    let used = phase.rounds.reduce(0.0) { $0 + $1.userCPU.seconds + $1.systemCPU.seconds }
    guard wall > 0, used / wall >= busyLimit else { return nil }
    let workers = load.threads == 1 ? "the worker was" : "the \(load.threads) workers were"
    return Finding(
      bound: .cpu, explanation: "\(workers) busy for \(Figure.percent(used / wall)) of the time")
  }

  /// Whether others than the run used much of the CPU time, as far as is known.
  static func isTakenByOthers(_ noise: NoiseRecord) -> Bool {
    guard let busy = noise.cpuBusy, let own = noise.ownCPU else { return true }
    return busy - own > othersLimit
  }

  /// The link is trained below what the drive can do, and the gate needs what is missing.
  static func link(_ gate: GateResult, _ scenario: ScenarioSpec, _ link: LinkRecord?) -> Finding? {
    guard let link, let trained = InterfaceBound(link),
      let metric = Metric(rawValue: gate.name.metric),
      let most = trained.limit(of: metric, in: scenario)
    else { return nil }
    let narrower = (link.lanes ?? 0) < (link.lanesMax ?? 0)
    let slower = (link.generation ?? 0) < (link.generationMax ?? 0)
    guard narrower || slower else { return nil }
    // Headers and acknowledgements take up to a fifth of the bound.
    guard (gate.limit ?? 0) > 0.8 * most || (gate.value ?? 0) > 0.8 * most else { return nil }
    let able = InterfaceBound(
      bus: link.bus, generation: link.generationMax ?? link.generation ?? 0,
      lanes: link.lanesMax ?? link.lanes ?? 1)
    return Finding(
      bound: .link,
      explanation: "the link is trained to \(trained.name), the drive can do "
        + "\(able?.name ?? "more"): at most \(Figure.text(most, gate.unit))")
  }

  /// The drive's own counters say that it slowed down for heat.
  static func thermal(_ subject: SubjectRecord) -> Finding? {
    guard let before = subject.healthBefore, let after = subject.healthAfter else { return nil }
    let throttled = growth(before.thermalThrottleCount, after.thermalThrottleCount)
    let minutes = growth(before.warningTemperatureMinutes, after.warningTemperatureMinutes)
    guard throttled > 0 || minutes > 0 else { return nil }
    let degrees = after.temperatureCelsius.map { "\($0) °C, " } ?? ""
    let counter =
      throttled > 0
      ? "throttle counter +\(throttled)" : "\(minutes) more minutes above the warning temperature"
    return Finding(bound: .thermal, explanation: "\(degrees)\(counter)")
  }

  private static func growth(_ before: UInt64?, _ after: UInt64?) -> UInt64 {
    guard let before, let after, after > before else { return 0 }
    return after - before
  }

  /// A worker or its buffers were on another node than the device.
  static func placement(_ phase: PhaseRecord?, _ node: Int?) -> Finding? {
    guard let phase, let node, node >= 0 else { return nil }
    for round in phase.rounds {
      for worker in round.placement {
        let buffers = worker.bufferNodes.contains { $0 != node }
        guard worker.node != node || buffers else { continue }
        return Finding(
          bound: .numa,
          explanation: "in round \(round.index) worker \(worker.worker) "
            + (worker.node != node ? "ran on node \(worker.node)" : "had buffers on another node")
            + ", the device is on node \(node)")
      }
    }
    return nil
  }

  /// Something else took the machine's time.
  static func neighbour(_ phase: PhaseRecord?) -> Finding? {
    let noise = phase?.rounds.compactMap(\.noise) ?? []
    let steal = noise.compactMap(\.steal).max() ?? 0
    let memory = noise.compactMap(\.memoryPressure).max() ?? 0
    let cpu = noise.filter(isTakenByOthers).compactMap(\.cpuPressure).max() ?? 0
    let explanation: String
    if steal > stealLimit {
      explanation = "the hypervisor took \(Figure.percent(steal)) of the CPU time"
    } else if memory > memoryPressureLimit {
      explanation = "tasks waited for memory \(Figure.percent(memory)) of the time"
    } else if cpu > cpuPressureLimit {
      explanation = "tasks waited for a CPU \(Figure.percent(cpu)) of the time"
    } else {
      return nil
    }
    return Finding(bound: .neighbour, explanation: explanation)
  }
}
