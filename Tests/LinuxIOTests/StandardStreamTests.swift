import Glibc
import Measurements
import Synchronization
import Testing

@testable import LinuxIO

@Suite("A standard stream") struct StandardStreamTests {
  private static let text = String(repeating: "a line of text, 0123456789\n", count: 20_000)

  @Test("is written whole to a slow reader, blocking or not", arguments: [0, O_NONBLOCK])
  func slowReader(flags: Int32) throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    try #require(fcntl(writing, F_SETFL, fcntl(writing, F_GETFL) | flags) == 0)
    let received = Mutex<[UInt8]>([])
    let reader = try PinnedThread(name: "slow-reader", cpu: nil) {
      var chunk = [UInt8](repeating: 0, count: 10_000)
      while true {
        let count = read(reading, &chunk, chunk.count)
        guard count > 0 else { return }
        received.withLock { $0 += chunk[..<count] }
        MonotonicClock.sleep(Nanoseconds(100_000))
      }
    }
    StandardStream.write(Array(Self.text.utf8), to: writing)
    close(writing)
    reader.join()
    close(reading)
    #expect(received.withLock { $0 } == Array(Self.text.utf8))
  }

  @Test("whose reader went away is written no further, and nothing dies of it")
  func noReader() throws {
    StandardStream.ignoreBrokenPipes()
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    close(ends[0])
    StandardStream.write(Array(Self.text.utf8), to: ends[1])
    close(ends[1])
  }
}
