internal import LinuxIO
internal import Measurements
internal import Synchronization

/// What readers see besides the tiers: deleted ranges and how far the store is.
final class PublishedState: Sendable {
  private struct Values: Sendable {
    var tombstones = RangeTombstones()
    var lastVersion = Version.zero
  }

  private let values = Mutex(Values())
  /// Spares every reader the lock while nothing was ever deleted by range.
  private let hasTombstones = Atomic<Bool>(false)

  /// Odd while deleted ranges are being committed.
  private let rangeTurns = Atomic<Int>(0)

  init(_ record: StoreRecord) {
    values.withLock {
      $0.tombstones = record.tombstones
      // No version that was ever given out is above it.
      $0.lastVersion = Version(epoch: record.epoch, sequence: record.reservedSequence - 1)
    }
    hasTombstones.store(!record.tombstones.isEmpty, ordering: .releasing)
  }

  /// The deleted ranges; nil where there are none.
  @inline(__always)
  var tombstones: RangeTombstones? {
    guard hasTombstones.load(ordering: .acquiring) else { return nil }
    return values.withLock { $0.tombstones }
  }

  /// Waits while deleted ranges are being committed.
  ///
  /// - Returns: A number by which ``isUnchanged(since:)`` tells whether others were committed since.
  @inline(__always)
  func rangeTurn() -> Int { settledRangeTurn ?? waitForRanges() }

  /// As ``rangeTurn()``; nil instead of waiting.
  @inline(__always)
  var settledRangeTurn: Int? {
    let turn = rangeTurns.load(ordering: .acquiring)
    return turn & 1 == 0 ? turn : nil
  }

  /// Whether no deletion of a range was begun since ``rangeTurn()`` told that number.
  ///
  /// The hot tier loses what such a deletion covers a moment before readers learn of it. Who asked the hot
  /// tier in that moment would take an older copy in a tier below for the newest.
  @inline(__always)
  func isUnchanged(since turn: Int) -> Bool {
    rangeTurns.load(ordering: .acquiring) == turn
  }

  /// Says that deleted ranges are about to be committed; ``endRanges()`` must follow.
  func beginRanges() { rangeTurns.add(1, ordering: .acquiringAndReleasing) }

  /// Says that they are, and published, or have failed.
  func endRanges() { rangeTurns.add(1, ordering: .acquiringAndReleasing) }

  @inline(never)
  private func waitForRanges() -> Int {
    while true {
      if let turn = settledRangeTurn { return turn }
      MonotonicClock.sleep(Nanoseconds(20_000))
    }
  }

  /// The newest version that is committed and seen by readers.
  var lastVersion: Version { values.withLock { $0.lastVersion } }

  func publish(_ version: Version) { values.withLock { $0.lastVersion = version } }

  func publish(_ tombstones: RangeTombstones) {
    values.withLock { $0.tombstones = tombstones }
    hasTombstones.store(!tombstones.isEmpty, ordering: .releasing)
  }
}
