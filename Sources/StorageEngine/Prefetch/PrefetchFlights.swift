internal import LinuxIO
internal import Measurements
internal import Synchronization

/// Keys that are being read ahead, so that whoever asks for one meanwhile waits for it instead of reading it
/// a second time.
final class PrefetchFlights: Sendable {
  private let hashes = Mutex<Set<UInt64>>([])
  private let count = Atomic<Int>(0)
  private let plans = Atomic<Int>(0)

  /// Plans that are carried out at a time, a quarter of the readers.
  private static let plansMax = 4

  /// Whether one more plan may begin.
  var hasRoom: Bool { plans.load(ordering: .relaxed) < Self.plansMax }

  func beginPlan() { plans.add(1, ordering: .relaxed) }
  func endPlan() { plans.subtract(1, ordering: .relaxed) }

  func begin(_ keys: [UInt64]) {
    hashes.withLock { hashes in
      hashes.formUnion(keys)
      count.store(hashes.count, ordering: .releasing)
    }
  }

  func end(_ keys: [UInt64]) {
    hashes.withLock { hashes in
      hashes.subtract(keys)
      count.store(hashes.count, ordering: .releasing)
    }
  }

  /// Waits while a key is under way; for how long, or nil where it was not or did not come in time.
  @inline(__always)
  func join(_ hash: UInt64) -> Nanoseconds? {
    guard count.load(ordering: .acquiring) > 0 else { return nil }
    return wait(for: hash)
  }

  private func wait(for hash: UInt64) -> Nanoseconds? {
    guard hashes.withLock({ $0.contains(hash) }) else { return nil }
    let began = MonotonicClock.now()
    for _ in 0..<Self.waitsMax {
      MonotonicClock.sleep(Self.step)
      if !hashes.withLock({ $0.contains(hash) }) { return MonotonicClock.now() - began }
    }
    return nil
  }

  private static let step = Nanoseconds(10_000)
  /// Longer than that, some 20 ms, it waits for a reader's thread: then it is read at once.
  private static let waitsMax = 300
}
