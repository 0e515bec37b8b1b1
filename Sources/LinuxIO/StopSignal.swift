internal import CLinux
public import Measurements
public import Synchronization

/// The wish to end a run early: set by a signal or by the caller, looked at by every worker.
public final class StopSignal: Sendable {
  @usableFromInline let signalNumber = Atomic<Int32>(0)
  private let isAwaited = Atomic<Bool>(false)

  /// Signals closer together than this are one wish: less than a person takes to lose patience.
  public static let repetition = Nanoseconds(seconds: 0.5)

  /// No wish yet.
  public init() {}

  /// Asks everybody to end; the first signal stays.
  public func request(signal: Int32) {
    _ = signalNumber.compareExchange(
      expected: 0, desired: signal, ordering: .sequentiallyConsistent)
  }

  /// Whether an end was asked for.
  @inlinable public var isRequested: Bool { signalNumber.load(ordering: .relaxed) != 0 }

  /// The signal that asked for it, if any.
  public var requestedBy: Int32? {
    let number = signalNumber.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// The name of a signal, such as `SIGINT`.
  public static func name(of signal: Int32) -> String {
    switch signal {
    case 1: "SIGHUP"
    case 2: "SIGINT"
    case 15: "SIGTERM"
    default: "signal \(signal)"
    }
  }

  /// Says that a run is going on which will look at this stop and end by itself.
  ///
  /// Before that a signal that was caught ends the process at once.
  public func awaitRequests() { isAwaited.store(true, ordering: .sequentiallyConsistent) }

  /// From now on SIGINT, SIGTERM and SIGHUP request this stop instead of ending the process.
  ///
  /// A thread waits for them with `sigwait`, so nothing runs in a signal handler. Call it before
  /// any other thread is started: they inherit the mask. Another signal ends the process at once, for
  /// a user who cannot wait; one within ``repetition`` of the first is the same wish, because
  /// `timeout` signals the process and then its group.
  public func catchSignals() throws(SystemError) {
    linux_block_end_signals()
    let stop = self
    _ = try PinnedThread(name: "signals", cpu: nil) {
      var first: Nanoseconds?
      while true {
        let number = linux_wait_for_end_signal()
        guard number > 0 else { return }
        let now = MonotonicClock.now()
        if let first, now - first < Self.repetition { continue }
        if stop.isRequested || !stop.isAwaited.load(ordering: .sequentiallyConsistent) {
          linux_die_of(number)
        }
        first = now
        stop.request(signal: number)
      }
    }
  }
}
