internal import Dispatch

/// Wakes one waiting thread for each ring; rings that come before the wait are kept.
final class Doorbell: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  /// Waits for a ring.
  func wait() { semaphore.wait() }

  /// Waits for a ring, at most `nanoseconds`.
  ///
  /// - Returns: Whether it rang.
  @discardableResult
  func wait(nanoseconds: Int64) -> Bool {
    semaphore.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .success
  }

  /// Wakes `count` threads.
  func ring(_ count: Int = 1) {
    for _ in 0..<count { semaphore.signal() }
  }
}
