internal import Synchronization

/// Whether prefetching pays: what share of what was read ahead was used before it was overtaken.
///
/// While it pays, it is always on duty; where it does not, for a short time now and then, to see whether it
/// does again.
final class PrefetchDuty: Sendable {
  /// The fate of keys that were read ahead, by their hash; a newer one takes an older one's place.
  private struct State {
    var waiting: [UInt64]
    var precision: Double
    var counts = Counts()
  }

  /// What became of what was read ahead.
  struct Counts: Sendable, Equatable {
    /// Keys that were read ahead.
    var issued: UInt64 = 0
    /// Of them, those that a reader found in the cache.
    var used: UInt64 = 0
    /// Of them, those whose time is over.
    var wasted: UInt64 = 0
  }

  private let state: Mutex<State>
  private let isPaying = Atomic<Bool>(true)

  /// At least so much of what is read ahead must be used.
  static let worthwhile = 0.4
  private static let weight = 1.0 / 64
  private static let waitingCount = 4096
  /// While it does not pay, something is read ahead at the first few of so many accesses of a client, and
  /// watched for what becomes of it for some more.
  private static let watchedOf: UInt32 = 4096
  private static let watched: UInt32 = 512
  private static let planned: UInt32 = 64

  init() {
    state = Mutex(
      State(waiting: [UInt64](repeating: 0, count: Self.waitingCount), precision: 0.7))
  }

  /// Whether an access, counted by its client, is to be looked at.
  @inline(__always)
  func isWatching(_ count: UInt32) -> Bool {
    isPaying.load(ordering: .relaxed) || count & (Self.watchedOf - 1) < Self.watched
  }

  /// Whether something is to be read ahead at an access that is looked at.
  func isPlanning(_ count: UInt32) -> Bool {
    isPaying.load(ordering: .relaxed) || count & (Self.watchedOf - 1) < Self.planned
  }

  var counts: Counts { state.withLock { $0.counts } }

  /// Notes that a key is read ahead; false where that was noted already.
  func issue(_ hash: UInt64) -> Bool {
    state.withLock { state in
      let slot = Int(truncatingIfNeeded: hash) & (Self.waitingCount - 1)
      let old = state.waiting[slot]
      guard old != hash else { return false }
      if old != 0 {
        state.counts.wasted += 1
        settle(&state, used: false)
      }
      state.waiting[slot] = hash
      state.counts.issued += 1
      return true
    }
  }

  /// Notes that a reader asked for a key, and whether the cache had it.
  func use(_ hash: UInt64, wasCached: Bool) {
    state.withLock { state in
      let slot = Int(truncatingIfNeeded: hash) & (Self.waitingCount - 1)
      guard state.waiting[slot] == hash else { return }
      state.waiting[slot] = 0
      if wasCached { state.counts.used += 1 } else { state.counts.wasted += 1 }
      settle(&state, used: wasCached)
    }
  }

  private func settle(_ state: inout State, used: Bool) {
    state.precision += ((used ? 1 : 0) - state.precision) * Self.weight
    isPaying.store(state.precision >= Self.worthwhile, ordering: .relaxed)
  }
}
