import Foundation
import TestSupport
import Testing

@testable import StorageEngine

@Suite("The placement rule")
struct PlacementRuleTests {
  static let hour = 3600.0

  @Test(
    "is the documented one, and keeps a key near a threshold where it is",
    arguments: [
      (1001.0, 0.0, Tier.cold, Tier.hot), (1000, 0, .cold, .warm), (1001, hour + 1, .cold, .warm),
      (1e6, 24 * hour + 1, .hot, .cold), (101, 24 * hour, .cold, .warm), (100, 0, .cold, .cold),
      (101, 24 * hour + 1, .warm, .cold), (0, .infinity, .hot, .cold),
      (950, 0, .hot, .hot), (950, 0, .warm, .warm), (900, 0, .hot, .warm),
      (95, 0, .warm, .warm), (95, 0, .hot, .warm), (95, 0, .cold, .cold), (90, 0, .warm, .cold),
    ])
  func table(perDay: Double, idle: Double, current: Tier, expected: Tier) {
    let use = KeyUse(perDay: perDay, idleSeconds: idle)
    #expect(PlacementRule().tier(for: use, in: current) == expected)
  }

  @Test("tells how far so many of the least used keys reach", arguments: [0, 1, 999, 5000, 10_000])
  func histogram(count: Int) {
    var histogram = RateHistogram()
    for number in 0..<10_000 { histogram.add(step: RateHistogram.step(Double(number))) }
    let (step, left) = histogram.boundary(of: count)
    let below = (0..<10_000).count { RateHistogram.step(Double($0)) < step }
    #expect(below + left == count)
    #expect(left <= (0..<10_000).count { RateHistogram.step(Double($0)) == step })
  }

  @Test("has steps that rise by a fifth", arguments: [0, 0.99, 1, 10, 999, 1e6])
  func steps(perDay: Double) {
    let step = RateHistogram.step(perDay)
    #expect(RateHistogram.step(perDay * 1.3) > step || perDay * 1.3 < 1)
    #expect(RateHistogram.step(perDay * 1.01) <= step + 1)
  }

  @Test(
    "counts a key of absurd use within its steps",
    arguments: [(Double.infinity, 127), (.nan, 0), (1e308, 127), (-1, 0)])
  func absurd(perDay: Double, step: Int) {
    #expect(RateHistogram.step(perDay) == step)
    var histogram = RateHistogram()
    histogram.add(step: step)
    #expect(histogram.total == 1)
  }

  @Test(
    "takes what left a tier for gone until as much may have been written in its place",
    arguments: [
      // Stored at first, moved away, written since, stored then, and what counts.
      (100, 10, 0, 100, 90), (100, 10, 0, 90, 90), (100, 10, 4, 100, 94), (100, 10, 4, 92, 92),
      // As much was written as compaction freed: the files tell.
      (100, 10, 10, 100, 100), (100, 10, 50, 105, 105), (100, 200, 0, 100, 0),
      (.max, 0, 1, .max, .max),
    ] as [(UInt64, UInt64, UInt64, UInt64, UInt64)])
  func level(first: UInt64, moved: UInt64, written: UInt64, then: UInt64, expected: UInt64) {
    var level = TierLevel(stored: first, written: 7)
    level.remove(moved)
    level.advance(written: 7 + written)
    level.limit(toStored: then)
    #expect(level.bytes == expected)
    // A counter that begins anew takes nothing away.
    level.advance(written: 0)
    #expect(level.bytes == expected)
    // What moves brought may not be in files yet, once.
    if expected < .max {
      level.add(5)
      level.limit(toStored: 3)
      #expect(level.bytes == min(expected + 5, 8))
      level.limit(toStored: 3)
      #expect(level.bytes <= 3)
    }
    level.add(.max)
    #expect(level.bytes == .max)
  }
}

@Suite("The classifier")
struct DataClassifierTests {
  private static let day = 86400.0

  private func classifier(
    bytes: Int = 1 << 20, isNew: Bool = true, at now: Double = 0
  ) -> DataClassifier {
    DataClassifier(rule: PlacementRule(), byteCount: bytes, hasSeenAll: isNew, now: now)
  }

  @Test("counts a steady use as what it is a day", arguments: [50.0, 150, 500, 1500, 40_000])
  func steady(perDay: Double) {
    var classifier = classifier()
    let days = 5.0
    for number in 0..<Int(perDay * days) {
      classifier.note(77, at: Double(number) / perDay * Self.day)
    }
    let use = classifier.use(of: 77, at: days * Self.day)
    // Chance rounds the sketch's counts; those of keys counted by themselves are exact.
    #expect(abs(use.perDay - perDay) < perDay * 0.03 + 2, "\(use)")
  }

