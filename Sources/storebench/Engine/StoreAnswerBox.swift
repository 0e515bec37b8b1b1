import Dispatch
import Measurements
import Synchronization

/// What a store said to one request, before a worker has looked at it.
struct StoreAnswer: Sendable {
  enum Content: Sendable {
    /// A get's value; nil where the key is not there.
    case value([UInt8]?)
    /// A multi-get's values.
    case values([[UInt8]?])
    /// A scan, which was looked at while it went on.
    case scanned(StoreScan.Outcome)
    /// A put or a batch was acknowledged.
    case acknowledged
    /// It failed with an errno.
    case failed(Int32)
  }

  var slot: UInt32
  var content: Content
}

/// Where the store's threads leave answers for one worker.
final class StoreAnswerBox: Sendable {
  private struct State: Sendable {
    var answers: [StoreAnswer] = []
    var isAwaited = false
  }

  private let state: Mutex<State>
  private let bell = DispatchSemaphore(value: 0)

  /// A box with room for as many answers as there are slots.
  init(depth: Int) {
    var state = State()
    state.answers.reserveCapacity(depth)
    self.state = Mutex(state)
  }

  /// Leaves an answer; wakes the worker where it waits.
  func put(_ answer: StoreAnswer) {
    let rings = state.withLock { state in
      state.answers.append(answer)
      defer { state.isAwaited = false }
      return state.isAwaited
    }
    if rings { bell.signal() }
  }

  /// Exchanges an empty array for all answers that there are.
  func exchange(_ empty: inout [StoreAnswer]) {
    state.withLock { swap(&$0.answers, &empty) }
  }

  /// Waits for an answer, or until the time is over.
  func wait(atMost limit: Nanoseconds) {
    let waits = state.withLock { state in
      state.isAwaited = state.answers.isEmpty
      return state.isAwaited
    }
    guard waits else { return }
    _ = bell.wait(timeout: .now() + .nanoseconds(Int(limit.rawValue)))
    // A ring that comes after this is kept, and ends the next wait too early: no harm.
    state.withLock { $0.isAwaited = false }
  }
}
