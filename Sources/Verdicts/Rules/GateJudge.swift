public import Measurements

/// Judges gates from their evidence.
///
/// PASS only where the corrected interval clears the limit, FAIL only where it lies wholly on the
/// wrong side, INCONCLUSIVE otherwise.
public struct GateJudge: Sendable {
  /// Confidence over all gates together, two-sided, such as 0.99.
  public var confidence: Double

  /// A judge with the profile's confidence.
  public init(confidence: Double) { self.confidence = confidence }

  /// One result for each gate, in order; the intervals are corrected by Holm for all of them.
  public func judge(_ gates: [(gate: GateSpec, evidence: GateEvidence)]) -> [GateResult] {
    var places: [Int] = []
    var probabilities: [Double] = []
    for (index, pair) in gates.enumerated() {
      guard case .interval(let evidence) = pair.evidence, let limit = pair.gate.limit else {
        continue
      }
      places.append(index)
      probabilities.append(evidence.probability(at: limit))
    }
    let levels = HolmCorrection.levels(probabilities, alpha: 1 - confidence)
    let byPlace = Dictionary(uniqueKeysWithValues: zip(places, levels))
    return gates.enumerated().map { index, pair in
      judge(pair.gate, pair.evidence, level: byPlace[index] ?? 1 - confidence)
    }
  }

  /// The result of one gate whose interval may err with `level` over all looks.
  public func judge(_ gate: GateSpec, _ evidence: GateEvidence, level: Double) -> GateResult {
    var result = GateResult(gate)
    guard let limit = gate.limit else {
      result.reason = "a gate on a word is judged by identity, not by load"
      return result
    }
    switch evidence {
    case .unmeasured(let reason):
      result.reason = "not measured: \(reason)"
    case .observed(let value):
      result.value = value
      result.outcome = Self.holds(value, gate.side, limit) ? .pass : .fail
    case .interval(let evidence):
      let bounds = evidence.bounds(level: level)
      result.value = evidence.value
      result.lower = bounds.lower
      result.upper = bounds.upper
      result.confidence = 1 - level * evidence.share
      result.samples = evidence.samples
      result.sampleCounts = evidence.sampleCounts
      let clearsFromBelow = bounds.upper.map { $0 <= limit } ?? false
      let clearsFromAbove = bounds.lower >= limit
      switch gate.side {
      case .min where clearsFromAbove: result.outcome = .pass
      case .min where bounds.upper.map({ $0 < limit }) ?? false: result.outcome = .fail
      case .max where clearsFromBelow: result.outcome = .pass
      case .max where bounds.lower > limit: result.outcome = .fail
      default:
        result.reason = undecided(evidence, limit, gate)
      }
    }
    return result
  }

  private func undecided(
    _ evidence: IntervalEvidence, _ limit: Double, _ gate: GateSpec
  ) -> String {
    let rounds = evidence.samples.count
    if case .percentile(let interval) = evidence.form, Self.holds(evidence.value, gate.side, limit)
    {
      return
        "after \(rounds) rounds and \(interval.pooled.count) requests the interval still reaches "
        + "the limit or cannot be bounded"
    }
    return "after \(rounds) rounds the interval still includes the limit"
  }

  private static func holds(_ value: Double, _ side: LimitSide, _ limit: Double) -> Bool {
    switch side {
    case .min: value >= limit
    case .max: value <= limit
    case .equals: value == limit
    }
  }

  /// Whether more rounds of a scenario could still decide one of its gates.
  ///
  /// Before the first look always; after the last never. In between, each gate is judged at the
  /// level that it has at worst, the run's error divided by `gateCount`.
  ///
  /// `gates` are those that look at the scenario; `rounds` its rounds so far, in order, and
  /// `histograms` their latencies; `gateCount` counts the gates with intervals in the whole run.
  public func needsMoreRounds(
    _ gates: [GateSpec], rounds: [RoundRecord], histograms: [LatencyHistogram?], gateCount: Int,
    bound: SequentialBound
  ) -> Bool {
    guard bound.next(after: rounds.count) != nil else { return false }
    guard bound.share(after: rounds.count) != nil else { return true }
    // Between two looks the next one is due, whatever the figures say.
    guard bound.looks.contains(rounds.count) else { return true }
    let level = (1 - confidence) / Double(max(gateCount, 1))
    return gates.contains { gate in
      let evidence = GateEvidence(
        gate: gate, rounds: rounds, histograms: histograms, bound: bound)
      guard case .interval = evidence else { return false }
      return judge(gate, evidence, level: level).outcome == .inconclusive
    }
  }
}

extension GateResult {
  /// A gate as its profile states it, not judged yet.
  init(_ gate: GateSpec) {
    self.init(name: gate.name, side: gate.side, limit: gate.limit, unit: gate.unit)
    limitWord = gate.word
    limitReason = gate.reason
    limitSource = gate.source
  }
}
