internal import LinuxIO
internal import Synchronization

/// Counts the operations of each client, which is a thread, and picks the few whose time is taken.
final class OperationMeter: Sendable {
  /// Most operations last shorter than two looks at the clock.
  static let timedOneIn: UInt64 = 64

  /// How many there were.
  struct Counts: Sendable, Equatable {
    var gets: UInt64 = 0
    var multiGetKeys: UInt64 = 0
    var scans: UInt64 = 0
  }

  /// Which of the thread's counts.
  private enum Operation {
    static var get: Int { 0 }
    static var multiGetKey: Int { 1 }
    static var scan: Int { 2 }
    static var commit: Int { 3 }
    static var change: Int { 4 }
    static var batchedChange: Int { 5 }
    static var watchedGet: Int { 6 }
    static var walkedGet: Int { 7 }
  }

  private let threads = ThreadCounts()
  private let patternBook = Mutex(AccessPatternBook())

  var counts: Counts {
    Counts(
      gets: threads.total(of: Operation.get),
      multiGetKeys: threads.total(of: Operation.multiGetKey),
      scans: threads.total(of: Operation.scan))
  }

  /// How many clients go by each pattern, those that did too little to tell left out.
  var patterns: [AccessPattern: Int] {
    patternBook.withLock { book in
      for number in 0..<ThreadCounts.givenCount {
        func count(_ operation: Int) -> UInt64 { threads.count(of: operation, by: number) }
        let mix = AccessMix(
          gets: count(Operation.get), multiGetKeys: count(Operation.multiGetKey),
          scans: count(Operation.scan), changes: count(Operation.change),
          batchedChanges: count(Operation.batchedChange),
          watchedGets: count(Operation.watchedGet), walkedGets: count(Operation.walkedGet))
        book.note(mix, of: number)
      }
      return book.counts
    }
  }

  /// Counts gets without counting references to the meter, which must outlive it.
  struct Gate: Sendable, BitwiseCopyable {
    fileprivate let threads: ThreadCounts.Adder

    /// Counts a get; whether its time is to be taken.
    @inline(__always)
    func noteGet() -> Bool { OperationMeter.isTimed(threads.add(to: Operation.get)) }
  }

  /// Counts gets.
  var gate: Gate { Gate(threads: threads.adder) }

  func noteMultiGet(keyCount: Int) {
    threads.adder.add(UInt64(keyCount), to: Operation.multiGetKey)
  }

  func noteScan() { threads.adder.add(to: Operation.scan) }

  /// Counts a get that was looked at for its order, and whether it is on a walk from key to key.
  func noteWatched(isWalk: Bool) {
    threads.adder.add(to: Operation.watchedGet)
    if isWalk { threads.adder.add(to: Operation.walkedGet) }
  }

  /// Counts a commit of so many changes; whether its time is to be taken.
  @inline(__always)
  func noteCommit(changeCount: Int) -> Bool {
    let operation = changeCount > 1 ? Operation.batchedChange : Operation.change
    threads.adder.add(UInt64(changeCount), to: operation)
    return Self.isTimed(threads.adder.add(to: Operation.commit))
  }

  @inline(__always)
  private static func isTimed(_ count: UInt64) -> Bool { count & (timedOneIn - 1) == 0 }
}
