public import CThreadNumber
public import Synchronization

/// Up to eight counts that many threads add to without meeting: each thread in a line of its own.
///
/// At one number they would wait for each other longer than a lookup in memory takes. Threads
/// beyond ``threadsMax`` at once share a line, and add atomically there.
public final class ThreadCounts: Sendable {
  /// Threads at once that have a line of their own.
  public static let threadsMax = Int(THREAD_NUMBERS)
  /// Counts of each thread.
  public static var countsMax: Int {
    @inlinable @inline(__always) get { 8 }
  }

  /// Adds to the counts; they must outlive it.
  public let adder: Adder

  /// Counts of zero.
  public init() {
    let words = (Self.threadsMax + 1) * Self.countsMax
    let place = UnsafeMutableRawPointer.allocate(byteCount: words * 8, alignment: 64)
    let lines = place.bindMemory(to: Atomic<UInt64>.self, capacity: words)
    for word in 0..<words { (lines + word).initialize(to: Atomic(0)) }
    adder = Adder(lines: lines)
  }

  deinit { UnsafeMutableRawPointer(adder.lines).deallocate() }

  /// Adds to counts without counting references to them.
  public struct Adder: @unchecked Sendable, BitwiseCopyable {
    @usableFromInline let lines: UnsafeMutablePointer<Atomic<UInt64>>

    init(lines: UnsafeMutablePointer<Atomic<UInt64>>) { self.lines = lines }

    /// Adds to one of the counts, and returns what the thread had counted there before.
    ///
    /// What the threads that share a line count is told of all of them.
    @inlinable @inline(__always) @discardableResult
    public func add(_ amount: UInt64 = 1, to count: Int) -> UInt64 {
      assert(count >= 0 && count < ThreadCounts.countsMax)
      let number = ThreadNumber.current
      let word = lines + (number &* ThreadCounts.countsMax &+ count)
      guard number < Int(THREAD_NUMBERS) else {
        return word.pointee.wrappingAdd(amount, ordering: .relaxed).oldValue
      }
      let before = word.pointee.load(ordering: .relaxed)
      word.pointee.store(before &+ amount, ordering: .relaxed)
      return before
    }
  }

  /// What all threads added to one of the counts; additions of negative amounts' bits wrap around.
  public func total(of count: Int) -> UInt64 {
    let shared = self.count(of: count, byThread: Self.threadsMax)
    return (0..<Self.givenCount).reduce(into: shared) { sum, number in
      sum &+= self.count(of: count, byThread: number)
    }
  }

  /// The numbers of all threads that may have counted in a line of their own lie below this.
  public static var givenCount: Int { ThreadNumber.givenCount }

  /// What the threads that had a number, one after the other, added to one of the counts.
  ///
  /// - Parameters:
  ///   - index: Which count, below ``countsMax``.
  ///   - number: ``ThreadNumber/current`` of the thread; ``threadsMax`` for all that share a line.
  /// - Returns: The sum.
  public func count(of index: Int, byThread number: Int) -> UInt64 {
    precondition(index >= 0 && index < Self.countsMax)
    precondition(number >= 0 && number <= Self.threadsMax)
    return (adder.lines + (number * Self.countsMax + index)).pointee.load(ordering: .relaxed)
  }
}
