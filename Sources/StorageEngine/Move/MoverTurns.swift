internal import Dispatch
internal import LinuxIO
internal import Synchronization

/// A thread for those steps of a move that commits or readers wait for.
///
/// The mover gets a processor when nobody else wants one. Did it lose it while it holds what they need, all
/// of them would wait until nobody wants one; this thread takes short turns beside everybody else. It is of its
/// own, as the readers' threads may be busy for long, and since a thread that an idle one starts is as idle, and
/// may not change that without privileges.
final class MoverTurns: Sendable {
  private let path: String
  private let threads = JobThreads(name: "store-turns", count: 1, turn: .short)
  private let isStarted = Atomic<Bool>(false)

  /// For the moves of the store at `path`, which errors name.
  init(path: String) { self.path = path }

  /// Starts the thread, as a child of the calling one; without it steps are done by whoever asks for them.
  func start() {
    guard !isStarted.load(ordering: .acquiring),
      let isTaken = try? threads.submit({}), isTaken
    else { return }
    isStarted.store(true, ordering: .releasing)
  }

  /// Does a step and waits for its end.
  ///
  /// - Throws: What the step throws.
  func run<R: Sendable>(
    _ step: @escaping @Sendable () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    guard isStarted.load(ordering: .acquiring) else { return try step() }
    let done = DispatchSemaphore(value: 0)
    let outcome = Mutex<Result<R, StoreError>>(.failure(.closed(path: path)))
    let isTaken = try? threads.submit {
      let made = Result { () throws(StoreError) -> R in try step() }
      outcome.withLock { $0 = made }
      done.signal()
    }
    // Closed meanwhile.
    guard isTaken == true else { return try step() }
    done.wait()
    return try outcome.withLock { $0 }.get()
  }

  /// Ends the thread after what it was asked for.
  func close() { threads.close() }
}
