internal import Dispatch
internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

/// What is being read ahead, so that whoever asks for it meanwhile waits for it instead of reading it a second
/// time.
///
/// Which keys lie behind a run is not known before they are read: a client that walks on waits until it is.
final class PrefetchFlights: Sendable {
  /// What somebody waits for.
  private enum Awaited: Equatable {
    /// A key, by its hash.
    case key(UInt64)
    /// That more is known of what is read ahead behind a client's run.
    case run(Int)
  }

  private struct State {
    var hashes: Set<UInt64> = []
    /// Up to which key it is known what is read behind a client's run, by the client.
    var runs: [Int: [UInt8]] = [:]
    var waiting: [(awaited: Awaited, bell: DispatchSemaphore)] = []

    var count: Int { hashes.count + runs.count }

    /// What a client that asks for a key has to wait for now; nil for nothing.
    func awaited(hash: UInt64, key: Span<UInt8>, walker: Int?) -> Awaited? {
      if hashes.contains(hash) { return .key(hash) }
      if let walker, let known = runs[walker], key.order(to: known.span) > 0 { return .run(walker) }
      return nil
    }

    /// Takes out the bells of those who wait for something like this.
    mutating func bells(where isOver: (Awaited) -> Bool) -> [DispatchSemaphore] {
      guard !waiting.isEmpty else { return [] }
      let bells = waiting.filter { isOver($0.awaited) }.map(\.bell)
      waiting.removeAll { isOver($0.awaited) }
      return bells
    }
  }

  private let state = Mutex(State())
  /// Longer than that nobody waits for a reader's thread, but reads the key at once.
  private let longest: Nanoseconds
  /// As long as a disk takes that seeks behind others: it would be asked a second time for what it is about to bring.
  static let standardLongest = Nanoseconds(seconds: 0.1)
  private let count = Atomic<Int>(0)
  private let plans = Atomic<Int>(0)

  /// Plans that are carried out at a time, a quarter of the readers.
  private static let plansMax = 4

  /// Makes one in which nobody waits longer than so long, for any part of a plan.
  init(longest: Nanoseconds) { self.longest = longest }

  /// Whether a plan is under way.
  var isBusy: Bool { plans.load(ordering: .acquiring) > 0 }

  /// Whether one more plan may begin.
  var hasRoom: Bool { plans.load(ordering: .relaxed) < Self.plansMax }

  func beginPlan() { plans.add(1, ordering: .relaxed) }
  func endPlan() { plans.subtract(1, ordering: .releasing) }

  func begin(_ keys: [UInt64]) {
    change { state in
      state.hashes.formUnion(keys)
      return []
    }
  }

  func end(_ keys: [UInt64]) {
    change { state in
      state.hashes.subtract(keys)
      return state.bells { if case .key(let hash) = $0 { keys.contains(hash) } else { false } }
    }
  }

  /// Says that keys behind one are about to be read for a client that walks.
  func beginRun(of client: Int, behind key: [UInt8]) {
    change { state in
      state.runs[client] = key
      return []
    }
  }

  /// Says which keys of a client's run are read next, and up to which it is known by that.
  func goOn(_ keys: [UInt64], upTo known: [UInt8], of client: Int) {
    change { state in
      state.hashes.formUnion(keys)
      state.runs[client] = known
      return state.bells { $0 == .run(client) }
    }
  }

  /// Says that no more keys of a client's run are read.
  func endRun(of client: Int) {
    change { state in
      state.runs[client] = nil
      return state.bells { $0 == .run(client) }
    }
  }

  private func change(_ body: (inout State) -> [DispatchSemaphore]) {
    let bells = state.withLock { state in
      let bells = body(&state)
      count.store(state.count, ordering: .releasing)
      return bells
    }
    for bell in bells { bell.signal() }
  }

  /// Waits while a key is under way, or until it is known whether it is read next.
  ///
  /// - Parameters:
  ///   - hash: Of the key.
  ///   - key: What is asked for.
  ///   - walker: The client, where it walks through keys in their order and waits for what lies behind.
  /// - Returns: For how long it waited; nil where there was nothing to wait for.
  @inline(__always)
  func join(_ hash: UInt64, key: Span<UInt8>, walker: Int? = nil) -> Nanoseconds? {
    guard count.load(ordering: .acquiring) > 0 else { return nil }
    return wait(for: hash, key: key, walker: walker)
  }

  private func wait(for hash: UInt64, key: Span<UInt8>, walker: Int?) -> Nanoseconds? {
    let began = MonotonicClock.now()
    let deadline = DispatchTime.now() + .nanoseconds(Int(longest.rawValue))
    var waited: Nanoseconds?
    var walker = walker
    while true {
      let joined = state.withLock { state -> (awaited: Awaited, bell: DispatchSemaphore)? in
        guard let awaited = state.awaited(hash: hash, key: key, walker: walker) else { return nil }
        let bell = DispatchSemaphore(value: 0)
        state.waiting.append((awaited, bell))
        return (awaited, bell)
      }
      guard let (awaited, bell) = joined else { return waited }
      let isOver = bell.wait(timeout: deadline) == .timedOut
      waited = MonotonicClock.now() - began
      if isOver, giveUp(awaited, bell) { return waited }
      // The part that came is the next one: who is not in it does not go step by step.
      walker = nil
    }
  }

  /// Stops waiting, also for those who come later: what is late by so much is no help to them either.
  ///
  /// - Returns: Whether it was still waited for; else it came at the last moment.
  private func giveUp(_ awaited: Awaited, _ bell: DispatchSemaphore) -> Bool {
    var isLate = false
    change { state in
      isLate = state.waiting.contains { $0.bell === bell }
      guard isLate else { return [] }
      state.waiting.removeAll { $0.bell === bell }
      switch awaited {
      case .key(let hash): state.hashes.remove(hash)
      case .run(let client): state.runs[client] = nil
      }
      return state.bells { $0 == awaited }
    }
    return isLate
  }

  /// Clients that wait.
  var waitingCount: Int { state.withLock { $0.waiting.count } }
}
