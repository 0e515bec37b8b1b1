import StorageEngine
import Synchronization

/// What became of requests that were sent on a schedule.
final class Answers: Sendable {
  private struct State {
    var latencies = Latencies()
    var missCount = 0
    var openCount = 0
    var failure: (any Error)?
  }

  private let state = Mutex(State())

  var latencies: Latencies { state.withLock { $0.latencies } }
  var missCount: Int { state.withLock { $0.missCount } }
  var isDone: Bool { state.withLock { $0.openCount } == 0 }
  var failure: (any Error)? { state.withLock { $0.failure } }

  /// A request has gone out whose answer comes, or came already, by ``finish(_:failure:)``.
  func open() {
    state.withLock { state in
      state.openCount += 1
      state.missCount += 1
    }
  }

  func finish(_ duration: UInt64, failure: (any Error)?) {
    state.withLock { state in
      state.latencies.record(duration)
      state.openCount -= 1
      state.failure = state.failure ?? failure
    }
  }

  func add(_ latencies: Latencies) { state.withLock { $0.latencies.add(latencies) } }
}

extension Case {
  /// Sends a get.
  ///
  /// - Parameters:
  ///   - number: The key's.
  ///   - store: Of whom it is asked.
  ///   - due: When it should have been sent; latencies begin there.
  ///   - mayBeMissing: Whether the key need not be there yet; a wrong value is never right.
  ///   - answers: Takes what does not come at once.
  /// - Returns: Whether it was answered at once, by a value.
  /// - Throws: ``WrongValue``.
  func get(
    _ number: UInt64, from store: TieredStore, due: UInt64, mayBeMissing: Bool = false,
    _ answers: Answers
  ) throws -> Bool {
    let keys = keys
    var isRight = false
    let isCached = store.get(keys.key(number)) {
      isRight = keys.isValue($0, of: number)
    } completion: { result in
      var failure: (any Error)?
      do {
        let value = try result.get()
        if value.map({ keys.isValue($0.span, of: number) }) ?? mayBeMissing == false {
          failure = WrongValue(number: number)
        }
      } catch { failure = error }
      answers.finish(now() - due, failure: failure)
    }
    if !isCached { answers.open() }
    guard isRight || !isCached else { throw WrongValue(number: number) }
    return isCached
  }
}
