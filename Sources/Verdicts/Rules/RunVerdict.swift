public import Measurements

/// Judges a run: a pure function of its record, its profile and its side file.
///
/// Nothing else enters, so a verdict can be derived again from what a run left behind.
public struct RunVerdict: Sendable {
  var record: RunRecord
  var profile: TierProfile
  // Kept as they are stored: a histogram takes 270 KiB, and only percentile gates need one.
  var samples: [String: [Int: SparseHistogram]] = [:]
  var warnings: [String] = []

  /// The judgement of `record` under `profile`.
  ///
  /// `samples` is the side file; only whole rounds matter, not single seconds.
  public static func judge(
    record: RunRecord, profile: TierProfile, samples: [SampleRecord]
  ) -> VerdictRecord {
    var run = RunVerdict(record: record, profile: profile)
    for sample in samples where sample.second == nil {
      run.samples[sample.phase, default: [:]][sample.round] = sample.latency
    }
    let gates = run.judgeGates()
    let faults = FaultRule.faults(record.phases)
    return VerdictSummary(
      record: record, profile: profile, gates: gates, faults: faults, warnings: run.warnings,
      unsteady: run.unsteady
    ).verdict
  }

  /// Whether another round of `scenario` could still decide one of its gates.
  ///
  /// `layer` is `raw`, `engine` or `all`, as the run was asked; `rounds` are the scenario's so far, in
  /// order, and `histograms` their latencies in the same order.
  public static func needsMoreRounds(
    scenario: ScenarioSpec, profile: TierProfile, layer: String, rounds: [RoundRecord],
    histograms: [LatencyHistogram]
  ) -> Bool {
    let chosen = profile.gates.filter { layers(layer).contains($0.name.layer) }
    let gates = chosen.filter {
      $0.name.layer == scenario.layer && $0.name.scenario == scenario.name
    }
    let counted = chosen.filter {
      $0.name.layer != .device && $0.name.metric != Metric.max.rawValue
    }
    return GateJudge(confidence: profile.confidence).needsMoreRounds(
      gates, rounds: rounds, histograms: histograms, gateCount: counted.count,
      bound: SequentialBound(profile.rounds))
  }

  /// The layers that `raw`, `engine` or `all` stands for; identity and health always count.
  public static func layers(_ choice: String) -> Set<GateLayer> {
    switch choice {
    case "raw": [.device, .raw]
    case "engine": [.device, .engine]
    default: Set(GateLayer.allCases)
    }
  }

  /// The doubt about reads that may not have reached the medium.
  static let unwritten = "reads returned never-written data"
  /// The doubt about figures far from anything that the limit expects.
  static let implausible = "the wrong thing was measured"

  // MARK: Gates

  private mutating func judgeGates() -> [GateResult] {
    let layers = Self.layers(record.layer)
    let chosen = profile.gates.filter { layers.contains($0.name.layer) }
    let loaded = chosen.filter { $0.name.layer != .device }
    let judged = GateJudge(confidence: profile.confidence).judge(
      loaded.map { ($0, evidence($0)) })
    var byName: [GateName: GateResult] = [:]
    for result in judged { byName[result.name] = reviewed(result) }
    if let subject = record.subjects.first {
      for result in DeviceGateRule.judge(subject, profile: profile) { byName[result.name] = result }
    }
    return chosen.map { gate in
      if let result = byName[gate.name] { return result }
      var result = GateResult(gate)
      result.reason = "not measured: no subject was recorded"
      return result
    }
  }

  private func phase(_ scenario: ScenarioSpec) -> PhaseRecord? {
    record.phases.last { $0.kind == .scenario && $0.name == scenario.phaseName }
  }

  private func evidence(_ gate: GateSpec) -> GateEvidence {
    guard let scenario = profile.scenario(of: gate.name) else {
      return .unmeasured("its scenario is not in the profile")
    }
    guard let phase = phase(scenario) else {
      if let ending { return .unmeasured("the run ended before it: \(ending)") }
      return .unmeasured(
        wroteNothing && (scenario.writes || scenario.layer == .engine)
          ? "the run was not allowed to write" : "its scenario was not carried out")
    }
    guard phase.outcome != .interrupted else {
      return .unmeasured("its scenario was interrupted")
    }
    return GateEvidence(
      gate: gate, rounds: phase.rounds,
      histograms: histograms(gate, phase),
      bound: SequentialBound(profile.rounds))
  }

  private func histograms(_ gate: GateSpec, _ phase: PhaseRecord) -> [LatencyHistogram?] {
    guard Metric(rawValue: gate.name.metric)?.quantile != nil else { return [] }
    return phase.rounds.map { samples[phase.name]?[$0.index].flatMap(LatencyHistogram.init) }
  }

