internal import LinuxIO

/// Counts operations, and picks the few whose time is taken.
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
    static var write: Int { 3 }
  }

  private let threads = ThreadCounts()

  var counts: Counts {
    Counts(
      gets: threads.total(of: Operation.get),
      multiGetKeys: threads.total(of: Operation.multiGetKey),
      scans: threads.total(of: Operation.scan))
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

  /// Counts a commit; whether its time is to be taken.
  @inline(__always)
  func noteWrite() -> Bool { Self.isTimed(threads.adder.add(to: Operation.write)) }

  @inline(__always)
  private static func isTimed(_ count: UInt64) -> Bool { count & (timedOneIn - 1) == 0 }
}
