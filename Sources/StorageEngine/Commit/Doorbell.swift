internal import Dispatch

/// Wakes one waiting thread for each ring; rings that come before the wait are kept.
final class Doorbell: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  /// Waits for a ring.
  func wait() { semaphore.wait() }

  /// Wakes `count` threads.
  func ring(_ count: Int = 1) {
    for _ in 0..<count { semaphore.signal() }
  }
}
