/// Which keys leave a tier that is too full: those that are used least, and no more than must.
///
/// Pure.
/// A key that was written since the last look will be written again before the next one, and is then back in the
/// hot tier, a copy later and its room taken again. It counts as used ``writtenFactor`` times as often, so that of
/// keys used about alike those that are rarely written leave first; what is read much more often stays all the
/// same.
struct ReliefChoice {
  /// How a key is used.
  struct Use: Sendable, Equatable {
    /// Accesses a day.
    var perDay: Double
    /// Whether it was not written since the last look.
    var isRarelyWritten: Bool
  }

  private var histogram = RateHistogram()
  private var boundary: (step: Int, left: Int) = (0, 0)
  private var leftBelow = 0

  /// A move to and fro is worth an access or two a look, no more: the least step that settles ties.
  private static let writtenFactor = 2.0

  private static func step(_ use: Use) -> Int {
    RateHistogram.step(use.isRarelyWritten ? use.perDay : Self.writtenFactor * max(1, use.perDay))
  }

  /// Counts a key.
  mutating func add(_ use: Use) { histogram.add(step: Self.step(use)) }

  /// Settles that a share of the keys, 0 to 1 and rounded up, is to leave.
  mutating func choose(share: Double) {
    let count = min(histogram.total, Int((share * Double(histogram.total)).rounded(.up)))
    boundary = histogram.boundary(of: count)
    leftBelow = count - boundary.left
  }

  /// Whether all have left that are to.
  var isDone: Bool { leftBelow <= 0 && boundary.left == 0 }

  /// Whether a key leaves; it is then counted as gone.
  mutating func takes(_ use: Use) -> Bool {
    let step = Self.step(use)
    if step < boundary.step {
      leftBelow -= 1
      return true
    }
    // Many keys may be used alike: no more of them than must.
    guard step == boundary.step, boundary.left > 0 else { return false }
    boundary.left -= 1
    return true
  }
}

/// How many keys are used how often, in steps of a fifth.
struct RateHistogram {
  private var counts = [Int](repeating: 0, count: 128)
  private(set) var total = 0

  /// The step of a rate: 0 below 1 a day.
  static func step(_ perDay: Double) -> Int {
    guard perDay >= 1 else { return 0 }
    guard perDay.isFinite else { return 127 }
    return min(127, 1 + Int(4 * Double(perDay.exponent) + 4 * (perDay.significand - 1)))
  }

  /// Counts a key of a step.
  mutating func add(step: Int) {
    counts[step] += 1
    total += 1
  }

  /// Up to where so many of the least used keys reach: all that lie in steps below, and how many of the step
  /// itself.
  func boundary(of count: Int) -> (step: Int, left: Int) {
    var left = count
    for step in counts.indices {
      if left <= counts[step] { return (step, max(0, left)) }
      left -= counts[step]
    }
    return (counts.count, 0)
  }
}
