/// How many independent rounds a series of rounds is worth.
///
/// Rounds that resemble their predecessors say less than their number. With few rounds the lag-1
/// autocorrelation is badly known and estimated too low, so it enters corrected for that (Marriott
/// and Pope 1954: by (1 + 3r)/n) and one and a half standard errors (of 1/√n) higher. Simulated
/// series of first order whose mean lies exactly on the limit, looked at after 5, 10, 15 and 20
/// rounds, are then judged wrongly at a correlation of 0.4 in 6 of 1000 runs instead of 38, and at
/// 0.5 in 10 instead of 66.
public struct EffectiveSampleSize: Sendable {
  /// The number of independent samples, at least 1 and never above the number of rounds.
  public static func of(_ samples: [Double]) -> Double {
    let count = Double(samples.count)
    guard samples.count > 2 else { return 1 }
    let mean = samples.reduce(0, +) / count
    let deviations = samples.map { $0 - mean }
    let variance = deviations.reduce(0) { $0 + $1 * $1 }
    // Identical rounds have no correlation to speak of; the resolution's floor covers them.
    guard variance > 0, variance.isFinite else { return count }
    let lagged = zip(deviations, deviations.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / variance
    let upper = lagged + (1 + 3 * lagged) / count + 1.5 / count.squareRoot()
    let correlation = min(max(upper, 0), 0.95)
    return min(max(count * (1 - correlation) / (1 + correlation), 1), count)
  }
}
