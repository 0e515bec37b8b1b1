import Glibc
import Testing

@testable import LinuxIO

@Suite("A stop signal") struct StopSignalTests {
  @Test("keeps the first signal that asked")
  func first() {
    let stop = StopSignal()
    #expect(!stop.isRequested && stop.requestedBy == nil)
    stop.request(signal: SIGINT)
    stop.request(signal: SIGTERM)
    #expect(stop.isRequested && stop.requestedBy == SIGINT)
  }

  @Test("is seen by every thread")
  func seen() throws {
    let stop = StopSignal()
    let threads = try (0..<4).map { number in
      try PinnedThread(name: "looks-\(number)", cpu: nil) { while !stop.isRequested {} }
    }
    stop.request(signal: SIGHUP)
    threads.forEach { $0.join() }
    #expect(stop.requestedBy == SIGHUP)
  }
}
