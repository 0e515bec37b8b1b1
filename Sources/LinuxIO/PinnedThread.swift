internal import CLinux
internal import CTurns
internal import Glibc

/// A thread of the system, kept on one CPU.
///
/// The corresponding C calls are `pthread_create`, `sched_setaffinity` and `pthread_join`.
public final class PinnedThread: @unchecked Sendable {
  private var thread = pthread_t()
  private var joined = false

  private final class Start {
    let cpu: Int?
    let name: String
    let turn: Turn
    let body: @Sendable () -> Void
    init(cpu: Int?, name: String, turn: Turn, body: @escaping @Sendable () -> Void) {
      self.cpu = cpu
      self.name = name
      self.turn = turn
      self.body = body
    }
  }

  /// How long a thread runs before others may go on.
  public enum Turn: Sendable {
    /// As long as the kernel gives everybody, about 3 ms.
    case usual
    /// So short that it gets the processor as soon as it wakes, from a thread with longer turns: for
    /// threads that do little at a time and that somebody waits for. Linux before 6.12 knows none.
    case short
    /// Little longer than ``short``, and so gives way at once to those, and with a tenth of the processor while others
    /// want it: for threads that work for milliseconds at a time.
    case yielding
    /// While nobody else wants the processor: for threads that nobody waits for.
    case idle
  }

  /// Lets others have the processor, where the calling thread has had it for 0.15 ms since it last did so.
  ///
  /// To be called with no lock held that others want. Where it does nothing it costs some 50 ns.
  public static func giveWay() { turns_give_way() }

  /// Starts a thread on a CPU.
  ///
  /// - Parameters:
  ///   - name: At most 15 bytes, for `ps` and `top`.
  ///   - cpu: The CPU to stay on; nil stays anywhere.
  ///   - turn: How long it runs before others may go on.
  ///   - body: What the thread does; it ends with it.
  /// - Throws: `SystemError` where no thread can be had.
  public init(
    name: String, cpu: Int?, turn: Turn = .usual, body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    Self.installKickHandler()
    let start = Unmanaged.passRetained(Start(cpu: cpu, name: name, turn: turn, body: body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        if let cpu = start.cpu { PinnedThread.pin(to: cpu) }
        linux_name_thread(start.name)
        switch start.turn {
        case .usual: break
        case .short: turns_make_short()
        case .yielding: turns_make_yielding()
        case .idle: turns_work_when_idle()
        }
        PinnedThread.admitKicks()
        // Open loops wait for moments 20 µs away; the default slack alone is 50 µs.
        linux_set_timer_slack(1)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw SystemError(call: "pthread_create", subject: name, errno: code)
    }
  }

  /// Waits for the thread's end.
  public func join() {
    guard !joined else { return }
    joined = true
    pthread_join(thread, nil)
  }

  /// Interrupts the system call that the thread waits in, so that it looks around.
  ///
  /// Only before `join`. A kick that arrives outside a system call is lost: repeat it.
  public func kick() {
    guard !joined else { return }
    pthread_kill(thread, SIGURG)
  }

  /// SIGURG is ignored by default and used by nobody here; its empty handler without SA_RESTART
  /// is what makes a waiting call return.
  private static func installKickHandler() { _ = kickHandler }

  /// A thread inherits the mask of the one that starts it, and those of a concurrency pool block
  /// every signal: without this a silent device would be waited for without an end.
  private static func admitKicks() {
    var kick = sigset_t()
    sigemptyset(&kick)
    sigaddset(&kick, SIGURG)
    pthread_sigmask(SIG_UNBLOCK, &kick, nil)
  }

  private static let kickHandler: Void = {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(SIGURG, &action, nil)
  }()

  private static func pin(to cpu: Int) {
    guard cpu >= 0, cpu < 8192 else { return }
    var mask = [UInt](repeating: 0, count: 128)
    mask[cpu / 64] |= 1 << UInt(cpu % 64)
    // A CPU that has gone offline leaves the thread where it is; the record shows where that was.
    _ = linux_set_affinity(mask, UInt(mask.count * MemoryLayout<UInt>.size))
  }
}
