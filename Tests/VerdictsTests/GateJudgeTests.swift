import Measurements
import Testing

@testable import Verdicts

@Suite("A gate is judged") struct GateJudgeTests {
  private static let bound = SequentialBound(min: 5, step: 5, max: 20)

  private static func gate(_ metric: Metric, _ limit: Double) -> GateSpec {
    GateSpec(
      name: GateName(layer: .raw, scenario: "s", metric: metric.rawValue),
      side: metric.unit == .nanoseconds ? .max : .min, limit: limit, word: nil, unit: metric.unit,
      reason: "", source: "")
  }

  // Each new record makes a histogram; thousands of simulated rounds share this one.
  private static let template = RoundRecord(index: 0, startedAt: .zero)

  private static func round(_ index: Int, iops: Double, mean: Double = 1000) -> RoundRecord {
    var round = template
    round.index = index
    round.duration = Nanoseconds(1_000_000_000)
    round.operations = UInt64(max(0, iops))
    round.latency.count = 1
    round.latency.meanNanoseconds = mean
    round.latency.max = UInt64(mean)
    return round
  }

  private static func outcome(_ gate: GateSpec, _ rounds: [RoundRecord]) -> GateResult? {
    let evidence = GateEvidence(
      gate: gate, rounds: rounds, histograms: [], bound: bound)
    return GateJudge(confidence: 0.99).judge([(gate, evidence)]).first
  }

  @Test(
    "by its interval",
    arguments: [
      ([1000.0, 1001, 999, 1000, 1002], Outcome.pass),
      ([800, 801, 799, 800, 802], .fail),
      ([900, 901, 899, 900, 902], .inconclusive),  // the limit itself
      ([1000, 1001, 999, 1000], .inconclusive),  // fewer than the first look needs
      ([1500, 700, 1400, 600, 1300], .inconclusive),  // all over the place
      ([1000, 1000, 1000, 1000, 1000], .pass),  // no scatter at all
      ([0, 0, 0, 0, 0], .fail), ([900, 900, 900, 900, 900], .inconclusive),
      ([], .inconclusive),
    ])
  func byInterval(iops: [Double], expected: Outcome) throws {
    let rounds = iops.enumerated().map { Self.round($0, iops: $1) }
    let result = try #require(Self.outcome(Self.gate(.iops, 900), rounds))
    #expect(result.outcome == expected)
    if iops.count >= 5 {
      let lower = try #require(result.lower)
      let upper = try #require(result.upper)
      let value = try #require(result.value)
      #expect(lower <= value && value <= upper && upper.isFinite)
      #expect(result.samples == iops)
      #expect(try #require(result.confidence) > 0.99)
    } else {
      #expect(result.reason?.hasPrefix("not measured") == true)
    }
  }

  @Test("by its longest latency as it is", arguments: [(1000.0, Outcome.pass), (1001, .fail)])
  func byObservation(longest: Double, expected: Outcome) {
    let rounds = (0..<5).map { Self.round($0, iops: 10, mean: $0 == 3 ? longest : 5) }
    #expect(Self.outcome(Self.gate(.max, 1000), rounds)?.outcome == expected)
  }

  @Test("by its mean latency", arguments: [(900.0, Outcome.pass), (1100, .fail)])
  func byMean(mean: Double, expected: Outcome) {
    let rounds = (0..<5).map { Self.round($0, iops: 1000, mean: mean + Double($0 % 2)) }
    #expect(Self.outcome(Self.gate(.mean, 1000), rounds)?.outcome == expected)
  }

  @Test(
    "after more rounds only while that can help",
    arguments: [
      (3, 1000.0, 1.0, true),  // before the first look
      (5, 1000, 1.0, false),  // decided
      (5, 900, 1.0, true),  // on the limit
      (7, 1000, 1.0, true),  // between two looks
      (20, 900, 1.0, false),  // no look is left
      (5, 500, 1.0, false),  // decided, too
    ])
  func extending(count: Int, iops: Double, scatter: Double, more: Bool) {
    let gate = Self.gate(.iops, 900)
    let rounds = (0..<count).map {
      Self.round($0, iops: iops + ($0.isMultiple(of: 2) ? scatter : 0))
    }
    let found = GateJudge(confidence: 0.99).needsMoreRounds(
      [gate], rounds: rounds, histograms: [], gateCount: 7, bound: Self.bound)
    #expect(found == more)
  }

  @Test("with a probability that counts for what its look may spend") func share() {
    let estimate = Estimate(value: 110, standardError: 5, degreesOfFreedom: 9)
    let evidence = IntervalEvidence(
      form: .mean(estimate), samples: [], sampleCounts: [], share: 0.25)
    #expect(evidence.probability(at: 100) == 4 * estimate.probability(at: 100))
    #expect(evidence.probability(at: 110) == 1)
  }

