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

  /// Whether one more plan may begin.
  var hasRoom: Bool { plans.load(ordering: .relaxed) < Self.plansMax }

  func beginPlan() { plans.add(1, ordering: .relaxed) }
  func endPlan() { plans.subtract(1, ordering: .relaxed) }

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

  /// What came of waiting for a key.
  enum Wait: Equatable {
    /// It was not under way.
    case none
    case came(after: Nanoseconds)
    case gaveUp(after: Nanoseconds)
  }

  /// Waits while a key is under way, no longer than what a read of it takes: then it may as well be read.
  @inline(__always)
  func join(_ hash: UInt64, atMost limit: Nanoseconds) -> Wait {
    guard count.load(ordering: .acquiring) > 0 else { return .none }
    return wait(for: hash, limit)
  }

  private func wait(for hash: UInt64, _ limit: Nanoseconds) -> Wait {
    let bell = state.withLock { state -> DispatchSemaphore? in
      guard state.hashes.contains(hash) else { return nil }
      let bell = DispatchSemaphore(value: 0)
      state.waiting.append((hash, bell))
      return bell
    }
    guard let bell else { return .none }
    let began = MonotonicClock.now()
    let limit = DispatchTimeInterval.nanoseconds(Int(clamping: limit.rawValue))
    let result = bell.wait(timeout: .now() + limit)
    let waited = MonotonicClock.now() - began
    guard result == .timedOut else { return .came(after: waited) }
    state.withLock { $0.waiting.removeAll { $0.bell === bell } }
    return .gaveUp(after: waited)
  }
}
