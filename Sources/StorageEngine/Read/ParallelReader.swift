internal import LinuxIO
internal import Synchronization

/// Sixteen threads that read the tiers for callers that do not wait.
///
/// They start with the first read that needs one. Sixteen reads at a time keep an NVMe drive busy;
/// callers beyond that queue up, by the hundred without a thread each.
final class ParallelReader: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State: ~Copyable {
    var jobs: [Job] = []
    /// The first job that was not taken yet.
    var first = 0
    var threads: [PinnedThread] = []
    var idleCount = 0
    var isClosed = false
  }

  /// Threads, by the specification.
  static let laneCount = 16

  private let path: String
  private let state = Mutex(State())
  private let bell = Doorbell()

  /// Readers of the store at `path`, which errors name.
  init(path: String) { self.path = path }

  /// Queues a job, to be run on one of the threads.
  func submit(_ job: @escaping Job) throws(StoreError) {
    let startsThread = try state.withLock { state throws(StoreError) -> Bool in
      guard !state.isClosed else { throw StoreError.closed(path: path) }
      state.jobs.append(job)
      // A thread more than there are idle ones, until all are there.
      let waiting = state.jobs.count - state.first
      return waiting > state.idleCount && state.threads.count < Self.laneCount
    }
    bell.ring()
    guard startsThread else { return }
    do throws(SystemError) {
      let thread = try PinnedThread(name: "store-reader", cpu: nil) { [self] in run() }
      state.withLock { $0.threads.append(thread) }
    } catch {
      // One reader is enough to go on; without any, the queue would never end.
      let hasReaders = state.withLock { !$0.threads.isEmpty }
      if !hasReaders {
        throw .system(path: path, cause: "no thread can be had for reading: \(error)")
      }
    }
  }

  /// Runs what is queued and ends the threads.
  func close() {
    let threads = state.withLock { state in
      state.isClosed = true
      defer { state.threads = [] }
      return state.threads
    }
    bell.ring(threads.count)
    for thread in threads { thread.join() }
  }

  private func run() {
    while true {
      state.withLock { $0.idleCount += 1 }
      bell.wait()
      let next = state.withLock { state -> (job: Job?, ends: Bool) in
        state.idleCount -= 1
        guard state.first < state.jobs.count else { return (nil, state.isClosed) }
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
