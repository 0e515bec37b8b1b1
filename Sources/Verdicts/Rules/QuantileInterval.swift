public import Measurements

/// The interval for a percentile of latency.
///
/// A percentile q lies under a limit where fewer than 1 − q of the requests lie above it. That
/// fraction is estimated from all rounds together; its standard error is the largest of three: the
/// binomial one that the limit itself would have, the binomial one of what was seen, and the
/// scatter between rounds, because slow requests come in bursts.
public struct QuantileInterval: Sendable {
  /// The percentile as a fraction, such as 0.99.
  public var quantile: Double
  /// The fraction of requests above the limit.
  public var above: Estimate
  /// The latencies of all rounds.
  public var pooled: LatencyHistogram

  /// Joins the rounds; nil with fewer than two or without a request.
  ///
  /// For each round, `fractions` holds the share of its requests above the limit and `counts` the
  /// requests.
  public init?(
    quantile: Double, fractions: [Double], counts: [UInt64], pooled: LatencyHistogram
  ) {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    guard fractions.count >= 2, fractions.count == counts.count, total > 0 else { return nil }
    let over = zip(fractions, counts).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    let fraction = over / total
    let expected = (quantile * (1 - quantile) / total).squareRoot()
    let seen = (fraction * max(0, 1 - fraction) / total).squareRoot()
    guard let between = ConfidenceInterval.estimate(fractions, resolution: 0) else { return nil }
    self.quantile = quantile
    self.pooled = pooled
    above = Estimate(
      value: fraction, standardError: max(expected, seen, between.standardError),
      degreesOfFreedom: between.degreesOfFreedom)
  }

  /// The percentile itself, in nanoseconds.
  public var value: Double { Double(pooled.value(atQuantile: quantile)) }

  /// The probability, if the percentile were the limit, of a fraction at least as far from it.
  public var probability: Double { above.probability(at: 1 - quantile) }

  /// The latencies between which the percentile lies with an error of `alpha`.
  ///
  /// `upper` is nil where the requests are too few to bound it: not one of them is expected beyond.
  public func bounds(alpha: Double) -> (lower: Double, upper: Double?) {
    let margin = above.margin(alpha: alpha)
    let total = Double(pooled.count)
    let high = quantile + margin
    let low = quantile - margin
    let upper = total * (1 - high) >= 1 ? Double(pooled.value(atQuantile: high)) : nil
    return (low > 0 ? Double(pooled.value(atQuantile: low)) : 0, upper)
  }
}
