internal import LinuxIO
internal import Measurements
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
    static var runGet: Int { 7 }
  }

  private let threads = ThreadCounts()
  private let clientPatterns = Mutex(ClientPatterns())

  var counts: Counts {
    Counts(
      gets: threads.total(of: Operation.get),
      multiGetKeys: threads.total(of: Operation.multiGetKey),
      scans: threads.total(of: Operation.scan))
  }

  /// Keys that were asked for or changed, and scans; takes no lock.
  var accessCount: UInt64 {
    let reads = counts
    return reads.gets &+ reads.multiGetKeys &+ reads.scans
      &+ threads.total(of: Operation.change) &+ threads.total(of: Operation.batchedChange)
  }

  /// How many clients go by each pattern now, as told by what they did since they were asked about last.
  ///
  /// Left out are those that did too little to tell, or nothing for ``ClientPatterns/idleMax``, and threads
  /// beyond ``ThreadCounts/threadsMax`` at once, whose counts are in one.
  func patterns(at now: Nanoseconds) -> [AccessPattern: Int] {
    clientPatterns.withLock { clients in
      for number in 0..<ThreadCounts.givenCount {
        func count(_ operation: Int) -> UInt64 {
          threads.count(of: operation, byThread: number)
        }
        let mix = AccessMix(
          gets: count(Operation.get), multiGetKeys: count(Operation.multiGetKey),
          scans: count(Operation.scan), changes: count(Operation.change),
          batchedChanges: count(Operation.batchedChange),
          watchedGets: count(Operation.watchedGet), runGets: count(Operation.runGet))
        if mix != AccessMix() { clients.note(mix, of: number, at: now) }
      }
      return clients.counts
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

  /// Counts a get that was looked at for its order, and whether it is within a run of keys in their order.
  func noteWatched(isRun: Bool) {
    threads.adder.add(to: Operation.watchedGet)
    if isRun { threads.adder.add(to: Operation.runGet) }
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
