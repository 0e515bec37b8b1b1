internal import LinuxIO
internal import Measurements
internal import Synchronization

/// Leaves word of how much of a tier's log the drive holds, ``DurableNoter/interval`` after it came to be so at the
/// latest, and no more often than that.
///
/// The first word is left at once, so that a store that is killed early has one. The rest by a thread of its own,
/// which starts with the second: the last sync of a burst must be told of too, and nobody may come after it.
final class DurableNoter: Sendable {
  private struct State: Sendable {
    /// What the drive holds and the file does not say yet.
    var pending: UInt64?
    var isStopping = false
    var hasNoted = false
    var hasThread = false
  }

  private let folder: String
  private let state = Mutex(State())
  private let bell = Doorbell()
  private let thread = Mutex<PinnedThread?>(nil)

  /// So seldom that it costs nothing beside the syncs.
  static let interval = Nanoseconds(100_000_000)
  private static let step = Nanoseconds(5_000_000)

  /// For the tier in a folder.
  init(folder: String) { self.folder = folder }

  /// Has it noted that the drive holds all changes up to one of RocksDB's numbers.
  func note(sequence: UInt64) {
    let (mustRing, mustStart) = state.withLock { state in
      guard state.hasNoted else {
        // Under the lock, so that no later word is overtaken.
        DurableMark(sequence: sequence).write(in: folder, syncs: false)
        state.hasNoted = true
        return (false, false)
      }
      let wasPending = state.pending != nil
      state.pending = max(sequence, state.pending ?? 0)
      defer { state.hasThread = true }
      return (!wasPending, !state.hasThread)
    }
    if mustStart { start() }
    if mustRing { bell.ring() }
  }

  /// Starts the thread; where none can be had, this word is the last that is left.
  private func start() {
    guard
      let started = try? PinnedThread(name: "store-durable", cpu: nil, body: { [self] in run() })
    else { return write() }
    thread.withLock { $0 = started }
  }

  /// Ends the thread; what is not noted yet is left to whoever closes the tier.
  func stop() {
    state.withLock { $0.isStopping = true }
    bell.ring()
    let ended = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ended?.join()
  }

  private func run() {
    while true {
      bell.wait()
      // Not by a timed wait: that follows the time of day.
      let end = MonotonicClock.now() + Self.interval
      while MonotonicClock.now() < end {
        if state.withLock({ $0.isStopping }) { return }
        MonotonicClock.sleep(Self.step)
      }
      write()
    }
  }

  /// Not synced itself: it outlives the process, and what a power cut leaves of it is true.
  private func write() {
    let sequence = state.withLock { state in
      defer { state.pending = nil }
      return state.pending
    }
    if let sequence { DurableMark(sequence: sequence).write(in: folder, syncs: false) }
  }
}
