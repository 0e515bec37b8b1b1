import Dispatch
import LinuxIO
import Synchronization

/// A few threads for those requests to a store that have no form with a completion.
///
/// They start with the first request and end with ``finish()``.
final class StoreLanes: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State: ~Copyable {
    var jobs: [Job] = []
    var first = 0
    var threads: [PinnedThread] = []
    var isFinished = false
  }

  private let state = Mutex(State())
  private let bell = DispatchSemaphore(value: 0)
  private let count: Int

  /// As many threads as the engine reads with, or as there are requests.
  init(inFlight: Int) { count = min(max(inFlight, 1), 16) }

  /// Queues a job.
  ///
  /// - Throws: `SystemError` where there is no thread for it.
  func submit(_ job: @escaping Job) throws(SystemError) {
    let starts = state.withLock { state in
      state.jobs.append(job)
      return state.threads.isEmpty ? count : 0
    }
    for lane in 0..<starts {
      let thread = try PinnedThread(name: "store-lane-\(lane)", cpu: nil) { [self] in run() }
      state.withLock { $0.threads.append(thread) }
    }
    bell.signal()
  }

  /// Does what is queued and ends the threads.
  func finish() {
    let threads = state.withLock { state in
      state.isFinished = true
      defer { state.threads = [] }
      return state.threads
    }
    for _ in threads { bell.signal() }
    for thread in threads { thread.join() }
  }

  private func run() {
    while true {
      bell.wait()
      let next = state.withLock { state -> (job: Job?, ends: Bool) in
        guard state.first < state.jobs.count else { return (nil, state.isFinished) }
        let job = state.jobs[state.first]
        state.first += 1
        if state.first == state.jobs.count || state.first >= 4096 {
          state.jobs.removeFirst(state.first)
          state.first = 0
        }
        return (job, false)
      }
      if next.ends { return }
      next.job?()
    }
  }
}
