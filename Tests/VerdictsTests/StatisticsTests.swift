import Measurements
import Testing

@testable import Verdicts

/// SplitMix64: the same seed gives the same series on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A standard normal figure, to the accuracy of a sum of twelve uniform ones.
  mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
  }

  /// A series of first order around 0 with variance 1.
  mutating func series(_ count: Int, correlation: Double) -> [Double] {
    var figures = [normal()]
    while figures.count < count {
      let fresh = (1 - correlation * correlation).squareRoot() * normal()
      figures.append(correlation * (figures.last ?? 0) + fresh)
    }
    return figures
  }
}

@Suite("Student's t") struct StudentTTests {
  // Published two-sided critical values, as any table of the distribution prints them.
  @Test(
    "has the published critical values",
    arguments: [
      (1.0, 0.05, 12.7062), (1, 0.01, 63.6567), (2, 0.05, 4.30265), (4, 0.05, 2.77645),
      (4, 0.01, 4.60409), (4, 0.001, 8.61030), (9, 0.05, 2.26216), (9, 0.01, 3.24984),
      (19, 0.05, 2.09302), (19, 0.01, 2.86093), (29, 0.01, 2.75639), (30, 0.001, 3.64596),
      (120, 0.01, 2.61742), (1e7, 0.01, 2.57583), (1e7, 0.05, 1.95996),
    ])
  func critical(degrees: Double, tails: Double, expected: Double) {
    let t = StudentT(degreesOfFreedom: degrees)
    #expect(abs(t.critical(tails: tails) / expected - 1) < 1e-5)
    #expect(abs(t.quantile(1 - tails / 2) / expected - 1) < 1e-5)
    #expect(abs(t.quantile(tails / 2) / -expected - 1) < 1e-5)
    #expect(abs(t.tails(beyond: expected) / tails - 1) < 1e-4)
    #expect(abs(t.cumulative(expected) - (1 - tails / 2)) < 1e-5)
  }

  @Test("has closed forms for one and two degrees", arguments: [0.1, 1.0, 3, 50, 1e4])
  func closedForms(t: Double) {
    #expect(
      abs(StudentT(degreesOfFreedom: 2).cumulative(t) - (0.5 + t / (2 * (2 + t * t).squareRoot())))
        < 1e-12)
    let two = StudentT(degreesOfFreedom: 2).tails(beyond: t)
    let exact = 2 / ((2 + t * t).squareRoot() * ((2 + t * t).squareRoot() + t))
    #expect(abs(two / exact - 1) < 1e-9, "small tails keep their digits")
  }

  @Test("stays finite and ordered at the edges") func edges() {
    let t = StudentT(degreesOfFreedom: 4)
    #expect(t.tails(beyond: 0) == 1)
    #expect(t.tails(beyond: .infinity) == 0)
    #expect(t.tails(beyond: 1e200) == 0)
    #expect(t.critical(tails: 0) == .infinity)
    #expect(t.critical(tails: 1) == 0)
    #expect(t.tails(beyond: .nan) == 1)
  }
}

@Suite("A device is steady") struct SteadyStateRuleTests {
  @Test(
    "when five rounds stay within a fifth of their mean and their line within a tenth",
    arguments: [
      ([100.0, 100, 100, 100, 100], true),
      ([100, 101, 99, 100, 100], true),
      ([90, 110, 100, 110, 90], true),  // spread of exactly a fifth, no slope
      ([89.9, 110, 100, 110, 90], false),  // just more
      ([95, 97.5, 100, 102.5, 105], true),  // a line that rises by exactly a tenth
      ([94.9, 97.5, 100, 102.5, 105.1], false),  // just more
      ([100, 101, 99, 100, 140], false),  // one round escapes
      ([100, 101, 99, 100], false),  // too few rounds to say
      ([900, 500, 100, 101, 99, 100, 100], true),  // only the last five count
      ([100, 100, 100, 100, 0], false), ([0, 0, 0, 0, 0], false), ([], false),
      ([100, 100, .nan, 100, 100], false), ([100, 100, .infinity, 100, 100], false),
    ])
  func window(figures: [Double], steady: Bool) {
    #expect(SteadyStateRule().isMet(by: figures) == steady)
  }
}

@Suite("Several looks and several gates") struct CorrectionTests {
  @Test(
    "spend the whole error, and no more",
    arguments: [(5, 5, 20), (10, 5, 30), (4, 1, 4), (5, 7, 21), (10, 100, 30)])
  func spending(min: Int, step: Int, max: Int) throws {
    let bound = SequentialBound(min: min, step: step, max: max)
    #expect(bound.looks.first == min)
    #expect(bound.looks.last == max)
    let shares = bound.looks.compactMap { bound.share(after: $0) }
    #expect(shares.count == bound.looks.count)
    #expect(shares.allSatisfy { $0 > 0 })
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    #expect(bound.share(after: min - 1) == nil)
    #expect(bound.next(after: max) == nil)
  }

  @Test("resemble Pocock's bound at the first of four looks") func pocock() throws {
    // ln(1 + (e − 1)/4), Lan and DeMets 1983.
    let share = try #require(SequentialBound(min: 5, step: 5, max: 20).share(after: 5))
    #expect(abs(share - 0.357_374) < 1e-6)
  }

