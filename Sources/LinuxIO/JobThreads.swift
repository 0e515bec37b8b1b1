internal import Dispatch
internal import Synchronization

/// A few threads that do what is queued for them, in the order in which it came.
///
/// A thread starts when a job comes that no idle one can take, until all are there.
public final class JobThreads: Sendable {
  /// What a thread does.
  public typealias Job = @Sendable () -> Void

  private struct State: ~Copyable {
    /// Those that were taken are nil.
    var jobs: [Job?] = []
    /// The first job that was not taken yet.
    var first = 0
    var threads: [PinnedThread] = []
    /// Threads that somebody is about to start.
    var startingCount = 0
    /// Threads that wait for the bell and have not been rung for.
    var idleCount = 0
    var isClosed = false
  }

  private let name: String
  private let threadCountMax: Int
  private let turn: PinnedThread.Turn
  private let state = Mutex(State())
  private let bell = DispatchSemaphore(value: 0)

  /// At most `count` threads called `name`, of at most 15 bytes, that run in turns of a length.
  public init(name: String, count: Int, turn: PinnedThread.Turn = .usual) {
    self.name = name
    self.turn = turn
    threadCountMax = max(1, count)
  }

  /// Queues a job, to be run on one of the threads.
  ///
  /// - Returns: Whether it was taken; not after ``close()``.
  /// - Throws: `SystemError` where there is no thread for it; it is not queued then.
  public func submit(_ job: @escaping Job) throws(SystemError) -> Bool {
    var answer = offer(job, unlessItNeedsAThread: true)
    if answer == .needsThread {
      do throws(SystemError) {
        try startThread()
      } catch {
        // One thread is enough to go on; without any, the queue would never end.
        if state.withLock({ $0.threads.isEmpty }) { throw error }
      }
      answer = offer(job, unlessItNeedsAThread: false)
    }
    if case .queued(let mustRing) = answer {
      if mustRing { bell.signal() }
      return true
    }
    return false
  }

  private enum Answer: Equatable {
    case closed
    case needsThread
    /// Queued; the bell is rung where a thread waits for it.
    case queued(mustRing: Bool)
  }

  /// Queues a job, at one look at the state.
  private func offer(_ job: @escaping Job, unlessItNeedsAThread: Bool) -> Answer {
    state.withLock { state in
      guard !state.isClosed else { return .closed }
      if unlessItNeedsAThread, state.idleCount == 0,
        state.threads.count + state.startingCount < threadCountMax
      {
        state.startingCount += 1
        return .needsThread
      }
      state.jobs.append(job)
      guard state.idleCount > 0 else { return .queued(mustRing: false) }
      // That thread is spoken for.
      state.idleCount -= 1
      return .queued(mustRing: true)
    }
  }

  /// Runs what is queued and ends the threads.
  public func close() {
    let threads = state.withLock { state in
      state.isClosed = true
      defer { state.threads = [] }
      return state.threads
    }
    for _ in threads { bell.signal() }
    for thread in threads { thread.join() }
  }

  private func startThread() throws(SystemError) {
    let thread: PinnedThread
    do throws(SystemError) {
      thread = try PinnedThread(name: name, cpu: nil, turn: turn) { [self] in run() }
    } catch {
      state.withLock { $0.startingCount -= 1 }
      throw error
    }
    let isKept = state.withLock { state in
      state.startingCount -= 1
      if !state.isClosed { state.threads.append(thread) }
      return !state.isClosed
    }
    guard !isKept else { return }
    // Closed meanwhile: nobody else ends it.
    bell.signal()
    thread.join()
  }

  private func run() {
    while true {
      let next = state.withLock { state -> (job: Job?, ends: Bool) in
        guard state.first < state.jobs.count else {
          if state.isClosed { return (nil, true) }
          state.idleCount += 1
          return (nil, false)
        }
        let job = state.jobs[state.first]
        state.jobs[state.first] = nil
        state.first += 1
        if state.first == state.jobs.count || state.first >= 4096 {
          state.jobs.removeFirst(state.first)
          state.first = 0
        }
        return (job, false)
      }
      if next.ends { return }
      guard let job = next.job else {
        bell.wait()
        continue
      }
      job()
    }
  }
}
