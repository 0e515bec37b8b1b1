import Dispatch
import Foundation
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

  @Test(arguments: [1, 4])
  func `a job is done soon, also where all threads had gone to sleep`(threadCount: Int) throws {
    let threads = JobThreads(name: "job", count: threadCount)
    let submitters = DispatchGroup()
    let lateCount = Mutex(0)
    let ids = Mutex(Set<pthread_t>())
    for submitter in 0..<4 {
      submitters.enter()
      Thread.detachNewThread {
        defer { submitters.leave() }
        for number in 0..<2000 {
          let isDone = DispatchSemaphore(value: 0)
          _ = try? threads.submit {
            _ = ids.withLock { $0.insert(pthread_self()) }
            isDone.signal()
          }
          if isDone.wait(timeout: .now() + 20) != .success {
            return lateCount.withLock { $0 += 1 }
          }
          if (number + submitter) % 50 == 0 { usleep(500) }
        }
      }
    }
    submitters.wait()
    #expect(lateCount.withLock { $0 } == 0)
    #expect(ids.withLock { $0.count } <= threadCount)
    threads.close()
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
