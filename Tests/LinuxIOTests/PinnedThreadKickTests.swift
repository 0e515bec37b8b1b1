import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite("A kick") struct PinnedThreadKickTests {
  @Test("ends a thread's wait although its maker blocks all signals, as Dispatch's threads do")
  func kicked() throws {
    let finished = Finished()
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let thread = try PinnedThread(name: "waits", cpu: nil) {
      // Nothing to wait for: only a kick ends this before its limit.
      let code = poll(nil, 0, 20_000)
      finished.code.store(code < 0 ? errno : code, ordering: .releasing)
    }
    while finished.code.load(ordering: .acquiring) < 0 {
      usleep(1000)
      thread.kick()
    }
    thread.join()
    #expect(finished.code.load(ordering: .acquiring) == EINTR)
  }

  private final class Finished: Sendable {
    let code = Atomic<Int32>(-1)
  }
}