  /// What ended the run before all of its phases; nil where nothing did.
  private var ending: String? {
    if let signal = record.interruptedBy { return "it was stopped by \(signal)" }
    if let last = record.phases.last {
      return last.outcome == .completed
        ? nil : "in phase '\(last.name)' \(FaultRule.phrase(last.outcome))"
    }
    // A device that fails its own gates is not loaded at all.
    let failed = record.subjects.flatMap { DeviceGateRule.judge($0, profile: profile) }
      .first { $0.outcome == .fail }
    return failed.map { "\($0.name) failed, so nothing was loaded" }
  }

  private var wroteNothing: Bool {
    record.bytesWritten == 0 && record.phases.allSatisfy { $0.kind != .fill }
  }

  /// Why the device may still have been changing while it was measured; nil where it was steady.
  private var unsteady: String? {
    guard profile.steadyState.scenario != nil, Self.layers(record.layer).contains(.raw) else {
      return nil
    }
    guard let phase = record.phases.last(where: { $0.kind == .steadyState }) else {
      let writes = profile.steadyScenario?.writes ?? true
      // Without leave to write no device can be brought into its steady state; CertifiableRule's
      // objections and the write gates tell that already.
      return writes && wroteNothing ? nil : "the steady state was not looked for"
    }
    let look = SteadyStateRule(profile.steadyState).look(at: phase.rounds.map(\.iops))
    guard !look.reached else { return nil }
    return "never steady: spread \(Figure.percent(look.spread)), slope "
      + "\(Figure.percent(look.slopeExcursion)) over the last \(look.windowRounds) rounds"
  }

  /// A gate's result after everything that can keep its figures from meaning what they seem to.
  private mutating func reviewed(_ judged: GateResult) -> GateResult {
    var result = judged
    guard let scenario = profile.scenario(of: result.name) else { return result }
    let phase = phase(scenario)
    let form = record.subjects.first?.form
    if phase == nil, scenario.layer == .engine, form == .simulated || form == .null {
      result.outcome = .notApplicable
      result.reason = "the target holds no store"
      return result
    }
    // A store must be filled, so that a profile that only reads has none of its gates.
    if phase == nil, profile.readOnly, scenario.writes || scenario.layer == .engine {
      result.outcome = .notApplicable
      result.reason = "the profile is read-only"
      return result
    }
    let doubts = doubts(result, scenario, phase)
    for doubt in doubts {
      result.outcome = .inconclusive
      result.reason = [result.reason, doubt].compactMap { $0 }.joined(separator: "; ")
    }
    // What bound a figure that means nothing is no question.
    guard doubts.isEmpty, result.outcome == .fail || result.outcome == .inconclusive,
      result.value != nil, let subject = record.subjects.first
    else { return result }
    let finding = AttributionRule.finding(
      result, scenario: scenario, phase: phase, subject: subject, headroom: headroom)
    result.bound = finding.bound
    if finding.bound != .device {
      result.reason = [result.reason, finding.explanation].compactMap { $0 }.joined(separator: "; ")
    }
    // A host or a store that cannot ask for more, or is taken by others, says nothing about a device
    // that did not give more.
    if [.cpu, .neighbour, .store].contains(finding.bound) { result.outcome = .inconclusive }
    return result
  }

  private mutating func doubts(
    _ result: GateResult, _ scenario: ScenarioSpec, _ phase: PhaseRecord?
  ) -> [String] {
    guard let value = result.value, let rounds = phase?.rounds else { return [] }
    var doubts: [String] = []
    if scenario.layer == .raw, let unsteady { doubts.append(unsteady) }
    if scenario.layer == .engine {
      doubts += EngineRule.doubts(scenario, rounds: rounds, engine: record.engine)
      // Full caches would only have made it better.
      if result.outcome == .fail, let text = EngineRule.filling(phase?.warmUp) {
        doubts.append(text)
      }
    }
    if scenario.reads, rounds.contains(where: { $0.faults.unwritten > 0 }) {
      let found = Figure.grouped(rounds.reduce(0) { $0 + Double($1.faults.unwritten) })
      let text =
        "\(scenario.phaseName): \(found) checked reads returned constant data and may never have "
        + "touched the medium"
      warn(text)
      if SanityRule.unwritten(rounds) { doubts.append(Self.unwritten) }
    }
    if let text = SanityRule.blocks(rounds, of: scenario) {
      warn(text)
      doubts.append(Self.implausible)
    }
    // A demonstration's limits are low on purpose, so that every machine can pass.
    if !profile.demonstration, let limit = result.limit,
      let text = SanityRule.distance(result.name, value: value, limit: limit)
    {
      warn(text)
      doubts.append(Self.implausible)
    }
    if result.outcome == .pass, result.unit == .nanoseconds,
      let text = SanityRule.arrivals(rounds, of: scenario)
    {
      warn(text)
      doubts.append("fewer requests than offered were measured")
    }
    return doubts
  }

  private mutating func warn(_ text: String) {
    if !warnings.contains(text) { warnings.append(text) }
  }

  private var headroom: Double? {
    let rounds = record.phases.last { $0.kind == .headroom }?.rounds ?? []
    return rounds.map(\.iops).max()
  }
}
