public import Measurements

/// When a device has stopped changing, so that measuring may begin.
///
/// Over a window of rounds the spread stays small and the least-squares line stays flat. Source:
/// SNIA Solid State Storage Performance Test Specification, definition of steady state.
public struct SteadyStateRule: Sendable, Equatable {
  /// Rounds that are looked at together, the latest ones.
  public var windowRounds: Int
  /// Largest spread (max − min) over the window, as a fraction of its mean.
  public var spreadLimit: Double
  /// Largest excursion of the line over the window, |slope| · (n − 1), as a fraction of the mean.
  public var slopeLimit: Double

  /// The rule with the limits of the specification.
  public init(windowRounds: Int = 5, spreadLimit: Double = 0.20, slopeLimit: Double = 0.10) {
    self.windowRounds = windowRounds
    self.spreadLimit = spreadLimit
    self.slopeLimit = slopeLimit
  }

  /// The rule of a profile.
  public init(_ spec: SteadyStateSpec) {
    self.init(
      windowRounds: spec.windowRounds, spreadLimit: spec.spreadLimit, slopeLimit: spec.slopeLimit)
  }

  /// Whether the last rounds of `figures` are steady.
  public func isMet(by figures: [Double]) -> Bool { look(at: figures).reached }

  /// What the last window shows; never reached with fewer rounds or a mean of 0.
  public func look(at figures: [Double]) -> SteadyStateRecord {
    let window = figures.suffix(windowRounds)
    let unmet = SteadyStateRecord(
      reached: false, spread: 1, slopeExcursion: 1, windowRounds: window.count)
    guard windowRounds >= 2, window.count == windowRounds, window.allSatisfy(\.isFinite),
      let high = window.max(), let low = window.min()
    else { return unmet }
    let count = Double(window.count)
    let mean = window.reduce(0, +) / count
    guard mean > 0 else { return unmet }
    let middle = (count - 1) / 2
    var covariance = 0.0
    var variance = 0.0
    for (index, figure) in window.enumerated() {
      let offset = Double(index) - middle
      covariance += offset * (figure - mean)
      variance += offset * offset
    }
    let spread = (high - low) / mean
    let excursion = abs(covariance / variance) * (count - 1) / mean
    return SteadyStateRecord(
      reached: spread <= spreadLimit && excursion <= slopeLimit, spread: spread,
      slopeExcursion: excursion, windowRounds: window.count)
  }
}
