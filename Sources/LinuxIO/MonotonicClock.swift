internal import CLinux
internal import Glibc
public import Measurements

/// CLOCK_MONOTONIC, read through the vDSO without a system call.
public enum MonotonicClock {
  /// Nanoseconds since an arbitrary point; never steps backwards.
  @inline(__always)
  public static func now() -> Nanoseconds {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Nanoseconds(Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// Sleeps the calling thread for `length`, or less where a signal arrives.
  public static func sleep(_ length: Nanoseconds) {
    guard length.rawValue > 0 else { return }
    var time = timespec()
    time.tv_sec = Int(length.rawValue / 1_000_000_000)
    time.tv_nsec = Int(length.rawValue % 1_000_000_000)
    nanosleep(&time, nil)
  }
}

/// CPU time that a thread or a process has taken.
public struct CPUTime: Sendable, Equatable {
  /// In user mode.
  public var user: Nanoseconds
  /// In the kernel.
  public var system: Nanoseconds

  /// The calling thread's.
  ///
  /// The corresponding C call is `getrusage(RUSAGE_THREAD)`.
  public static func ofThread() -> CPUTime { read(thread: true) }

  /// The whole process's, io_uring's kernel workers included.
  ///
  /// The corresponding C call is `getrusage(RUSAGE_SELF)`.
  public static func ofProcess() -> CPUTime { read(thread: false) }

  private static func read(thread: Bool) -> CPUTime {
    var user: Int64 = 0
    var system: Int64 = 0
    linux_cpu_time(thread ? 1 : 0, &user, &system)
    return CPUTime(user: Nanoseconds(user * 1000), system: Nanoseconds(system * 1000))
  }

  /// The time taken since an earlier reading.
  public static func - (left: CPUTime, right: CPUTime) -> CPUTime {
    CPUTime(user: left.user - right.user, system: left.system - right.system)
  }

  /// The sum of two times.
  public static func + (left: CPUTime, right: CPUTime) -> CPUTime {
    CPUTime(user: left.user + right.user, system: left.system + right.system)
  }

  /// No time at all.
  public static let zero = CPUTime(user: .zero, system: .zero)
}
