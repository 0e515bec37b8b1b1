import Glibc
import Testing

@testable import Workloads

@Suite("A distribution") struct DistributionTests {
  @Test(
    "is read and written back",
    arguments: [
      ("uniform", Distribution.uniform, "uniform"),
      ("zipf:0.99", .zipf(theta: 0.99), "zipf:0.99"),
      ("Zipf:1", .zipf(theta: 1), "zipf:1.0"),
      ("hotcold:20/80", .hotCold(spacePercent: 20, accessPercent: 80), "hotcold:20/80"),
    ])
  func read(text: String, value: Distribution, canonical: String) throws {
    #expect(try Distribution(parsing: text) == value)
    #expect(value.description == canonical)
    #expect(Distribution(canonical) == value)
  }

  @Test(
    "refuses what no sampler can honour, and names it",
    arguments: [
      "", "zipf", "zipf:", "zipf:x", "zipf:0", "zipf:-1", "zipf:5.01", "zipf:nan", "zipf:inf",
      "hotcold:20", "hotcold:0/80", "hotcold:20/100", "hotcold:20/80/0", "hotcold:a/b", "normal",
    ])
  func refused(text: String) {
    #expect(Distribution(text) == nil)
    do {
      _ = try Distribution(parsing: text)
    } catch {
      #expect(error.description.contains(text))
    }
  }

  @Test(
    "of Zipf gives the first ranks their analytic share",
    arguments: [
      (0.2, 1000), (0.5, 1000), (0.99, 1000), (1.0, 1000), (1.2, 1000), (2.0, 1000), (5.0, 1000),
      (0.99, 1), (0.99, 2), (1.0, 3),
    ])
  func zipf(theta: Double, count: Int) {
    let sampler = ZipfSampler(count: UInt64(count), theta: theta)
    var random = SeededGenerator(seed: 42)
    let draws = 200_000
    var counts = [Int](repeating: 0, count: count)
    for _ in 0..<draws { counts[Int(sampler.next(&random))] += 1 }
    let weights = (1...count).map { pow(Double($0), -theta) }
    let total = weights.reduce(0, +)
    // The first ranks alone, and the others together until fewer than ten would be expected.
    var tailCount = draws
    var tailExpected = Double(draws)
    var bins: [(count: Int, expected: Double)] = []
    for (found, weight) in zip(counts, weights).prefix(50) {
      let expected = weight / total * Double(draws)
      guard expected >= 10, tailExpected - expected >= 10 else { break }
      bins.append((found, expected))
      tailCount -= found
      tailExpected -= expected
    }
    bins.append((tailCount, tailExpected))
    guard bins.count > 1 else { return #expect(counts == [draws]) }
    #expect(ChiSquare(counts: bins.map(\.count), expected: bins.map(\.expected)).isPlausible)
  }

  @Test(
    "of Zipf stays within ranges of any size", arguments: [1, 2, 1000, 1 << 32, UInt64(1) << 54])
  func zipfBounds(count: UInt64) {
    for theta in [1e-9, 0.5, 1 - 1e-12, 1, 1 + 1e-12, 5] {
      let sampler = ZipfSampler(count: count, theta: theta)
      var random = SeededGenerator(seed: 3)
      let outside = (0..<5000).count { _ in sampler.next(&random) >= count }
      #expect(outside == 0)
    }
  }

  @Test(
    "of hot and cold blocks gives both their share",
    arguments: [(20, 80, 1000), (1, 99, 1000), (50, 50, 10), (90, 10, 64)])
  func hotCold(space: Int, access: Int, count: Int) {
    let sampler = HotColdSampler(
      count: UInt64(count), spacePercent: space, accessPercent: access)
    var random = SeededGenerator(seed: 17)
    let draws = 200_000
    var counts = [Int](repeating: 0, count: count)
    for _ in 0..<draws { counts[Int(sampler.next(&random))] += 1 }
    let hotCount = count * space / 100
    let hot = Double(draws) * Double(access) / 100
    let expected = (0..<count).map { rank in
      rank < hotCount ? hot / Double(hotCount) : (Double(draws) - hot) / Double(count - hotCount)
    }
    #expect(ChiSquare(counts: counts, expected: expected).isPlausible)
  }

  @Test("scatters ranks one to one over any count", arguments: [1, 2, 3, 4, 5, 1000, 4096, 4097])
  func scatter(count: Int) {
    let scatter = RankScatter(count: UInt64(count), key: 99)
    let places = (0..<count).map { scatter.place(of: UInt64($0)) }
    #expect(Set(places) == Set((0..<count).map(UInt64.init)))
  }

  @Test("puts neighbouring ranks far apart, elsewhere for each key")
  func neighbours() {
    let scatter = RankScatter(count: 1 << 20, key: 1)
    let places = (0..<1000).map { scatter.place(of: $0) }
    let near = zip(places, places.dropFirst()).count { first, second in
      Swift.max(first, second) - Swift.min(first, second) < 1 << 10
    }
    // 2 in 1000 are expected by chance.
    #expect(near < 15)
    let other = RankScatter(count: 1 << 20, key: 2)
    #expect(places != (0..<1000).map { other.place(of: $0) })
  }
}