  @Test("forgets: a key that is not used any more cools within days")
  func cools() {
    var classifier = classifier()
    for number in 0..<4000 { classifier.note(5, at: Double(number) * Self.day / 2000) }
    let end = 2 * Self.day
    #expect(classifier.tier(of: 5, in: .hot, at: end) == .hot)
    #expect(classifier.tier(of: 5, in: .hot, at: end + 3700) == .warm)
    #expect(classifier.tier(of: 5, in: .hot, at: end + 31 * 3600) == .cold)
  }

  @Test("is not misled by keys so many that each cell of the sketch holds many of them")
  func crowd() {
    var classifier = classifier(bytes: 64 << 10)
    var random = SeededGenerator(seed: 5)
    let keys = (0..<100_000).map { _ in random.next() }
    // Ten uses a day each, over two days; among them one that is warm and one that is hot.
    let (warm, hot) = (random.next(), random.next())
    for number in 0..<2_000_000 {
      let now = Double(number) * 2 * Self.day / 2_000_000
      classifier.note(keys[number % keys.count], at: now)
      if number % 3000 == 0 { classifier.note(warm, at: now) }
      if number % 500 == 0 { classifier.note(hot, at: now) }
    }
    let end = 2 * Self.day
    #expect(classifier.tier(of: hot, in: .cold, at: end) == .hot)
    #expect(classifier.tier(of: warm, in: .cold, at: end) == .warm)
    let misplaced = keys[..<10_000].count { classifier.tier(of: $0, in: .cold, at: end) != .cold }
    #expect(misplaced < 200)
  }

  @Test("lets the sketch alone make no key hot, however full its cells are")
  func sketchAlone() {
    var classifier = classifier(bytes: 4096)
    var random = SeededGenerator(seed: 3)
    // Far more keys than cells, so that each cell holds many.
    for number in 0..<400_000 { classifier.note(random.next(), at: Double(number) * 0.2) }
    let hot = (0..<1000).count { _ in
      classifier.tier(of: random.next(), in: .cold, at: 80_000) == .hot
    }
    #expect(hot == 0)
  }

  @Test("keeps within its bytes, and counts the most used by themselves when there are too many")
  func bounded() {
    let bytes = 256 << 10
    var classifier = classifier(bytes: bytes)
    #expect(classifier.byteCount <= bytes)
    var random = SeededGenerator(seed: 4)
    let keys = (0..<20_000).map { _ in random.next() }
    for round in 0..<40 {
      for (index, key) in keys.enumerated() {
        let time = Double(round) * 600 + Double(index) * 0.01
        classifier.note(key, index < 200 ? 100 : 20, at: time)
      }
    }
    #expect(classifier.byteCount <= bytes)
    #expect(classifier.topCount > 200)
    let now = 40.0 * 600
    #expect(keys[..<200].allSatisfy { classifier.tier(of: $0, in: .cold, at: now) == .hot })
  }

  @Test("knows of a store that was opened only after a day what was not used")
  func knows() {
    #expect(classifier(isNew: true).knowsAll(at: 1))
    #expect(!classifier(isNew: false).knowsAll(at: Self.day - 1))
    #expect(classifier(isNew: false).knowsAll(at: Self.day))
  }

  /// The sketch's error against an exact count of the same decay, at a stated volume.
  @Test("tells few keys apart wrongly: 200 000 keys, Zipf 0.77, 20 million accesses in two days")
  func error() throws {
    let keyCount = 200_000
    let zipf = ZipfTable(count: keyCount, skew: 0.77)
    var random = SeededGenerator(seed: 9)
    let keys = (0..<keyCount).map { _ in random.next() }
    var exact = [Double](repeating: 0, count: keyCount)
    var classifier = classifier(bytes: 2 << 20)
    let accesses = 20_000_000
    let end = 2 * Self.day
    for number in 0..<accesses {
      let time = Double(number) / Double(accesses) * end
      let rank = zipf.rank(random.unit())
      classifier.note(keys[rank], at: time)
      exact[rank] += exp((time - end) / Self.day)
    }
    let rule = PlacementRule()
    let bias = 1 - exp(-2.0)
    var wrong = 0
    var worst = 0.0
    for rank in 0..<keyCount {
      let use = KeyUse(perDay: exact[rank] / bias, idleSeconds: 0)
      let told = classifier.use(of: keys[rank], at: end)
      if rule.tier(for: use, in: .cold) != rule.tier(for: told, in: .cold) { wrong += 1 }
      if use.perDay > 50 { worst = max(worst, abs(told.perDay - use.perDay) / use.perDay) }
    }
    print("\(wrong) of \(keyCount) keys told apart wrongly, at most \(worst) off above 50 a day")
    #expect(Double(wrong) < 0.01 * Double(keyCount))
  }
}
