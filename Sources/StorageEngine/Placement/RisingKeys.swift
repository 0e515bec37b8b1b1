internal import RocksDB
internal import Synchronization

/// Names of keys that readers found below the tier where they may belong, in memory that does not grow.
///
/// Who wants to know which keys should rise need not walk over the lower tiers: whatever rises is asked for.
final class RisingKeys: Sendable {
  private struct State {
    var names: [UInt64: [UInt8]] = [:]
    /// The order in which they came, of which the oldest leave first.
    var order: [UInt64] = []
    var first = 0
    var byteCount = 0
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  /// About what a name takes beside its bytes: an array's header, and its place in both tables.
  private static let overhead = 96

  /// Names of up to so many bytes, their bookkeeping included.
  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// Remembers a key.
  func note(_ key: Span<UInt8>, hash: UInt64) {
    state.withLock { state in
      guard state.names[hash] == nil else { return }
      let name = key.copied()
      state.names[hash] = name
      state.order.append(hash)
      state.byteCount += name.count + Self.overhead
      while state.byteCount > byteLimit, state.first < state.order.count {
        if let old = state.names.removeValue(forKey: state.order[state.first]) {
          state.byteCount -= old.count + Self.overhead
        }
        state.first += 1
      }
      if state.first > 1024, state.first > state.order.count / 2 {
        state.order.removeFirst(state.first)
        state.first = 0
      }
    }
  }

  /// Takes all names out.
  func take() -> [[UInt8]] {
    // Readers wait for the lock: all else comes after it.
    let taken = state.withLock { state in
      var taken = State()
      swap(&state, &taken)
      return taken
    }
    return Array(taken.names.values)
  }
}
