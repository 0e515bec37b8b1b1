import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

/// Days of use on a simulated clock, on real files: Zipf 0.77, the skew at which a hundredth of the keys is
/// above the hot threshold and a fifth above the warm one, where a key is used 1.25 times the warm threshold
/// on average; and each hour a thousandth of the keys change places in it.
///
/// In full: STORE_DAY_KEYS=2000000, at the documented thresholds. With a hundredth of the keys, thresholds are
/// scaled by ten.
@Suite("A day in the life of a store")
struct DayInTheLifeTests {
  private static let documentedKeys = 2_000_000.0
  private static let hour = 3600.0
  private static let day = 86400.0

  /// What an exact count says of each key.
  private struct Oracle {
    private var counts: [Double]
    private var times: [Double]
    private let rule: PlacementRule

    init(_ count: Int, rule: PlacementRule) {
      counts = [Double](repeating: 0, count: count)
      times = [Double](repeating: -.infinity, count: count)
      self.rule = rule
    }

    mutating func note(_ key: Int, at now: Double) {
      counts[key] = 1 + counts[key] * exp((times[key] - now) / day)
      times[key] = now
    }

    func tier(of key: Int, at now: Double) -> Tier {
      let idle = now - times[key]
      let perDay = counts[key] * exp(-idle / day) / (1 - exp(-now / day))
      return rule.tier(for: KeyUse(perDay: perDay, idleSeconds: idle), in: .cold)
    }
  }

  @Test("ends with each key where an exact count puts it, and at a fifth of the cost")
  func day() throws {
    let keyCount = Int(number("STORE_DAY_KEYS") ?? 20_000)
    let seed = number("STORE_SEED") ?? UInt64.random(in: 0..<1 << 30)
    // So that a key at a threshold is still counted often enough to tell it from one below.
    let scale = (Double(keyCount) / Self.documentedKeys).squareRoot()
    var rule = PlacementRule()
    rule.hotPerDay *= scale
    rule.warmPerDay *= scale
    print("\(keyCount) keys, seed \(seed), hot above \(rule.hotPerDay) a day")
    let clock = Mutex(0.0)
    var placement = PlacementSettings()
    placement.rule = rule
    placement.intervalSeconds = nil
    placement.clock = PlacementClock { clock.withLock { $0 } }
    placement.memoryBytes = max(2 << 20, 24 * keyCount)
    placement.bytesPerSecond = 1 << 40
    var configuration = StoreFixture.small
    configuration.placement = placement
    configuration.durability = .async
    // What is in the cache must come to lie where it belongs as well.
    if keyCount > 100_000 { configuration.hotCacheBytes = 256 << 20 }
    let fixture = try StoreFixture()
    let store = try fixture.create(configuration)
    var random = SeededGenerator(seed: seed)
    let valueBytes = keyCount > 100_000 ? 200 : 1000
    let keys = (0..<keyCount).map { bytes("key \($0)") }
    for key in keys { try store.put(key, random.bytes(valueBytes)) }

    let zipf = ZipfTable(count: keyCount, skew: 0.77)
    // At the hundredth rank in the hundred, and so at all, the rate is that of the hot threshold.
    let perDay = rule.hotPerDay / zipf.share(of: keyCount / 100)
    var places = Array(0..<keyCount)
    places.shuffle(using: &random)
    var oracle = Oracle(keyCount, rule: rule)
    for key in 0..<keyCount { oracle.note(key, at: 0) }
    var worst = 1.0
    var now = 0.0
    for hour in 1...(keyCount > 100_000 ? 36 : 72) {
      let end = Double(hour) * Self.hour
      while true {
        now += -log(1 - random.unit()) / perDay * Self.day
        guard now < end else { break }
        clock.withLock { $0 = now }
        let key = places[zipf.rank(random.unit())]
        oracle.note(key, at: now)
        let isThere = try store.get(keys[key]) { $0.count == valueBytes }
        if isThere != true { Issue.record("seed \(seed), hour \(hour): a value is gone") }
      }
      now = end
      clock.withLock { $0 = now }
      let report = try store.reclassify()
      #expect(report.isComplete && report.failures.isEmpty, "\(report)")
      guard hour >= 24, keyCount <= 100_000 || hour % 8 == 0 else {
        Self.change(&places, &random)
        continue
      }
      var right = 0
      for key in 0..<keyCount
      where try store.tier(holding: keys[key]) == oracle.tier(of: key, at: now) {
        right += 1
      }
      worst = min(worst, Double(right) / Double(keyCount))
      if keyCount > 100_000 {
        print("hour \(hour): \(Double(right) / Double(keyCount)), \(report)")
      }
      Self.change(&places, &random)
    }
    print("at worst \(worst) of the keys lay where an exact count puts them")
    #expect(worst >= 0.95, "seed \(seed)")
    try store.compact()
    _ = try store.waitUntilIdle()
    let statistics = try store.statistics()
    var found = TierBytes()
    for tier in Tier.allCases { found[tier] = statistics.tiers[tier]?.fileBytes ?? 0 }
    let saving = try #require(CostModel().cost(of: found).saving)
    print(
      "hot \(found.share(of: .hot)), warm \(found.share(of: .warm)), "
        + "cold \(found.share(of: .cold)) of the bytes; saved \(saving)")
    #expect((0.005...0.02).contains(found.share(of: .hot)))
    #expect((0.14...0.25).contains(found.share(of: .warm)))
    #expect((0.74...0.86).contains(found.share(of: .cold)))
    #expect(saving >= 0.7)
    for (tier, key) in zip([0, keyCount / 2, keyCount - 1], 0...) {
      #expect(try store.get(keys[tier])?.count == valueBytes, "\(key)")
    }
  }

  /// A thousandth of the keys change places.
  private static func change(_ places: inout [Int], _ random: inout SeededGenerator) {
    let chosen = (0..<places.count / 1000).map { _ in
      Int.random(in: 0..<places.count, using: &random)
    }
    for (first, second) in zip(chosen, chosen.dropFirst()) { places.swapAt(first, second) }
  }
}
