import CTurns
import Foundation
import StorageEngine
import Synchronization

/// What one thread of puts has in flight.
///
/// A thread without room is woken once a quarter of its depth is free: one wake for each put would
/// measure the kernel.
private final class Flight: Sendable {
  struct State {
    var latencies = Latencies()
    var failure: StoreError?
    var free: Int
    var wanted = 0
  }

  private let bell = DispatchSemaphore(value: 0)
  let state: Mutex<State>
  private let depth: Int

  init(depth: Int) {
    self.depth = depth
    state = Mutex(State(free: depth))
  }

  /// Takes all the room that there is, and waits for some where there is none.
  func room() -> Int { take(atLeast: max(1, depth / 4)) }

  /// Returns room that was not used.
  func giveBack(_ room: Int) { state.withLock { $0.free += room } }

  /// Waits until nothing is in flight.
  func drain() { _ = take(atLeast: depth, all: true) }

  private func take(atLeast wanted: Int, all: Bool = false) -> Int {
    while true {
      let taken = state.withLock { state in
        guard state.free >= (all ? wanted : 1) else {
          state.wanted = wanted
          return 0
        }
        defer { state.free = 0 }
        return state.free
      }
      if taken > 0 { return taken }
      bell.wait()
    }
  }

  func finish(_ result: Result<Version, StoreError>, since start: UInt64) {
    let duration = now() - start
    let wakes = state.withLock { state in
      state.latencies.record(duration)
      if case .failure(let error) = result { state.failure = state.failure ?? error }
      state.free += 1
      guard state.wanted > 0, state.free >= state.wanted else { return false }
      state.wanted = 0
      return true
    }
    if wakes { bell.signal() }
  }
}

extension Case {
  /// Random puts, so many in flight for each thread; the clock stops when all are acknowledged.
  func put() throws -> Fields {
    let store = try create()
    let threads = max(1, try arguments.number("threads", 2))
    let depth = max(1, try arguments.number("depth", 256) / threads)
    let operations = try arguments.number("operations", Int(keys.count)) / threads
    let keys = keys
    let merged = Mutex(Latencies())
    let start = now()
    try Self.onThreads(threads) { thread in
      var random = Random(seed: UInt64(thread) + 1)
      let flight = Flight(depth: depth)
      var room = 0
      var key = Keys.empty
      var value = keys.emptyValue
      for _ in 0..<operations {
        let number = random.below(keys.count)
        keys.write(number, to: &key)
        keys.writeValue(number, to: &value)
        if room == 0 { room = flight.room() }
        room -= 1
        let begun = now()
        store.put(key, value) { flight.finish($0, since: begun) }
      }
      flight.giveBack(room)
      flight.drain()
      let state = flight.state.withLock { $0 }
      if let failure = state.failure { throw failure }
      merged.withLock { $0.add(state.latencies) }
    }
    let duration = now() - start
    let latencies = merged.withLock { $0 }
    try store.close()
    return [
      ("operations", "\(operations * threads)"),
      ("rate", Self.rate(operations * threads, duration)),
      ("p50_ms", Self.text(latencies.milliseconds(0.5))),
      ("p99_ms", Self.text(latencies.milliseconds(0.99))),
      ("longest_ms", Self.text(Double(latencies.longest) / 1e6)),
    ]
  }

  /// Batches of random keys by one thread, point gets beside them at a steady rate, until all
  /// compaction is done.
  ///
  /// A get of a key that is not in memory is read by the store's own threads, as in ``mixed()``: a
  /// client that has more to ask does not wait for the device with all of it. With `--wait 1` it does.
  func batch() throws -> Fields {
    let store = try create()
    let size = max(1, try arguments.number("batch", 1000))
    let operations = try arguments.number("operations", 5_000_000)
    let getRate = try arguments.number("rate", 10_000)
    let waits = try arguments.number("wait", 0) != 0
    let keys = keys
    let isDone = Atomic(false)
    let written = Atomic<UInt64>(0)
    let gets = Answers()
    // Time by which the getter woke more than a millisecond late, and in gets that took longer than that.
    let stalled = Mutex<(asleep: UInt64, inCalls: UInt64)>((0, 0))
    let clock = Mutex<(written: UInt64, idle: UInt64, longest: UInt64)>((0, 0, 0))
    try Self.onThreads(getRate > 0 ? 2 : 1) { thread in
      var random = Random(seed: 7)
      if thread == 1 {
        // Who asks for a single key waits for it; who writes without a pause does not give way.
        turns_make_short()
        // An open loop: each get is due at its time, and waits are counted from there.
        var chooser = Random(seed: 9)
        var latencies = Latencies()
        let gap = 1_000_000_000 / UInt64(getRate)
        var due = now()
        var stalls = (asleep: UInt64(0), inCalls: UInt64(0))
        while !isDone.load(ordering: .acquiring) {
          let moment = now()
          if moment < due {
            usleep(UInt32((due - moment) / 1000))
            let late = now() - moment
            if late > (due - moment) + 1_000_000 { stalls.asleep += late - (due - moment) }
            continue
          }
          let number = chooser.below(keys.count)
          let isAnswered: Bool
          if waits {
            isAnswered = true
            let isRight = try store.get(keys.key(number)) { keys.isValue($0, of: number) }
            if isRight == false { throw WrongValue(number: number) }
          } else {
            isAnswered = try get(number, from: store, due: due, mayBeMissing: true, gets)
          }
          let sent = now()
          if sent - moment > 1_000_000 { stalls.inCalls += sent - moment }
          if isAnswered { latencies.record(sent - due) }
          due += gap
        }
        gets.add(latencies)
        stalled.withLock { $0 = stalls }
        return
      }
      defer { isDone.store(true, ordering: .releasing) }
      var batch = StoreBatch()
      var key = Keys.empty
      var value = keys.emptyValue
      let start = now()
      var longest: UInt64 = 0
      for _ in 0..<operations / size {
        batch.removeAll()
        for _ in 0..<size {
          let number = random.below(keys.count)
          keys.write(number, to: &key)
          keys.writeValue(number, to: &value)
          batch.put(key.span, value.span)
        }
        let begun = now()
        try store.write(batch)
        longest = max(longest, now() - begun)
        written.add(UInt64(size), ordering: .relaxed)
      }
      let ended = now()
      try store.waitUntilIdle()
      let idle = now()
      clock.withLock { $0 = (ended - start, idle - start, longest) }
    }
    let times = clock.withLock { $0 }
    while !gets.isDone { usleep(1000) }
    if let failure = gets.failure { throw failure }
    let latencies = gets.latencies
    let stalls = stalled.withLock { $0 }
    try store.close()
    let count = operations / size * size
    return [
      ("operations", "\(count)"), ("rate", Self.rate(count, times.written)),
      ("rate_until_idle", Self.rate(count, times.idle)),
      ("longest_batch_ms", Self.text(Double(times.longest) / 1e6)),
      ("gets", "\(latencies.count)"), ("gets_not_lent", "\(gets.missCount)"),
      ("get_p99_ms", Self.text(latencies.milliseconds(0.99))),
      ("get_p999_ms", Self.text(latencies.milliseconds(0.999))),
      ("get_longest_ms", Self.text(Double(latencies.longest) / 1e6)),
      ("woken_late_ms", Self.text(Double(stalls.asleep) / 1e6)),
      ("in_slow_gets_ms", Self.text(Double(stalls.inCalls) / 1e6)),
    ]
  }
}