  @Test("never by rounds that took no time or completed nothing") func empty() {
    var rounds = (0..<5).map { Self.round($0, iops: 1000) }
    rounds[2].latency.count = 0
    #expect(Self.outcome(Self.gate(.mean, 5000), rounds)?.outcome == .inconclusive)
    rounds[2].duration = .zero
    #expect(Self.outcome(Self.gate(.iops, 900), rounds)?.outcome == .inconclusive)
  }

  /// How often a run with extensions decides wrongly and how often it decides at all.
  private static func rates(
    truth: Double, correlation: Double, runs: Int, seed: UInt64
  ) -> (passed: Double, failed: Double) {
    var generator = SeededGenerator(state: seed)
    let gate = gate(.iops, 1_000_000)
    let judge = GateJudge(confidence: 0.99)
    var counts = (passed: 0, failed: 0)
    for _ in 0..<runs {
      let series = generator.series(20, correlation: correlation)
      let rounds = series.enumerated().map { round($0, iops: 1_000_000 * (truth + 0.01 * $1)) }
      var taken = 5
      while taken < 20,
        judge.needsMoreRounds(
          [gate], rounds: Array(rounds.prefix(taken)), histograms: [], gateCount: 1, bound: bound)
      { taken += 5 }
      switch outcome(gate, Array(rounds.prefix(taken)))?.outcome {
      case .pass: counts.passed += 1
      case .fail: counts.failed += 1
      default: break
      }
    }
    return (Double(counts.passed) / Double(runs), Double(counts.failed) / Double(runs))
  }

  // The truth lies a hair on the wrong side, which is where a wrong verdict is likeliest.
  @Test(
    "wrongly in at most 1 of 100 runs, extensions and correlated rounds included",
    arguments: [(0.0, UInt64(11)), (0.2, 12), (0.4, 13), (0.4, 14)])
  func wrongVerdicts(correlation: Double, seed: UInt64) {
    print("wrong verdicts: correlation \(correlation), seed \(seed)")
    let below = Self.rates(truth: 0.99999, correlation: correlation, runs: 3000, seed: seed)
    #expect(below.passed <= 0.01)
    let above = Self.rates(truth: 1.00001, correlation: correlation, runs: 3000, seed: seed + 100)
    #expect(above.failed <= 0.01)
  }

  @Test("wrongly in at most 1 of 100 runs a little off the limit, however alike rounds are")
  func strongCorrelation() {
    let rates = Self.rates(truth: 0.99, correlation: 0.6, runs: 3000, seed: 21)
    #expect(rates.passed <= 0.01)
  }

  @Test("rightly where the margin is four standard deviations of a round", arguments: [0.96, 1.04])
  func power(truth: Double) {
    let rates = Self.rates(truth: truth, correlation: 0, runs: 500, seed: 31)
    #expect((truth < 1 ? rates.failed : rates.passed) >= 0.99)
    #expect((truth < 1 ? rates.passed : rates.failed) == 0)
  }
}

@Suite("A percentile gate is judged") struct PercentileGateTests {
  /// Runs of ten rounds whose requests are slow with the given probability, drawn anew in bursts.
  private static func passes(slow: Double, burst: Double, runs: Int, seed: UInt64) throws -> Double
  {
    var generator = SeededGenerator(state: seed)
    let counts = [UInt64](repeating: 5000, count: 20)
    let judge = GateJudge(confidence: 0.99)
    let gate = GateSpec(
      name: GateName(layer: .raw, scenario: "s", metric: "p99"), side: .max, limit: 2000,
      word: nil, unit: .nanoseconds, reason: "", source: "")
    var passed = 0
    for _ in 0..<runs {
      let fractions = counts.map { count in
        let own = max(0, slow * (1 + burst * generator.normal()))
        let scatter = (own * (1 - own) / Double(count)).squareRoot()
        return max(0, own + scatter * generator.normal())
      }
      let over = fractions.reduce(0, +) * 5000
      let pooled = try #require(
        LatencyHistogram(
          SparseHistogram(
            values: [1000, 5000], counts: [UInt64(100_000 - over), UInt64(over)],
            maxNanoseconds: 5000, totalNanoseconds: 0)))
      let interval = try #require(
        QuantileInterval(quantile: 0.99, fractions: fractions, counts: counts, pooled: pooled))
      let evidence = IntervalEvidence(
        form: .percentile(interval), samples: fractions, sampleCounts: counts, share: 1)
      if judge.judge(gate, .interval(evidence), level: 0.01).outcome == .pass { passed += 1 }
    }
    return Double(passed) / Double(runs)
  }

  @Test(
    "as passed wrongly in at most 1 of 100 runs, bursts included",
    arguments: [(0.0, UInt64(41)), (0.2, 42), (0.4, 43)])
  func wrongPasses(burst: Double, seed: UInt64) throws {
    print("wrong passes of a percentile: burst \(burst), seed \(seed)")
    #expect(try Self.passes(slow: 0.01005, burst: burst, runs: 300, seed: seed) <= 0.01)
  }

  @Test("as passed where slow requests are half as many as allowed") func power() throws {
    #expect(try Self.passes(slow: 0.005, burst: 0.1, runs: 50, seed: 51) >= 0.98)
  }
}
