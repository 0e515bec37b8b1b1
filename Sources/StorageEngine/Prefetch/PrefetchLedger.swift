internal import Synchronization

/// What becomes of keys that are read ahead: how many are used before they are overtaken.
final class PrefetchLedger: Sendable {
  /// What became of what was read ahead.
  struct Counts: Sendable, Equatable {
    /// Keys that were read ahead.
    var issued: UInt64 = 0
    /// Of them, those that a reader found in the cache.
    var used: UInt64 = 0
    /// Of them, those whose time is over.
    var wasted: UInt64 = 0
  }

  /// Keys whose fate is open, by their hash; a newer one takes an older one's place.
  private final class Part: Sendable {
    let waiting = Mutex([UInt64](repeating: 0, count: waitingCount))
  }

  private struct Outcome {
    /// The share that is used, the last few hundred counting most.
    var precision = 0.7
    var counts = Counts()

    mutating func settle(used: Bool) {
      if used { counts.used += 1 } else { counts.wasted += 1 }
      precision += ((used ? 1 : 0) - precision) * weight
    }
  }

  /// Each access asks one of them, so that those of many clients rarely meet.
  private let parts: [Part] = (0..<partCount).map { _ in Part() }
  /// Changes only with keys that were read ahead; locked while a part is.
  private let outcome = Mutex(Outcome())

  private static let weight = 1.0 / 256
  private static let partCount = 64
  private static let waitingCount = 64

  var counts: Counts { outcome.withLock { $0.counts } }
  /// The share that is used.
  var precision: Double { outcome.withLock { $0.precision } }

  /// Whether a key is read ahead, or was and has not been asked for since.
  func isOpen(_ hash: UInt64) -> Bool { hash != 0 && withPlace(hash) { $0 == hash } }

  /// Notes that a key is read ahead; false where that was noted already.
  func issue(_ hash: UInt64) -> Bool {
    withPlace(hash) { waiting in
      guard waiting != hash else { return false }
      outcome.withLock { outcome in
        if waiting != 0 { outcome.settle(used: false) }
        outcome.counts.issued += 1
      }
      waiting = hash
      return true
    }
  }

  /// Takes back that a key is read ahead: the cache had no room for it yet, which tells nothing of its use.
  func cancel(_ hash: UInt64) {
    _ = takeOut(hash) { $0.counts.issued -= 1 }
  }

  /// Notes that a reader asked for a key, and whether the cache had it; whether reading ahead was to thank.
  @discardableResult
  func use(_ hash: UInt64, wasCached: Bool) -> Bool {
    takeOut(hash) { $0.settle(used: wasCached) } && wasCached
  }

  /// Has a key wait no longer, with what comes of that; false where it did not.
  private func takeOut(_ hash: UInt64, _ change: (inout Outcome) -> Void) -> Bool {
    withPlace(hash) { waiting in
      guard hash != 0, waiting == hash else { return false }
      outcome.withLock { change(&$0) }
      waiting = 0
      return true
    }
  }

  /// Lends the place of a key, under the lock of its part: its hash, another's, or 0 where none waits there.
  private func withPlace<R>(_ hash: UInt64, _ body: (inout UInt64) -> R) -> R {
    let number = Int(hash % UInt64(Self.partCount * Self.waitingCount))
    return parts[number % Self.partCount].waiting.withLock { body(&$0[number / Self.partCount]) }
  }
}
