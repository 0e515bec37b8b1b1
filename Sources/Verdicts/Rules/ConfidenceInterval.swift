/// An estimate with how far it may be off.
///
/// Holds everything needed to ask for an interval at any confidence, so that corrections for
/// several gates and several looks can come later.
public struct Estimate: Sendable, Equatable {
  /// The estimate.
  public var value: Double
  /// Its standard error; always above 0.
  public var standardError: Double
  /// Degrees of freedom of the standard error.
  public var degreesOfFreedom: Double

  /// The probability, if the truth were `limit`, of an estimate at least as far from it.
  public func probability(at limit: Double) -> Double {
    StudentT(degreesOfFreedom: degreesOfFreedom)
      .tails(beyond: (value - limit) / standardError)
  }

  /// How far the truth may lie from the estimate, on either side, with an error of `alpha`.
  public func margin(alpha: Double) -> Double {
    StudentT(degreesOfFreedom: degreesOfFreedom).critical(tails: alpha) * standardError
  }
}

/// The interval for the mean of rounds.
public struct ConfidenceInterval: Sendable {
  /// The mean of `samples` with its standard error from their own scatter.
  ///
  /// `samples` holds one value a round, in order. `resolution` is the smallest standard deviation that
  /// a round can honestly claim, in the unit of the samples; it keeps identical rounds from an
  /// interval of no width. Nil with fewer than two rounds or a value that is not finite.
  public static func estimate(_ samples: [Double], resolution: Double) -> Estimate? {
    guard samples.count >= 2, samples.allSatisfy(\.isFinite) else { return nil }
    let count = Double(samples.count)
    let mean = samples.reduce(0, +) / count
    let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = max((squares / (count - 1)).squareRoot(), resolution, abs(mean) * 1e-12)
    guard mean.isFinite, deviation.isFinite else { return nil }
    let effective = EffectiveSampleSize.of(samples)
    // A mean of exactly 0 with no scatter at all still needs a width.
    let error = max(deviation / effective.squareRoot(), .leastNormalMagnitude)
    return Estimate(value: mean, standardError: error, degreesOfFreedom: count - 1)
  }
}
