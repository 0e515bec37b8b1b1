internal import LinuxIO
internal import Measurements

/// Spreads moves over time, so that callers' reads and writes find processors and drives free.
struct MovePace {
  private let bytesPerSecond: Double
  private let rests: MoveRests
  private var dueAt = MonotonicClock.now()
  /// When the last wait ended, and how much callers had done by then.
  private var last = (at: MonotonicClock.now(), accesses: UInt64(0))

  init(bytesPerSecond: Int, rests: MoveRests) {
    self.bytesPerSecond = Double(max(1, bytesPerSecond))
    self.rests = rests
  }

  /// Begins to work: what went before does not count as work.
  mutating func begin(besideCallers accesses: UInt64) { last = (MonotonicClock.now(), accesses) }

  /// Waits until so many bytes more may be copied, or `goesOn` says no.
  ///
  /// - Parameters:
  ///   - byteCount: What was copied since the last wait.
  ///   - accesses: How much callers have done so far.
  ///   - isUrgent: Whether a tier is too full.
  ///   - goesOn: Asked now and then.
  mutating func wait(
    afterCopying byteCount: Int, besideCallers accesses: UInt64, isUrgent: Bool,
    while goesOn: () -> Bool
  ) {
    let now = MonotonicClock.now()
    let worked = (now - last.at).seconds
    let done = Double(accesses - min(accesses, last.accesses))
    defer { begin(besideCallers: accesses) }
    let seconds = min(Self.secondsMax, Double(byteCount) / bytesPerSecond)
    dueAt = max(dueAt, now - Nanoseconds(100_000_000)) + Self.nanoseconds(seconds)
    let rest = rests.seconds(
      after: worked, accessesPerSecond: done / max(1e-6, worked), isUrgent: isUrgent)
    dueAt = max(dueAt, now + Self.nanoseconds(rest))
    while goesOn() {
      let left = dueAt - MonotonicClock.now()
      guard left > .zero else { return }
      MonotonicClock.sleep(min(left, Self.step))
    }
  }

  private static func nanoseconds(_ seconds: Double) -> Nanoseconds {
    Nanoseconds(Int64(seconds * 1e9))
  }

  private static let secondsMax = 86400.0
  /// How long a store that is closed waits for it at most.
  private static let step = Nanoseconds(50_000_000)
}

/// How long a mover rests beside callers: a pure rule.
///
/// Beside a mover at work, one of twenty to fifty gets was found to wait for milliseconds on two processors
/// that callers kept busy: for a processor, or for what a flush or a compaction of moved keys holds. A 99th
/// percentile notices little of that while moves work for a small part of the time.
struct MoveRests: Sendable, Equatable {
  /// The share of its time in which a mover works beside busy callers.
  let share: Double

  /// A mover that works so much.
  ///
  /// - Parameters:
  ///   - processorShare: The share of all processors' time that it may take.
  ///   - processorCount: How many the store may use.
  init(processorShare: Double, processorCount: Int) {
    share = min(Self.urgentShare, processorShare * Double(max(1, processorCount)))
  }

  /// Seconds to rest after some of work; none where callers do little.
  func seconds(after worked: Double, accessesPerSecond: Double, isUrgent: Bool) -> Double {
    guard accessesPerSecond >= Self.accessesPerSecondMin else { return 0 }
    let share = isUrgent ? Self.urgentShare : share
    return min(worked * (1 / share - 1), max(worked, Self.restSecondsMax))
  }

  /// Where callers may soon find a tier full, half of the time is theirs.
  private static let urgentShare = 0.5
  /// Accesses a second from which callers are busy: fewer hardly ever meet with a move.
  private static let accessesPerSecondMin = 1000.0
  /// The longest rest, in seconds, unless the work before it took longer: a mover that got no processor for long
  /// did not disturb anybody.
  private static let restSecondsMax = 10.0
}
