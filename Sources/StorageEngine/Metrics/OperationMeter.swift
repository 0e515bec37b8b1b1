internal import Glibc
internal import LinuxIO
internal import Measurements
internal import Synchronization

/// Counts operations, and picks the few whose time is taken.
///
/// Each thread counts in a place of its own, or nearly so: threads that met at one counter would wait for
/// each other longer than a lookup in memory takes.
final class OperationMeter: Sendable {
  /// Most operations last shorter than two looks at the clock.
  static let timedOneIn: UInt64 = 64

  /// A place of its own in a processor's cache, as the next one's counter lies at least a line behind.
  private final class Slot: Sendable {
    let gets = Atomic<UInt64>(0)
    let multiGetKeys = Atomic<UInt64>(0)
    let scans = Atomic<UInt64>(0)
    let writes = Atomic<UInt64>(0)
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
  }

  /// How many there were.
  struct Counts: Sendable, Equatable {
    var gets: UInt64 = 0
    var multiGetKeys: UInt64 = 0
    var scans: UInt64 = 0
  }

  private let slots: [Slot] = (0..<slotCount).map { _ in Slot() }
  private static let slotCount = 32

  @inline(__always)
  private var slot: Slot {
    let thread = UInt64(truncatingIfNeeded: pthread_self())
    return slots[Int(truncatingIfNeeded: (thread &* 0x9E37_79B9_7F4A_7C15) &>> 59)]
  }

  var counts: Counts {
    slots.reduce(into: Counts()) { counts, slot in
      counts.gets += slot.gets.load(ordering: .relaxed)
      counts.multiGetKeys += slot.multiGetKeys.load(ordering: .relaxed)
      counts.scans += slot.scans.load(ordering: .relaxed)
    }
  }

  /// Counts a get; whether its time is to be taken.
  @inline(__always)
  func noteGet() -> Bool { Self.isTimed(slot.gets.add(1, ordering: .relaxed).oldValue) }

  func noteMultiGet(keyCount: Int) {
    slot.multiGetKeys.add(UInt64(keyCount), ordering: .relaxed)
  }

  func noteScan() { slot.scans.add(1, ordering: .relaxed) }

  /// Counts a commit; whether its time is to be taken.
  @inline(__always)
  func noteWrite() -> Bool { Self.isTimed(slot.writes.add(1, ordering: .relaxed).oldValue) }

  @inline(__always)
  private static func isTimed(_ count: UInt64) -> Bool { count & (timedOneIn - 1) == 0 }
}
