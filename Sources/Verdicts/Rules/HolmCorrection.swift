/// Holm's step-down correction for several gates in one run.
///
/// Source: S. Holm, A simple sequentially rejective multiple test procedure, 1979.
public struct HolmCorrection: Sendable {
  /// For each probability, the error level that its gate is judged at.
  ///
  /// The smallest probability is judged at `alpha` / m, the next at `alpha` / (m − 1), and so on up
  /// to the first that misses its level; that one and all larger ones are judged at that level.
  public static func levels(_ probabilities: [Double], alpha: Double) -> [Double] {
    var levels = [Double](repeating: alpha, count: probabilities.count)
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var stopped: Double?
    for (rank, index) in order.enumerated() {
      let level = stopped ?? alpha / Double(probabilities.count - rank)
      levels[index] = level
      if stopped == nil, !(probabilities[index] < level) { stopped = level }
    }
    return levels
  }
}
