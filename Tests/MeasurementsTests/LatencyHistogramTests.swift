import FoundationEssentials
import Measurements
import Testing

@Suite("A latency histogram") struct LatencyHistogramTests {
  private static func histogram(_ latencies: some Sequence<Int64>) -> LatencyHistogram {
    var histogram = LatencyHistogram()
    for latency in latencies { histogram.record(Nanoseconds(latency)) }
    return histogram
  }

  private static func isNear(_ value: UInt64, _ exact: UInt64) -> Bool {
    let difference = value > exact ? value - exact : exact - value
    return Double(difference) <= Double(exact) / 1000
  }

  @Test(
    "finds percentiles to three digits at any magnitude",
    arguments: [Int64(1), 1000, 1_000_000, 100_000_000])
  func percentiles(scale: Int64) {
    let histogram = Self.histogram((1...10_000).map { $0 * scale })
    #expect(histogram.count == 10_000)
    #expect(histogram.maxNanoseconds == 10_000 * UInt64(scale))
    #expect(histogram.meanNanoseconds == 5000.5 * Double(scale))
    for (quantile, rank) in [(0.5, 5000), (0.9, 9000), (0.99, 9900), (0.999, 9990), (1, 10_000)] {
      let value = histogram.value(atQuantile: quantile)
      #expect(Self.isNear(value, UInt64(rank) * UInt64(scale)))
    }
    #expect(histogram.summary.p99 == histogram.value(atQuantile: 0.99))
    #expect(histogram.summary.max == histogram.maxNanoseconds)
  }

  @Test("of nothing has no figures")
  func empty() {
    let summary = LatencyHistogram().summary
    #expect(summary.count == 0)
    #expect(summary.p99 == 0)
    #expect(summary.max == 0)
    #expect(summary.meanNanoseconds == 0)
  }

  @Test("counts negative latencies as none and keeps the exact maximum of endless ones")
  func extremes() {
    let histogram = Self.histogram([-5, .min, 7, 3_600_000_000_001])
    #expect(histogram.count == 4)
    #expect(histogram.maxNanoseconds == 3_600_000_000_001)
    #expect(histogram.value(atQuantile: 0.5) == 0)
    #expect(Self.isNear(histogram.value(atQuantile: 1), LatencyHistogram.highestNanoseconds))
  }

  @Test("merges as if all had been recorded in one")
  func merged() {
    var generator = SystemlessGenerator(state: 1)
    let first = (0..<5000).map { _ in Int64(generator.next() % 10_000_000) }
    let second = (0..<3000).map { _ in Int64(generator.next() % 1_000_000_000) }
    var merged = Self.histogram(first)
    merged.add(Self.histogram(second))
    let together = Self.histogram(first + second)
    #expect(merged.summary == together.summary)
    #expect(merged.sparse == together.sparse)
  }

  @Test("survives being stored")
  func stored() throws {
    var generator = SystemlessGenerator(state: 2)
    let latencies = (0..<5000).map { _ in Int64(generator.next() >> (20 + generator.next() % 40)) }
    let histogram = Self.histogram(latencies)
    let data = try JSONEncoder().encode(histogram.sparse)
    let sparse = try JSONDecoder().decode(SparseHistogram.self, from: data)
    let rebuilt = try #require(LatencyHistogram(sparse))
    #expect(sparse == histogram.sparse)
    #expect(rebuilt.summary == histogram.summary)
    #expect(rebuilt.sparse == histogram.sparse)
    for limit: Int64 in [0, 100, 10_000, 1_000_000, 1_000_000_000] {
      #expect(
        rebuilt.count(above: Nanoseconds(limit)) == histogram.count(above: Nanoseconds(limit)))
    }
  }

  @Test(
    "is not rebuilt from buckets that cannot be",
    arguments: [
      SparseHistogram(values: [1, 2], counts: [1], maxNanoseconds: 2, totalNanoseconds: 3),
      SparseHistogram(values: [.max], counts: [1], maxNanoseconds: 2, totalNanoseconds: 3),
    ])
  func broken(sparse: SparseHistogram) {
    #expect(LatencyHistogram(sparse) == nil)
  }

  @Test(
    "counts what lies above a limit",
    arguments: [
      (-1, 1000), (0, 1000), (1, 999), (500, 500), (999, 1), (1000, 0), (.max, 0),
    ] as [(Int64, UInt64)])
  func above(limit: Int64, count: UInt64) {
    #expect(Self.histogram(1...1000).count(above: Nanoseconds(limit)) == count)
  }

  @Test("counts what lies above a limit to a thousandth of it")
  func aboveCoarse() {
    let histogram = Self.histogram((1...10_000).map { $0 * 1000 })
    let above = histogram.count(above: Nanoseconds(5_000_000))
    #expect((4990...5000).contains(above))
  }

  @Test("forgets when it is reset")
  func reset() {
    var histogram = Self.histogram(1...100)
    histogram.reset()
    #expect(histogram.summary == LatencyHistogram().summary)
    histogram.record(Nanoseconds(5))
    #expect(histogram.summary == Self.histogram([5]).summary)
  }
}

/// A small generator of its own, so that these tests need no other target: Steele and Vigna's
/// multiplier for 64-bit linear congruences.
struct SystemlessGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 0xd134_2543_de82_ef95 &+ 1
    return state ^ (state >> 32)
  }
}
