import Foundation
import Testing

@testable import Verdicts

@Suite("A warm-up")
struct WarmUpRuleTests {
  /// Device reads a thousand gets in each slice, and whether they no longer change.
  static let cases: [([UInt64], Bool)] = [
    ([], false),
    ([200, 200, 200], false),
    ([200, 200, 200, 200], true),
    ([900, 500, 408, 400], true),
    ([900, 500, 409, 400], false),
    ([400, 400, 400, 409], false),
    ([0, 0, 0, 0], true),
    ([9, 9, 4, 8], true),
    ([9, 9, 2, 8], false),
    // Quarters of two slices: their sums are looked at, not single slices.
    ([900, 800, 700, 600, 190, 210, 210, 190], true),
    // Begun quarters count as whole ones.
    ([200, 100, 200, 200, 200], false),
    ([900, 800, 700, 600, 220, 220, 200, 200], false),
  ]

  @Test("is over once device reads a get stay as they are", arguments: cases)
  func steady(reads: [UInt64], expected: Bool) {
    let slices = reads.map { WarmUpRule.Slice(gets: 1000, deviceReads: $0) }
    #expect(WarmUpRule.isSteady(slices) == expected)
  }

  @Test("is not over where nothing was looked up")
  func nothing() {
    let none = Array(repeating: WarmUpRule.Slice(gets: 0, deviceReads: 0), count: 8)
    #expect(!WarmUpRule.isSteady(none))
  }

  @Test("sees caches that fill by the logarithm of the time, however long it takes")
  func logarithm() {
    // Zipf 0.99 over 50M keys: each e-fold of what is cached is worth 1/18 of the gets.
    var slices: [WarmUpRule.Slice] = []
    for slice in 1...100 {
      let hits = 0.4 + log(Double(slice)) / 18
      slices.append(WarmUpRule.Slice(gets: 100_000, deviceReads: UInt64(1e5 * (1 - hits))))
      #expect(!WarmUpRule.isSteady(slices), "after \(slice) slices")
    }
    let full = slices[99]
    for _ in 0..<80 { slices.append(full) }
    #expect(WarmUpRule.isSteady(slices))
  }
}
