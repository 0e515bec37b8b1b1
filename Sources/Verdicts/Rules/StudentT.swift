internal import Glibc

/// Student's t distribution for any positive number of degrees of freedom.
///
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5 and 26.7.
public struct StudentT: Sendable {
  /// Degrees of freedom; need not be whole.
  public var degreesOfFreedom: Double

  /// The distribution with so many degrees of freedom, at least a thousandth.
  public init(degreesOfFreedom: Double) {
    self.degreesOfFreedom = max(degreesOfFreedom, 0.001)
  }

  /// The probability that a value lies further from 0 than `t`, on either side.
  ///
  /// Computed directly, so that small probabilities keep their digits.
  public func tails(beyond t: Double) -> Double {
    guard t.isFinite else { return t.isNaN ? 1 : 0 }
    let square = t * t
    guard square.isFinite else { return 0 }
    return IncompleteBeta.regularized(
      degreesOfFreedom / (degreesOfFreedom + square), degreesOfFreedom / 2, 0.5)
  }

  /// The probability of a value up to `t`.
  public func cumulative(_ t: Double) -> Double {
    let tail = tails(beyond: t) / 2
    return t < 0 ? tail : 1 - tail
  }

  /// The t that a value exceeds on either side with probability `tails`; infinite for 0.
  public func critical(tails probability: Double) -> Double {
    guard probability > 0 else { return .infinity }
    guard probability < 1 else { return 0 }
    var low = 0.0
    var high = 1.0
    while tails(beyond: high) > probability, high < 1e150 { high *= 2 }
    // Halving 200 times exhausts a Double's digits whatever the bracket.
    for _ in 0..<200 {
      let middle = low + (high - low) / 2
      if middle == low || middle == high { break }
      if tails(beyond: middle) > probability { low = middle } else { high = middle }
    }
    return high
  }

  /// The value below which the fraction `probability` lies.
  public func quantile(_ probability: Double) -> Double {
    probability < 0.5
      ? -critical(tails: 2 * probability) : critical(tails: 2 * (1 - probability))
  }
}

/// The regularized incomplete beta function.
struct IncompleteBeta {
  /// I_x(a, b) for 0 ≤ x ≤ 1 and positive a, b.
  ///
  /// Continued fraction 26.5.8 of Abramowitz and Stegun, evaluated by Lentz's method.
  static func regularized(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let front = exp(
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
    // The fraction converges fast below the mean of the distribution; beyond it, by symmetry.
    return x < (a + 1) / (a + b + 2)
      ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var result = d
    for step in 1...500 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 + even * d
      c = 1 + even / c
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = abs(c) < tiny ? tiny : c
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + odd * d
      c = 1 + odd / c
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = abs(c) < tiny ? tiny : c
      let factor = d * c
      result *= factor
      if abs(factor - 1) < 1e-15 { break }
    }
    return result
  }

  /// The logarithm of the gamma function of a positive number: recurrence up to 10, then Stirling's
  /// series (Abramowitz and Stegun 6.1.41).
  static func logGamma(_ value: Double) -> Double {
    var x = value
    var product = 1.0
    while x < 10 {
      product *= x
      x += 1
    }
    let inverse = 1 / (x * x)
    let series =
      (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / x
    return (x - 0.5) * log(x) - x + 0.918_938_533_204_672_8 + series - log(product)
  }
}
