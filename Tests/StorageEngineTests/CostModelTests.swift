import StorageEngine
import Testing

@Suite("The cost of drives")
struct CostModelTests {
  static let terabyte: UInt64 = 1_000_000_000_000

  @Test("is 3800 dollars in the documented example, and saves 87.3 % of all-hot")
  func documented() throws {
    let bytes = TierBytes(
      hot: Self.terabyte, warm: 19 * Self.terabyte, cold: 80 * Self.terabyte)
    let cost = CostModel().cost(of: bytes)
    #expect(cost.total == 3800)
    #expect(cost.allHot == 30_000)
    let saving = try #require(cost.saving)
    #expect((saving * 1000).rounded() == 873)
  }

  @Test(
    "is each tier's bytes at its price, for each copy",
    arguments: [
      (TierBytes(), 1, 0.0, 0.0),
      (TierBytes(hot: terabyte), 1, 300, 300),
      (TierBytes(warm: terabyte / 2), 1, 50, 150),
      (TierBytes(cold: 10 * terabyte), 1, 200, 3000),
      (TierBytes(hot: terabyte, warm: terabyte, cold: terabyte), 3, 1260, 2700),
    ])
  func table(bytes: TierBytes, copies: Int, total: Double, allHot: Double) {
    let cost = CostModel(copies: copies).cost(of: bytes)
    #expect(abs(cost.total - total) < 1e-9)
    #expect(abs(cost.allHot - allHot) < 1e-9)
  }

  @Test("of nothing saves nothing, and of lower tiers that cost more less than nothing")
  func bounds() throws {
    #expect(CostModel().cost(of: TierBytes()).saving == nil)
    let dear = CostModel(prices: [.hot: 10, .warm: 20, .cold: 30])
    #expect(dear.cost(of: TierBytes(cold: Self.terabyte)).saving == -2)
    let largest = TierBytes(hot: .max, warm: .max, cold: .max)
    #expect(largest.total > Double(UInt64.max) && largest.share(of: .warm) == 1.0 / 3)
  }
}
