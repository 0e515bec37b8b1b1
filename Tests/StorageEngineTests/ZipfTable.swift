import Foundation
import TestSupport

/// Ranks by Zipf's law, from a table of their cumulated shares.
struct ZipfTable {
  private let cumulated: [Double]

  init(count: Int, skew: Double) {
    var sum = 0.0
    var cumulated: [Double] = []
    cumulated.reserveCapacity(count)
    for rank in 1...count {
      sum += pow(Double(rank), -skew)
      cumulated.append(sum)
    }
    self.cumulated = cumulated.map { $0 / sum }
  }

  /// The rank, from 0, for a number from 0 to 1.
  func rank(_ number: Double) -> Int {
    var (low, high) = (0, cumulated.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulated[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The share of all accesses that a rank takes.
  func share(of rank: Int) -> Double {
    cumulated[rank] - (rank == 0 ? 0 : cumulated[rank - 1])
  }
}

extension SeededGenerator {
  /// A number from 0 to 1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
