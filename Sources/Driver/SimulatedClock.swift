public import Measurements
internal import Synchronization

/// The time that has passed for a simulated device over all its loads.
public final class SimulatedClock: Sendable {
  private let nanoseconds = Atomic<Int64>(0)

  /// Begins at zero.
  public init() {}

  /// The time that has passed.
  public var reading: Nanoseconds { Nanoseconds(nanoseconds.load(ordering: .relaxed)) }

  /// Moves on to `moment`; never back.
  public func advance(to moment: Nanoseconds) {
    var current = nanoseconds.load(ordering: .relaxed)
    while current < moment.rawValue {
      let result = nanoseconds.compareExchange(
        expected: current, desired: moment.rawValue, ordering: .relaxed)
      if result.exchanged { return }
      current = result.original
    }
  }
}
