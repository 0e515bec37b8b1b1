internal import Dispatch

/// Whether threads can still be started: a limit of the user, of the control group or of the address space may
/// leave none.
public enum ThreadRoom {
  /// Starts so many threads and ends them.
  ///
  /// Libraries that start threads of their own, as RocksDB does, end the process where they get none.
  ///
  /// - Throws: `SystemError` where one could not be started, with what to do.
  public static func require(_ count: Int) throws(SystemError) {
    let bell = DispatchSemaphore(value: 0)
    var threads: [PinnedThread] = []
    defer {
      for _ in threads { bell.signal() }
      for thread in threads { thread.join() }
    }
    for _ in 0..<count {
      do throws(SystemError) {
        threads.append(try PinnedThread(name: "thread-room", cpu: nil) { bell.wait() })
      } catch {
        throw SystemError(
          call: error.call,
          subject:
            "thread \(threads.count + 1) of \(count) that are needed; raise the limit of threads (ulimit -u, "
            + "TasksMax, pids.max) or of memory (ulimit -v)", errno: error.errno)
      }
    }
  }
}
