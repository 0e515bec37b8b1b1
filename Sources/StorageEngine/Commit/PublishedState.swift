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

  /// The newest version that is committed and seen by readers.
  var lastVersion: Version { values.withLock { $0.lastVersion } }

  func publish(_ version: Version) { values.withLock { $0.lastVersion = version } }

  func publish(_ tombstones: RangeTombstones) {
    values.withLock { $0.tombstones = tombstones }
    hasTombstones.store(!tombstones.isEmpty, ordering: .releasing)
  }
}
