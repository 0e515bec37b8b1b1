public import Measurements

/// What the rounds of a scenario say about one gate.
public enum GateEvidence: Sendable {
  /// Nothing, and why.
  case unmeasured(String)
  /// One observation without an interval: the longest latency.
  case observed(Double)
  /// Rounds with an interval.
  case interval(IntervalEvidence)

  /// Gathers the evidence for `gate` from the rounds of its scenario.
  ///
  /// The rounds are in order; `histograms` holds the latencies of each, nil where the side file lacks
  /// them.
  public init(
    gate: GateSpec, rounds: [RoundRecord], histograms: [LatencyHistogram?], bound: SequentialBound
  ) {
    guard let metric = Metric(rawValue: gate.name.metric), let limit = gate.limit else {
      self = .unmeasured("the gate compares nothing that a load measures")
      return
    }
    guard !rounds.isEmpty else {
      self = .unmeasured("its scenario was not carried out")
      return
    }
    if let bad = rounds.first(where: { $0.duration.rawValue <= 0 }) {
      self = .unmeasured("round \(bad.index) took no time")
      return
    }
    if metric.unit == .nanoseconds, let bad = rounds.first(where: { $0.latency.count == 0 }) {
      self = .unmeasured("no request completed in round \(bad.index)")
      return
    }
    guard let share = bound.share(after: rounds.count) else {
      let least = bound.looks.first ?? 0
      self = .unmeasured("\(rounds.count) of at least \(least) rounds were carried out")
      return
    }
    if metric == .max {
      self = .observed(Double(rounds.map(\.latency.max).max() ?? 0))
      return
    }
    if let quantile = metric.quantile {
      self = Self.percentile(quantile, limit, rounds, histograms, share)
    } else {
      self = Self.mean(metric, rounds, share)
    }
  }

  private static func mean(
    _ metric: Metric, _ rounds: [RoundRecord], _ share: Double
  ) -> GateEvidence {
    let samples =
      switch metric {
      case .iops: RateSamples.samples(rounds) { Double($0.countedOperations) }
      case .bandwidth: RateSamples.samples(rounds) { Double($0.bytes) }
      default: rounds.map(\.latency.meanNanoseconds)
      }
    // A round counts whole requests, so it cannot tell figures apart that differ by less than one.
    let resolution = zip(samples, rounds).map { abs($0) / Double(max($1.operations, 1)) }.max() ?? 0
    guard let estimate = ConfidenceInterval.estimate(samples, resolution: resolution) else {
      return .unmeasured("its rounds hold no finite figures")
    }
    return .interval(
      IntervalEvidence(form: .mean(estimate), samples: samples, sampleCounts: [], share: share))
  }

  private static func percentile(
    _ quantile: Double, _ limit: Double, _ rounds: [RoundRecord],
    _ histograms: [LatencyHistogram?], _ share: Double
  ) -> GateEvidence {
    var pooled = LatencyHistogram()
    var fractions: [Double] = []
    var counts: [UInt64] = []
    for (index, round) in rounds.enumerated() {
      guard index < histograms.count, let histogram = histograms[index] else {
        return .unmeasured("the latencies of round \(round.index) are not in the side file")
      }
      guard histogram.count == round.latency.count else {
        return .unmeasured(
          "the side file holds \(histogram.count) latencies of round \(round.index), the record "
            + "\(round.latency.count)")
      }
      let above = histogram.count(above: Nanoseconds(Int64(limit)))
      fractions.append(Double(above) / Double(histogram.count))
      counts.append(histogram.count)
      pooled.add(histogram)
    }
    guard
      let interval = QuantileInterval(
        quantile: quantile, fractions: fractions, counts: counts, pooled: pooled)
    else { return .unmeasured("its rounds hold too few requests") }
    return .interval(
      IntervalEvidence(
        form: .percentile(interval), samples: fractions, sampleCounts: counts, share: share))
  }
}

/// Rounds from which an interval can be made at any confidence.
public struct IntervalEvidence: Sendable {
  /// How the rounds are summed up.
  public enum Form: Sendable {
    /// As the mean of the rounds.
    case mean(Estimate)
    /// As a percentile of all requests.
    case percentile(QuantileInterval)
  }

  /// How the rounds are summed up.
  public var form: Form
  /// One value a round: the metric, or the fraction of requests above the limit.
  public var samples: [Double]
  /// Requests behind each sample, for percentiles.
  public var sampleCounts: [UInt64]
  /// The share of the gate's error that this look may spend.
  public var share: Double

  /// The estimate in the metric's unit.
  public var value: Double {
    switch form {
    case .mean(let estimate): estimate.value
    case .percentile(let interval): interval.value
    }
  }

  /// The probability of so large a distance from `limit` by chance, corrected for the looks.
  public func probability(at limit: Double) -> Double {
    let plain =
      switch form {
      case .mean(let estimate): estimate.probability(at: limit)
      case .percentile(let interval): interval.probability
      }
    return min(1, plain / share)
  }

  /// The interval with the error `level`, of which this look spends its share.
  public func bounds(level: Double) -> (lower: Double, upper: Double?) {
    switch form {
    case .mean(let estimate):
      let margin = estimate.margin(alpha: level * share)
      return (max(0, estimate.value - margin), estimate.value + margin)
    case .percentile(let interval): return interval.bounds(alpha: level * share)
    }
  }
}
