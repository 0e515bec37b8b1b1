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

  /// A scan's limit, the stored bytes of its range and of the store, and whether it fills the cache.
  static let cases: [(limit: Int?, range: UInt64, store: UInt64, fills: Bool)] = [
    (1, .max, .max, true),
    (1000, .max, .max, true),
    (1001, .max, .max, false),
    (1001, 1 << 20, .max, true),
    (nil, 1 << 20, .max, true),
    (nil, 272 << 20, .max, true),
    (nil, 272 << 20 + 1, .max, false),
    (nil, 272 << 20 + 1, 544 << 20, true),
    (nil, 544 << 20, 544 << 20, true),
    (nil, 544 << 20, 544 << 20 + 1, false),
    (nil, .max, .max, false),
  ]

  @Test(
    "if it is short, if its range takes half of it or the whole store no more than all of it",
    arguments: cases)
  func rule(limit: Int?, range: UInt64, store: UInt64, fills: Bool) {
    let rule = ScanCachingRule(Self.shared)
    #expect(rule.cacheBytes == 1088 << 20)
    #expect(rule.plan(limit: limit, .forward) { (range, store) }.fillsCache == fills)
  }

  @Test("not where the stored bytes are unknown, unless it is short")
  func unknown() {
    let rule = ScanCachingRule(Self.shared)
    #expect(rule.plan(limit: nil, .forward) { nil } == .init(fillsCache: false, readaheadBytes: 0))
    #expect(rule.plan(limit: 1000, .forward) { nil } == .init(fillsCache: true, readaheadBytes: 0))
  }

  @Test("by the smallest of separate caches")
  func separate() {
    let rule = ScanCachingRule(Self.separate)
    #expect(rule.cacheBytes == 32 << 20)
    #expect(rule.plan(limit: nil, .forward) { (8 << 20, .max) }.fillsCache)
    #expect(!rule.plan(limit: nil, .forward) { (9 << 20, .max) }.fillsCache)
  }

  @Test(
    "and reads ahead by a mebibyte, if it is long and goes forward",
    arguments: [
      (nil, ScanDirection.forward, 64 << 20, 1 << 20), (nil, .forward, 64 << 20 - 1, 0),
      (nil, .backward, .max, 0), (1 << 20, .forward, .max, 0),
    ] as [(Int?, ScanDirection, UInt64, Int)])
  func readahead(limit: Int?, direction: ScanDirection, range: UInt64, expected: Int) {
    let plan = ScanCachingRule(Self.shared).plan(limit: limit, direction) { (range, .max) }
    #expect(plan.readaheadBytes == expected)
  }

  @Test("does not ask for the bytes of a short scan")
  func short() {
    _ = ScanCachingRule(Self.shared).plan(limit: 10, .forward) {
      Issue.record("asked")
      return nil
    }
  }
}
