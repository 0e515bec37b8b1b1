import Testing

@testable import StorageEngine

@Suite("A scan fills the block cache") struct ScanCachingRuleTests {
  static let shared: StoreConfiguration = {
    var configuration = StoreConfiguration.measured
    configuration.sharesMemory = true
    return configuration
  }()

  static let separate: StoreConfiguration = {
    var configuration = StoreConfiguration.measured
    configuration.sharesMemory = false
    return configuration
  }()

  /// A scan's limit, the stored bytes of its range, and whether it fills the cache.
  static let cases: [(limit: Int?, stored: UInt64?, fills: Bool)] = [
    (1, .max, true),
    (1000, .max, true),
    (1001, .max, false),
    (1001, 1_048_576, true),
    (nil, 1_048_576, true),
    (nil, 285_212_672, true),
    (nil, 285_212_673, false),
    (nil, .max, false),
    (nil, nil, false),
    (1000, nil, true),
  ]

  @Test("if it is short, or if four times its stored bytes fit", arguments: cases)
  func rule(limit: Int?, stored: UInt64?, fills: Bool) {
    let rule = ScanCachingRule(Self.shared)
    #expect(rule.cacheBytes == 1088 << 20)
    #expect(rule.fillsCache(limit: limit) { stored } == fills)
  }

  @Test("by the smallest of separate caches")
  func separate() {
    let rule = ScanCachingRule(Self.separate)
    #expect(rule.cacheBytes == 32 << 20)
    #expect(rule.fillsCache(limit: nil) { 8 << 20 })
    #expect(!rule.fillsCache(limit: nil) { 9 << 20 })
  }

  @Test("does not ask for the bytes of a short scan")
  func short() {
    _ = ScanCachingRule(Self.shared).fillsCache(limit: 10) {
      Issue.record("asked")
      return 0
    }
  }
}
