/// Whether a client is watched, by what came of it: pure.
///
/// What its accesses cost is compared window by window: in most of them something is read ahead, in one now
/// and then nothing is. Costs are the time of reads that memory did not spare it and of waits for what was
/// under way, and for each access that is looked at the time of looking. At first a client is on trial, longer
/// where much of what it asks for is not cached: then there is more to gain. Later it is watched for as long
/// as that costs it less than nothing read ahead would, and else for a short time now and then, to see whether
/// it would.
struct PrefetchDuty {
  /// What is done with an access.
  enum Part: Equatable {
    /// It may use what was read ahead.
    case watch
    /// And something may be read ahead at it.
    case plan
  }

  private enum Phase {
    case trial
    case paying
    case resting
  }

  private var phase = Phase.trial
  private var count: UInt32 = 0
  private var missCount: UInt32 = 0
  private var windowCount: UInt32 = 0
  /// Nanoseconds that the accesses of this window, or of this rest, cost.
  private var cost = 0.0
  /// Those of the windows of this cycle in which something was read ahead.
  private var plannedCost = 0.0
  /// Nanoseconds that an access cost when nothing was read ahead last; nil before the first time.
  private var plainCost: Double?
  /// Nanoseconds an access by which reading ahead is cheaper, the latest cycle counting half.
  private var gain: Double?

  static let trial: UInt32 = 1 << 15
  /// Most accesses of a trial, of which at least one in ``missesOneIn`` was not cached.
  static let trialMax: UInt32 = 1 << 17
  static let missesOneIn: UInt32 = 8
  /// Accesses whose costs are taken together.
  static let window: UInt32 = 1 << 12
  /// Windows of a cycle, in whose last one nothing is read ahead: on trial, and where it pays.
  static let trialCycle: UInt32 = 4
  static let payingCycle: UInt32 = 16
  /// Accesses between two looks at one for whom it does not, a window each; fewer where a look costs less than
  /// ``lookShare`` of what the accesses between cost.
  static let period: UInt32 = 1 << 18
  static let periodMin: UInt32 = 1 << 13
  static let lookShare = 0.01
  /// Nanoseconds that looking at an access takes.
  static let lookCost = 1000.0
  /// At least so much of what is read ahead must be used.
  static let precisionMin = 0.4

  /// Accesses that nothing is done with before the next one that counts.
  private(set) var rest: UInt32 = 0

  /// Nanoseconds that reads of what the hot cache did not have took, a queue before them included; the last few
  /// dozen count most.
  private var readCost = 0.0

  private static let readWeight = 1.0 / 32
  /// From so many nanoseconds a read on, it pays to wait for what may be under way.
  ///
  /// To be woken takes some 50 µs, and what is waited for must be read, too.
  static let awaitCost = 100_000.0

  /// Takes in for how many nanoseconds an access read.
  mutating func read(_ nanoseconds: Double) {
    cost += nanoseconds
    readCost += (nanoseconds - readCost) * Self.readWeight
  }

  /// Takes in for how many nanoseconds an access waited for what was under way.
  mutating func wait(_ nanoseconds: Double) { cost += nanoseconds }

  /// Whether reads take so long that it pays to wait for what may be under way.
  func awaits(from awaitCost: Double = awaitCost) -> Bool { readCost >= awaitCost }

  /// Takes in the next access.
  ///
  /// - Parameters:
  ///   - wasCached: Whether the cache had what was asked for.
  ///   - precision: The share of all that is read ahead that is used; asked now and then.
  /// - Returns: What is done with it.
  mutating func next(wasCached: Bool = false, precision: () -> Double) -> Part {
    if rest > 0 { wake() }
    count &+= 1
    if !wasCached { missCount &+= 1 }
    let part: Part = isPlain ? .watch : .plan
    if count.isMultiple(of: Self.window) { endWindow(precision()) }
    return part
  }

  private var cycle: UInt32 { phase == .trial ? Self.trialCycle : Self.payingCycle }

  /// Whether nothing is read ahead in this window.
  private var isPlain: Bool { phase != .resting && windowCount % cycle == cycle - 1 }

  /// A rest is over: what it cost is what accesses cost when nothing is read ahead.
  private mutating func wake() {
    plainCost = cost / Double(rest)
    cost = 0
    rest = 0
  }

  private mutating func endWindow(_ precision: Double) {
    let windowCost = cost / Double(Self.window)
    cost = 0
    // Too little may be used yet, but what is read ahead for nothing is so from the start.
    if precision < Self.precisionMin { return enter(.resting) }
    if phase == .resting {
      compare(planned: windowCost, plain: plainCost ?? windowCost)
      return enter(pays ? .paying : .resting)
    }
    let wasPlain = isPlain
    windowCount &+= 1
    guard wasPlain else {
      plannedCost += windowCost
      return
    }
    compare(planned: plannedCost / Double(cycle - 1), plain: windowCost)
    plannedCost = 0
    if phase == .paying {
      if !pays { enter(.resting) }
    } else if count >= Self.trial {
      if pays {
        enter(.paying)
      } else if count >= Self.trialMax || missCount < count / Self.missesOneIn {
        enter(.resting)
      }
    }
  }

  private var pays: Bool { (gain ?? 0) > 0 }

  private mutating func compare(planned: Double, plain: Double) {
    plainCost = plain
    let latest = plain - planned - Self.lookCost
    gain = gain.map { ($0 + latest) / 2 } ?? latest
  }

  private mutating func enter(_ phase: Phase) {
    self.phase = phase
    (count, windowCount, missCount) = (0, 0, 0)
    plannedCost = 0
    gain = nil
    guard phase == .resting else { return }
    guard let plainCost else {
      // What accesses cost by themselves is to be found out first.
      rest = Self.periodMin
      return
    }
    let look = Double(Self.window) * Self.lookCost
    let period = min(Double(Self.period), look / Self.lookShare / max(1, plainCost))
    rest = max(Self.periodMin, UInt32(period))
  }
}
