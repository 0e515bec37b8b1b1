import Glibc
import Measurements
import Testing
import Workloads

@Suite("An arrival schedule") struct ArrivalScheduleTests {
  private static func instants(
    _ rate: ArrivalRate, count: Int, worker: Int = 0, workers: Int = 1, seed: UInt64 = 1
  ) -> [Int64] {
    var schedule = ArrivalSchedule(
      rate, seed: seed, worker: worker, workers: workers, start: Nanoseconds(1000))
    return (0..<count).map { _ in
      defer { schedule.advance() }
      return schedule.due.rawValue - 1000
    }
  }

  @Test(
    "of a constant rate neither drifts nor rounds twice",
    arguments: [(1000, 1), (3, 1), (7, 3), (123_457, 16), (1_000_000_000, 2), (999_999_937, 7)])
  func constant(rate: Int, workers: Int) {
    for worker in 0..<workers {
      let instants = Self.instants(
        .constant(perSecond: Double(rate)), count: 20_000, worker: worker, workers: workers)
      let furthest = instants.enumerated().map { index, instant in
        let exact = Int64((index * workers + worker) * 1_000_000_000 / rate)
        return abs(instant - exact)
      }.max()
      // Cutting fractions of 2^-64 ns may turn a whole nanosecond into the one before.
      #expect(furthest.map { $0 <= 1 } == true)
    }
  }

  @Test("of a constant rate is exact to a nanosecond after a thousand million arrivals")
  func drift() {
    // One worker of many takes their arrivals in its stride: the same sum, fewer steps.
    let strides = 1_000_000
    var schedule = ArrivalSchedule(
      .constant(perSecond: 300_007), seed: 1, worker: 0, workers: 1000, start: .zero)
    for _ in 0..<strides { schedule.advance() }
    let exact = Int64(1000 * strides) * 1_000_000_000 / 300_007
    #expect(abs(schedule.due.rawValue - exact) <= 1)
  }

  @Test("of a rate that is no whole number keeps it", arguments: [0.5, 1.25, 33.333, 1234.5678])
  func fractional(rate: Double) {
    let last = Self.instants(.constant(perSecond: rate), count: 10_001).last ?? 0
    let exact = 10_000 * 1e9 / rate
    #expect(abs(Double(last) - exact) <= 2)
  }

  @Test("of a constant rate interleaves its workers evenly")
  func interleaved() {
    let all = (0..<4).flatMap { worker in
      Self.instants(.constant(perSecond: 4000), count: 100, worker: worker, workers: 4)
    }.sorted()
    #expect(all == (0..<400).map { Int64($0) * 250_000 })
  }

  @Test("of Poisson has exponential gaps, the same for the same seed and worker only")
  func poisson() {
    let rate = ArrivalRate.poisson(perSecond: 8000)
    let draws = 100_000
    let instants = Self.instants(rate, count: draws, workers: 2)
    let gaps = zip(instants, [0] + instants).map { Double($0 - $1) }
    #expect(gaps.allSatisfy { $0 >= 0 })
    // Ten bins that are equally likely for gaps of 250 µs on average (half the rate is this
    // worker's).
    var counts = [Int](repeating: 0, count: 10)
    for gap in gaps { counts[Swift.min(Int((1 - exp(-gap / 250_000)) * 10), 9)] += 1 }
    #expect(
      ChiSquare(counts: counts, expected: [Double](repeating: Double(draws) / 10, count: 10))
        .isPlausible)
    #expect(Self.instants(rate, count: 10, workers: 2) == Array(instants.prefix(10)))
    #expect(
      Self.instants(rate, count: 10, worker: 1, workers: 2) != Array(instants.prefix(10)))
    #expect(
      Self.instants(rate, count: 10, workers: 2, seed: 2) != Array(instants.prefix(10)))
  }

  @Test(
    "is never due, and never traps, for a rate that is none",
    arguments: [
      ArrivalRate.constant(perSecond: 0), .constant(perSecond: -1), .constant(perSecond: .nan),
      .poisson(perSecond: 0), .poisson(perSecond: -1), .poisson(perSecond: .nan),
      .constant(perSecond: 1e-300), .poisson(perSecond: 1e-300),
    ])
  func none(rate: ArrivalRate) {
    let instants = Self.instants(rate, count: 100, worker: 1, workers: 3)
    #expect(instants.allSatisfy { $0 > 1_000_000_000_000_000_000 })
    if !(rate.perSecond > 0) {
      #expect(throws: WorkloadError.self) { try rate.validate() }
    }
  }
}
