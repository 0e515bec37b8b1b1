import Foundation
import Synchronization
import Testing

@testable import LinuxIO

@Suite("Counts of many threads", .serialized, .timeLimit(.minutes(2)))
struct ThreadCountsTests {
  /// Runs `body` on so many threads, all of which have begun before it runs, and live until it ran on all.
  private func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let begun = Gauge()
    let done = Gauge()
    let ended = Gauge()
    for _ in 0..<count {
      let thread = Thread {
        begun.value.add(1, ordering: .acquiringAndReleasing)
        while begun.value.load(ordering: .acquiring) < count { usleep(1000) }
        body()
        done.value.add(1, ordering: .acquiringAndReleasing)
        while done.value.load(ordering: .acquiring) < count { usleep(1000) }
        ended.value.add(1, ordering: .acquiringAndReleasing)
      }
      thread.stackSize = 256 << 10
      thread.start()
    }
    while ended.value.load(ordering: .acquiring) < count { usleep(1000) }
  }

  /// How many came so far.
  private final class Gauge: Sendable {
    let value = Atomic<Int>(0)
  }

  @Test(
    "lose nothing, whether threads have lines of their own or share one", arguments: [2, 64, 300])
  func exact(threads: Int) {
    let counts = ThreadCounts()
    let each = 100_000 / threads
    onThreads(threads) {
      for _ in 0..<each {
        counts.adder.add(to: 0)
        counts.adder.add(3, to: 7)
      }
    }
    #expect(counts.total(of: 0) == UInt64(threads * each))
    #expect(counts.total(of: 7) == UInt64(3 * threads * each))
    #expect(counts.total(of: 1) == 0)
    let shared = counts.count(of: 0, byThread: ThreadCounts.threadsMax)
    let own = (0..<ThreadCounts.givenCount).map { counts.count(of: 0, byThread: $0) }
    #expect(own.reduce(shared, +) == UInt64(threads * each))
    #expect(threads > ThreadCounts.threadsMax || own.count { $0 == each } == threads)
    #expect(threads < ThreadCounts.threadsMax || shared > 0)
  }

  @Test("go on where a thread that ended left off, as its number is given again")
  func again() {
    let counts = ThreadCounts()
    for _ in 0..<200 { onThreads(8) { counts.adder.add(to: 2) } }
    #expect(counts.total(of: 2) == 1600)
    let numbers = Mutex<Set<Int>>([])
    onThreads(8) { numbers.withLock { _ = $0.insert(ThreadNumber.current) } }
    #expect(numbers.withLock { $0.count } == 8)
    #expect(numbers.withLock { $0.max() ?? 0 } < ThreadCounts.threadsMax)
  }

  @Test("take back what was added")
  func back() {
    let counts = ThreadCounts()
    onThreads(4) { counts.adder.add(5, to: 1) }
    onThreads(2) { counts.adder.add(UInt64.max, to: 1) }
    #expect(counts.total(of: 1) == 18)
  }
}
