import Dispatch
import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite("Job threads") struct JobThreadsTests {
  @Test(arguments: [1, 2, 16])
  func `each job runs once, on no more threads than were asked for`(threadCount: Int) throws {
    let threads = JobThreads(name: "job", count: threadCount)
    let runs = Mutex([Int](repeating: 0, count: 10_000))
    let ids = Mutex(Set<pthread_t>())
    for number in 0..<10_000 {
      let isTaken = try threads.submit {
        runs.withLock { $0[number] += 1 }
        _ = ids.withLock { $0.insert(pthread_self()) }
      }
      #expect(isTaken)
    }
    threads.close()
    #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    #expect(ids.withLock { $0.count } <= threadCount)
  }

  @Test func `one thread keeps the order in which jobs came`() throws {
    let threads = JobThreads(name: "job", count: 1)
    let order = Mutex<[Int]>([])
    for number in 0..<1000 { _ = try threads.submit { order.withLock { $0.append(number) } } }
    threads.close()
    #expect(order.withLock { $0 } == Array(0..<1000))
  }

  @Test func `closing runs what is queued, and takes nothing more`() throws {
    let threads = JobThreads(name: "job", count: 1)
    let gate = DispatchSemaphore(value: 0)
    let runCount = Mutex(0)
    _ = try threads.submit { gate.wait() }
    for _ in 0..<5 { _ = try threads.submit { runCount.withLock { $0 += 1 } } }
    gate.signal()
    threads.close()
    #expect(runCount.withLock { $0 } == 5)
    #expect(try !threads.submit { runCount.withLock { $0 += 1 } })
    #expect(runCount.withLock { $0 } == 5)
  }
}
