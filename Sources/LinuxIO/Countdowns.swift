public import Synchronization

/// Numbers that count down to when something is due, each in a line of the processor's cache of its
/// own.
///
/// Of two threads that count at once one may count for nothing: they tell about when, not exactly.
public final class Countdowns: Sendable {
  /// The numbers; the countdowns must outlive it.
  public let view: View

  /// So many numbers, all of them at zero.
  public init(count: Int) {
    let place = UnsafeMutableRawPointer.allocate(byteCount: count * View.lineBytes, alignment: 64)
    for index in 0..<count {
      (place + index * View.lineBytes).bindMemory(to: Atomic<Int>.self, capacity: 1)
        .initialize(to: Atomic(0))
    }
    view = View(place: place, count: count)
  }

  deinit { view.place.deallocate() }

  /// Counts down, without counting references to what holds the numbers.
  public struct View: @unchecked Sendable, BitwiseCopyable {
    @usableFromInline let place: UnsafeMutableRawPointer
    /// How many there are.
    public let count: Int

    @usableFromInline static var lineBytes: Int { 64 }

    init(place: UnsafeMutableRawPointer, count: Int) {
      self.place = place
      self.count = count
    }

    @inlinable @inline(__always)
    func number(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
      assert(index >= 0 && index < count)
      return (place + index &* Self.lineBytes).assumingMemoryBound(to: Atomic<Int>.self)
    }

    /// Counts one down, of which bounds are checked in debug builds only; whether it was at zero
    /// already.
    @inlinable @inline(__always)
    public func isDue(_ index: Int) -> Bool {
      let number = number(index)
      let left = number.pointee.load(ordering: .relaxed)
      guard left > 0 else { return true }
      number.pointee.store(left &- 1, ordering: .relaxed)
      return false
    }

    /// Has one count down from a number.
    @inlinable @inline(__always)
    public func start(_ index: Int, from left: Int) {
      number(index).pointee.store(left, ordering: .relaxed)
    }
  }
}
