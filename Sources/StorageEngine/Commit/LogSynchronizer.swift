internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

/// Brings the log to the drive behind the writers' backs, for `grouped` and `async`.
///
/// A sync begins half the interval after the first commit that it is to cover, so that it has the
/// other half to finish. Where the drive is slower than that, `grouped` holds commits back.
final class LogSynchronizer: Sendable {
  private struct State: Sendable {
    var committed: Version
    var durable: Version
    /// When the first commit came that no sync has begun to cover.
    var oldestAt: Nanoseconds?
    /// The same of the sync under way.
    var syncingSince: Nanoseconds?
    var waiterCount = 0
    var isStopping = false
    var failure: StoreError?
  }

  private let state: Mutex<State>
  private let work = Doorbell()
  private let room = Doorbell()
  private let thread = Mutex<PinnedThread?>(nil)
  private let interval: Nanoseconds
  private let holdsBack: Bool
  private let hot: TierHold

  /// - Parameters:
  ///   - hot: Whose log it is.
  ///   - interval: The longest time that a commit may wait for its sync.
  ///   - holdsBack: Whether commits wait where a sync takes longer than that.
  ///   - version: The newest version on the drive.
  init(hot: TierHold, interval: Nanoseconds, holdsBack: Bool, version: Version) {
    self.hot = hot
    self.interval = interval
    self.holdsBack = holdsBack
    state = Mutex(State(committed: version, durable: version))
  }

  /// Starts the thread; `failed` is called once, should a sync fail.
  func start(_ failed: @escaping @Sendable (StoreError) -> Void) throws(StoreError) {
    do throws(SystemError) {
      let started = try PinnedThread(name: "store-log-sync", cpu: nil, turn: .short) { [self] in
        run(failed)
      }
      thread.withLock { $0 = started }
    } catch {
      throw .system(path: "/proc/self/task", cause: "\(error)")
    }
  }

  /// The newest version that the drive is known to hold, with all before it.
  var durableVersion: Version { state.withLock { $0.durable } }

  /// Says that a commit is in the log.
  func committed(_ version: Version) {
    let isFirst = state.withLock { state in
      state.committed = version
      guard state.oldestAt == nil else { return false }
      state.oldestAt = MonotonicClock.now()
      return true
    }
    if isFirst { work.ring() }
  }

  /// Waits while a commit is older than the interval and not yet on the drive.
  ///
  /// - Returns: Why there will be no more syncs; nil where there will.
  func waitForRoom() -> StoreError? {
    while holdsBack {
      let verdict = state.withLock { state -> (waits: Bool, failure: StoreError?) in
        if let failure = state.failure { return (false, failure) }
        guard let oldest = state.syncingSince ?? state.oldestAt,
          MonotonicClock.now() - oldest > interval
        else { return (false, nil) }
        state.waiterCount += 1
        return (true, nil)
      }
      guard verdict.waits else { return verdict.failure }
      room.wait()
    }
    return nil
  }

  /// Ends the thread; what no sync covers yet is the caller's to sync.
  func finish() {
    state.withLock { $0.isStopping = true }
    work.ring()
    let ended = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ended?.join()
  }

  /// Lets half the interval pass, unless there is an end.
  ///
  /// Not by a timed wait on a semaphore: that follows the time of day, so that a clock put back by an
  /// hour would hold all writers up for as long.
  private func gather() {
    let end = MonotonicClock.now() + Nanoseconds(interval.rawValue / 2)
    while !state.withLock({ $0.isStopping }) {
      let left = end.rawValue - MonotonicClock.now().rawValue
      guard left > 0 else { return }
      MonotonicClock.sleep(Nanoseconds(min(left, 5_000_000)))
    }
  }

  private func run(_ failed: @Sendable (StoreError) -> Void) {
    while true {
      work.wait()
      if state.withLock({ $0.isStopping }) { return }
      gather()
      let target = state.withLock { state in
        state.syncingSince = state.oldestAt
        state.oldestAt = nil
        return state.committed
      }
      let failure = hot.perform { hot throws(RocksDBError) in try hot.syncLog() }
      // A failed sync is never tried again: the kernel may have dropped the pages.
      if let failure { failed(failure) }
      let waiters = state.withLock { state in
        state.syncingSince = nil
        if let failure { state.failure = failure } else { state.durable = target }
        defer { state.waiterCount = 0 }
        return state.waiterCount
      }
      room.ring(waiters)
      if failure != nil { return }
    }
  }
}
