/// How far counts lie from what was expected, as Pearson measures it.
struct ChiSquare {
  let statistic: Double
  /// Exceeded once in 100 000 fair samples (Wilson and Hilferty's approximation).
  let limit: Double

  init(counts: [Int], expected: [Double]) {
    statistic = zip(counts, expected).reduce(0) { sum, pair in
      sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1) / pair.1
    }
    let freedom = Double(counts.count - 1)
    let step = 2 / (9 * freedom)
    let root = 1 - step + 4.265 * step.squareRoot()
    limit = freedom * root * root * root
  }

  var isPlausible: Bool { statistic <= limit }
}
