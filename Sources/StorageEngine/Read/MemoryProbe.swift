internal import Synchronization

/// Whether it pays to look for a key in memory before a reader's thread is asked.
///
/// A look that answers spares waking a thread, some 20 µs; one that does not costs a tenth of that for
/// nothing. So where few answer, few are made.
final class MemoryProbe: Sendable {
  /// How often looks answered, of 1024, the last few dozen counting most; and how many were
  /// left out.
  private let score = Atomic<Int>(512)
  private let skipped = Atomic<Int>(0)

  /// Whether to look.
  var isDue: Bool {
    if score.load(ordering: .relaxed) >= Self.worthwhile { return true }
    return skipped.wrappingAdd(1, ordering: .relaxed).newValue % Self.sampling == 0
  }

  /// Takes in what became of a look; of two threads at once one may be lost, which does no harm.
  func note(answered: Bool) {
    let before = score.load(ordering: .relaxed)
    score.store(Self.next(before, answered: answered), ordering: .relaxed)
  }

  /// The score after one more look: pure.
  static func next(_ score: Int, answered: Bool) -> Int {
    answered ? score + (1024 - score + 15) / 16 : score - (score + 15) / 16
  }

  /// One in eight answered is about where looks begin to pay.
  static let worthwhile = 128
  /// Of looks that do not seem to pay, one in so many is made, to see whether they do again.
  static let sampling = 16
}
