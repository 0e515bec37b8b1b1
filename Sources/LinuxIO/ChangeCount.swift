public import Synchronization

/// Tells readers that take no lock whether somebody wrote while they read: the counter of a
/// seqlock.
///
/// Writers take turns under a lock of theirs. A reader asks ``Reader/turn`` first, reads, and takes
/// what it read for true only if ``Reader/isUnchanged(since:)`` says so then.
///
/// Source: Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
public final class ChangeCount: @unchecked Sendable {
  /// Odd while somebody writes; alone in its line of the processor's cache.
  private let turns: UnsafeMutablePointer<Atomic<UInt64>>
  private let place: UnsafeMutableRawPointer

  /// A count that nobody has changed yet.
  public init() {
    place = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    turns = place.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    turns.initialize(to: Atomic(0))
  }

  deinit {
    turns.deinitialize(count: 1)
    place.deallocate()
  }

  /// Writes, while readers cannot be sure of anything; only one thread at a time may.
  @inline(__always)
  public func change<R: ~Copyable, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let turn = turns.pointee.load(ordering: .relaxed)
    assert(turn & 1 == 0, "somebody else is changing it")
    turns.pointee.store(turn &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    defer { turns.pointee.store(turn &+ 2, ordering: .releasing) }
    return try body()
  }

  /// What readers ask; the count must outlive it.
  public var reader: Reader { Reader(turns: turns) }

  /// Asks a count, without counting references to it.
  public struct Reader: @unchecked Sendable, BitwiseCopyable {
    @usableFromInline let turns: UnsafeMutablePointer<Atomic<UInt64>>

    init(turns: UnsafeMutablePointer<Atomic<UInt64>>) { self.turns = turns }

    /// The turn at which reading begins; nil while somebody writes.
    @inlinable @inline(__always)
    public var turn: UInt64? {
      let turn = turns.pointee.load(ordering: .acquiring)
      return turn & 1 == 0 ? turn : nil
    }

    /// Whether nobody has written since a turn, so that what was read holds.
    @inlinable @inline(__always)
    public func isUnchanged(since turn: UInt64) -> Bool {
      atomicMemoryFence(ordering: .acquiring)
      return turns.pointee.load(ordering: .relaxed) == turn
    }
  }
}
