import Glibc

/// Draws ranks 0 ..< count where rank r has a weight of (r + 1)^−theta, in constant time and memory.
///
/// Rejection-inversion: draw from a curve that covers the weights and can be inverted, then reject
/// the little that lies above them. Source: Hörmann and Derflinger, "Rejection-inversion to generate
/// variates from monotone discrete distributions", 1996.
@usableFromInline
struct ZipfSampler: Sendable {
  let count: UInt64
  let theta: Double
  /// The covering curve's integral at the first rank's left edge, less the first rank's weight.
  private let integralStart: Double
  private let integralEnd: Double
  /// Draws that lie no further than this left of their rank need no second look.
  private let sureDistance: Double

  init(count: UInt64, theta: Double) {
    self.count = Swift.max(count, 1)
    self.theta = theta.isFinite ? Swift.min(Swift.max(theta, 0), 5) : 0
    integralStart = Self.integral(1.5, self.theta) - 1
    integralEnd = Self.integral(Double(self.count) + 0.5, self.theta)
    let second = Self.integral(2.5, self.theta) - Self.weight(2, self.theta)
    sureDistance = 2 - Self.inverse(second, self.theta)
  }

  /// A rank, 0 the most frequent.
  @usableFromInline
  func next(_ random: inout SeededGenerator) -> UInt64 {
    var rank: UInt64 = 1
    // Nine draws of ten or more are accepted; the limit keeps a loop with no end out of the driver.
    for _ in 0..<64 {
      let area = integralEnd + random.nextFraction() * (integralStart - integralEnd)
      let position = Self.inverse(area, theta)
      rank = rounded(position)
      let nearest = Double(rank)
      if nearest - position <= sureDistance { break }
      if area >= Self.integral(nearest + 0.5, theta) - Self.weight(nearest, theta) { break }
    }
    return rank &- 1
  }

  private func rounded(_ position: Double) -> UInt64 {
    guard position >= 1 else { return 1 }
    guard position < Double(count) else { return count }
    return Swift.min(UInt64(position + 0.5), count)
  }

  private static func weight(_ x: Double, _ theta: Double) -> Double { exp(-theta * log(x)) }

  /// The integral of x^−theta from 1 to `x`; the logarithm where theta is 1.
  private static func integral(_ x: Double, _ theta: Double) -> Double {
    let logarithm = log(x)
    let power = (1 - theta) * logarithm
    // expm1(p)/p, by its series where p is too small to divide by.
    let quotient = abs(power) > 1e-8 ? expm1(power) / power : 1 + power * 0.5
    return quotient * logarithm
  }

  private static func inverse(_ area: Double, _ theta: Double) -> Double {
    // Rounding may carry the product below −1, where the logarithm has no value.
    let product = Swift.max(area * (1 - theta), -1)
    let quotient = abs(product) > 1e-8 ? log1p(product) / product : 1 - product * 0.5
    return exp(quotient * area)
  }
}
