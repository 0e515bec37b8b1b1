internal import FoundationEssentials
internal import LinuxIO
public import Measurements

/// The time since a run's start, and the time of day.
public struct RunClock: Sendable {
  private let start = MonotonicClock.now()

  /// Starts now.
  public init() {}

  /// Monotonic time since the start.
  public var elapsed: Nanoseconds { MonotonicClock.now() - start }

  /// The time of day in UTC, ISO 8601 with seconds.
  public var utc: String { Date().formatted(.iso8601) }
}
