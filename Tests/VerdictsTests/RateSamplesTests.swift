import Measurements
import Testing

@testable import Verdicts

@Suite("Rates of rounds")
struct RateSamplesTests {
  private func rounds(_ amounts: [(operations: UInt64, seconds: Double)]) -> [RoundRecord] {
    amounts.enumerated().map { index, amount in
      var round = RoundRecord(index: index, startedAt: .zero)
      round.operations = amount.operations
      round.duration = Nanoseconds(seconds: amount.seconds)
      return round
    }
  }

  @Test("of one length are the samples themselves")
  func equal() {
    let samples = RateSamples.samples(rounds([(100, 2), (300, 2)])) { Double($0.operations) }
    #expect(samples == [50, 150])
  }

  @Test("count by their lengths: a minute of compaction is not hidden by a fast second")
  func weighted() throws {
    let samples = RateSamples.samples(rounds([(200_000, 1), (200_000, 39)])) {
      Double($0.operations)
    }
    // The mean of the rounds' own rates would be 102 564.
    #expect(abs(samples.reduce(0, +) / 2 - 10_000) < 1e-6)
    #expect(abs(samples[0] - 19_500) < 1e-6)
    #expect(abs(samples[1] - 500) < 1e-6)
  }

  @Test("take the wait for an idle store in")
  func idle() {
    var round = rounds([(1000, 1)])[0]
    round.engine = EngineRoundRecord(entries: 5000)
    round.engine?.idleAfter = Nanoseconds(seconds: 4)
    #expect(RateSamples.samples([round]) { Double($0.countedOperations) } == [1000])
  }
}