  static let holmTable: [([Double], [Double])] = [
    ([0.01, 0.04, 0.03, 0.005], [0.05 / 3, 0.025, 0.025, 0.0125]),
    ([0.001], [0.05]),
    ([], []),
    ([0.2, 0.0001], [0.05, 0.025]),
    ([0.9, 0.9], [0.025, 0.025]),
  ]

  @Test("step down by Holm's rule", arguments: holmTable)
  func holm(probabilities: [Double], levels: [Double]) {
    let found = HolmCorrection.levels(probabilities, alpha: 0.05)
    #expect(found.count == levels.count)
    #expect(zip(found, levels).allSatisfy { abs($0 - $1) < 1e-12 })
  }
}

@Suite("The interval of rounds") struct ConfidenceIntervalTests {
  @Test(
    "counts no more rounds than there are",
    arguments: [
      [1.0, 1, 1, 1, 1], [1, 2, 1, 2, 1, 2, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8], [5, 1], [3],
    ])
  func effective(samples: [Double]) {
    let effective = EffectiveSampleSize.of(samples)
    #expect(effective >= 1 && effective <= Double(samples.count))
  }

  @Test("is wider for rounds that resemble their predecessors") func correlated() throws {
    let drifting = (0..<20).map { 100 + ($0 < 10 ? 1.0 : -1.0) }
    let alternating = (0..<20).map { 100 + ($0.isMultiple(of: 2) ? 1.0 : -1.0) }
    let wide = try #require(ConfidenceInterval.estimate(drifting, resolution: 0))
    let narrow = try #require(ConfidenceInterval.estimate(alternating, resolution: 0))
    #expect(wide.standardError > 3 * narrow.standardError)
    #expect(EffectiveSampleSize.of(alternating) == 20)
  }

  @Test("has a width even where all rounds are equal") func identical() throws {
    let equal = try #require(ConfidenceInterval.estimate([500, 500, 500, 500, 500], resolution: 1))
    #expect(abs(equal.standardError - 1 / 5.0.squareRoot()) < 1e-12)
    let nothing = try #require(ConfidenceInterval.estimate([0, 0, 0, 0, 0], resolution: 0))
    #expect(nothing.standardError > 0)
    #expect(nothing.probability(at: 100) == 0)
    #expect(nothing.margin(alpha: 0.01).isFinite)
  }

  @Test("is none of too few rounds or of figures that are no numbers") func none() {
    #expect(ConfidenceInterval.estimate([1], resolution: 0) == nil)
    #expect(ConfidenceInterval.estimate([1, .nan, 1], resolution: 0) == nil)
    #expect(ConfidenceInterval.estimate([1, .infinity, 1], resolution: 0) == nil)
  }
}

@Suite("The interval of a percentile") struct QuantileIntervalTests {
  private func pooled(_ count: Int, slow: Int) throws -> LatencyHistogram {
    try #require(
      LatencyHistogram(
        SparseHistogram(
          values: [1000, 5000], counts: [UInt64(count - slow), UInt64(slow)],
          maxNanoseconds: 5000, totalNanoseconds: 0)))
  }

  @Test(
    "is not bounded above where requests are too few", arguments: [(100, false), (100_000, true)])
  func bounded(count: Int, isBounded: Bool) throws {
    let each = UInt64(count / 10)
    let interval = try #require(
      QuantileInterval(
        quantile: 0.99, fractions: [Double](repeating: 0, count: 10),
        counts: [UInt64](repeating: each, count: 10), pooled: try pooled(count, slow: 0)))
    #expect((interval.bounds(alpha: 0.01).upper != nil) == isBounded)
  }

  @Test("never claims less than the binomial error") func binomial() throws {
    let interval = try #require(
      QuantileInterval(
        quantile: 0.9, fractions: [Double](repeating: 0, count: 10),
        counts: [UInt64](repeating: 1000, count: 10), pooled: try pooled(10_000, slow: 0)))
    #expect(abs(interval.above.standardError - 0.003) < 1e-9)
  }

  @Test("is wider where slow requests come in bursts") func bursts() throws {
    let pooled = try pooled(100_000, slow: 500)
    let counts = [UInt64](repeating: 10_000, count: 10)
    var burst = [Double](repeating: 0, count: 10)
    burst[4] = 0.05
    let even = [Double](repeating: 0.005, count: 10)
    let bursts = try #require(
      QuantileInterval(quantile: 0.99, fractions: burst, counts: counts, pooled: pooled))
    let evenly = try #require(
      QuantileInterval(quantile: 0.99, fractions: even, counts: counts, pooled: pooled))
    #expect(bursts.bounds(alpha: 0.01).upper == nil)
    #expect(evenly.bounds(alpha: 0.01).upper == 1000)
  }

  @Test("is none without requests") func none() throws {
    #expect(
      QuantileInterval(quantile: 0.99, fractions: [0, 0], counts: [0, 0], pooled: .init()) == nil)
    #expect(
      QuantileInterval(quantile: 0.99, fractions: [0], counts: [5], pooled: .init()) == nil)
  }
}
