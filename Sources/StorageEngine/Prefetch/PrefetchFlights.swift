internal import Dispatch
internal import LinuxIO
internal import Measurements
internal import Synchronization

/// Keys that are being read ahead, so that whoever asks for one meanwhile waits for it instead of reading it
/// a second time.
final class PrefetchFlights: Sendable {
  private struct State {
    var hashes: Set<UInt64> = []
    /// Who waits for which key.
    var waiting: [(hash: UInt64, bell: DispatchSemaphore)] = []
  }

  private let state = Mutex(State())
  private let count = Atomic<Int>(0)
  private let plans = Atomic<Int>(0)

  /// Plans that are carried out at a time, a quarter of the readers.
  private static let plansMax = 4

  /// Whether a plan is under way.
  var isBusy: Bool { plans.load(ordering: .acquiring) > 0 }

  /// Whether one more plan may begin.
  var hasRoom: Bool { plans.load(ordering: .relaxed) < Self.plansMax }

  func beginPlan() { plans.add(1, ordering: .relaxed) }
  func endPlan() { plans.subtract(1, ordering: .releasing) }

  func begin(_ keys: [UInt64]) {
    state.withLock { state in
      state.hashes.formUnion(keys)
      count.store(state.hashes.count, ordering: .releasing)
    }
  }

  func end(_ keys: [UInt64]) {
    let bells = state.withLock { state -> [DispatchSemaphore] in
      state.hashes.subtract(keys)
      count.store(state.hashes.count, ordering: .releasing)
      guard !state.waiting.isEmpty else { return [] }
      let bells = state.waiting.filter { keys.contains($0.hash) }.map(\.bell)
      state.waiting.removeAll { keys.contains($0.hash) }
      return bells
    }
    for bell in bells { bell.signal() }
  }

  /// Waits while a key is under way; for how long, and whether it came.
  ///
  /// Nil where it was not under way.
  @inline(__always)
  func join(_ hash: UInt64) -> (waited: Nanoseconds, came: Bool)? {
    guard count.load(ordering: .acquiring) > 0 else { return nil }
    return wait(for: hash)
  }

  private func wait(for hash: UInt64) -> (waited: Nanoseconds, came: Bool)? {
    let bell = state.withLock { state -> DispatchSemaphore? in
      guard state.hashes.contains(hash) else { return nil }
      let bell = DispatchSemaphore(value: 0)
      state.waiting.append((hash, bell))
      return bell
    }
    guard let bell else { return nil }
    let began = MonotonicClock.now()
    var came = bell.wait(timeout: .now() + Self.longest) == .success
    if !came {
      came = state.withLock { state in
        let count = state.waiting.count
        state.waiting.removeAll { $0.bell === bell }
        // Who is not among them any more was rung for at the last moment.
        return state.waiting.count == count
      }
    }
    return (MonotonicClock.now() - began, came)
  }

  /// Clients that wait.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Longer than that a key waits for a reader's thread: then it is read at once.
  private static let longest = DispatchTimeInterval.milliseconds(20)
}
