/// Draws ranks 0 ..< count of which the first few, the hot ones, take most of the draws.
@usableFromInline
struct HotColdSampler: Sendable {
  @usableFromInline let count: UInt64
  @usableFromInline let hotCount: UInt64
  @usableFromInline let accessPercent: UInt64

  init(count: UInt64, spacePercent: Int, accessPercent: Int) {
    self.count = Swift.max(count, 1)
    let percent = UInt64(Swift.min(Swift.max(spacePercent, 0), 100))
    let share = self.count.multipliedFullWidth(by: percent)
    // The high word is below 100, so the quotient fits.
    let hot = share.high < 100 ? UInt64(100).dividingFullWidth(share).quotient : self.count
    hotCount = Swift.min(Swift.max(hot, 1), self.count)
    self.accessPercent = UInt64(Swift.min(Swift.max(accessPercent, 0), 100))
  }

  /// A rank; those below the hot count are hot.
  @inlinable
  func next(_ random: inout SeededGenerator) -> UInt64 {
    let hot = random.next(below: 100) < accessPercent
    if hot || hotCount == count { return random.next(below: hotCount) }
    return hotCount &+ random.next(below: count &- hotCount)
  }
}
