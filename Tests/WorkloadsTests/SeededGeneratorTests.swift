import Testing

@testable import Workloads

@Suite("A seeded generator") struct SeededGeneratorTests {
  @Test("seeds itself with the published sequence of SplitMix64")
  func splitMix() {
    var counter: UInt64 = 1_234_567
    let words = (0..<5).map { _ in SeededGenerator.splitMix(&counter) }
    #expect(
      words == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("yields the published sequence of xoshiro256**")
  func published() {
    var random = SeededGenerator(state: (1, 2, 3, 4))
    #expect(
      (0..<6).map { _ in random.next() } == [
        11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
        607_988_272_756_665_600,
      ])
  }

  @Test("repeats itself for the same seed only")
  func repeats() {
    func words(_ seed: UInt64) -> [UInt64] {
      var random = SeededGenerator(seed: seed)
      return (0..<8).map { _ in random.next() }
    }
    #expect(words(7) == words(7))
    #expect(words(7) != words(8))
  }

  @Test("draws every value below a bound equally often", arguments: [1, 2, 3, 7, 100, 1000])
  func bounded(bound: Int) {
    var random = SeededGenerator(seed: UInt64(bound))
    var counts = [Int](repeating: 0, count: bound)
    let draws = 100_000
    for _ in 0..<draws { counts[Int(random.next(below: UInt64(bound)))] += 1 }
    guard bound > 1 else { return #expect(counts == [draws]) }
    let expected = [Double](repeating: Double(draws) / Double(bound), count: bound)
    #expect(ChiSquare(counts: counts, expected: expected).isPlausible)
  }

  @Test("is not biased where the bound is so large that a remainder would be")
  func unbiased() {
    // A remainder of 64 bits would fall into the lower half of this bound twice in three times.
    let bound: UInt64 = 3 << 62
    var random = SeededGenerator(seed: 5)
    let lower = (0..<100_000).count { _ in random.next(below: bound) < bound / 2 }
    #expect((49_000...51_000).contains(lower))
  }

  @Test("answers a bound of nothing with 0")
  func zero() {
    var random = SeededGenerator(seed: 1)
    #expect(random.next(below: 0) == 0)
  }

  @Test("derives unrelated seeds for every part of a run")
  func derived() {
    var seeds: Set<UInt64> = []
    for seed: UInt64 in [0, 1] {
      for phase in ["", "fill", "fill0", "random-read"] {
        for round in 0..<10 {
          for worker in 0..<10 {
            seeds.insert(
              SeededGenerator.derivedSeed(seed, phase: phase, round: round, worker: worker))
          }
        }
      }
    }
    #expect(seeds.count == 800)
    #expect(
      SeededGenerator.derivedSeed(9, phase: "fill", round: 1, worker: 2)
        == SeededGenerator.derivedSeed(9, phase: "fill", round: 1, worker: 2))
  }
}
