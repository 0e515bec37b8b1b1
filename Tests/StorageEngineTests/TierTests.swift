import StorageEngine
import Testing

@Suite("Tiers")
struct TierTests {
  @Test("are three, from the fastest to the slowest, and keep their written names")
  func names() {
    #expect(Tier.allCases.map(\.rawValue) == ["hot", "warm", "cold"])
  }
}
