import Foundation
import StorageEngine
import Synchronization

extension Case {
  /// Gets and puts on a schedule, a thread each, latencies from the moment that each was due.
  ///
  /// Every key is read once before. A caller sleeps until its next request is due, as clients do: the
  /// kernel wakes it some 60 µs later, which counts, and it then sends all that is due. With
  /// `--spin 1` both stay awake, which leaves the store nothing of two cores but what the kernel takes
  /// from them by force. What is not cached is read by the store's own threads. With `--churn 1` a
  /// third thread flushes and compacts the whole store over and over; at this rate of puts the store by
  /// itself would flush every half minute and compact every five. With `--memory` less than the data and
  /// `--direct 1`, gets that find nothing in memory wait for the device.
  ///
  /// With `--moves 1` a third thread reclassifies: a day has gone by since the keys were read, so that the
  /// whole store is to sink from the hot tier, as much of it as the store's pace lets sink meanwhile. With
  /// `--moves 0` uses are counted likewise, and nobody reclassifies.
  func mixed() throws -> Fields {
    let hours = Hours()
    let moves = try arguments.text("moves", "").isEmpty ? nil : arguments.number("moves", 0) != 0
    let store = try filled(placement: moves == nil ? nil : hours.settings)
    // The next run must find all keys where a fill leaves them.
    if moves == true { try? FileManager.default.removeItem(atPath: marker) }
    try warm(store)
    hours.advance(by: 25)
    let before = try store.statistics()
    let seconds = max(1, try arguments.number("seconds", 20))
    let rate = max(1, try arguments.number("rate", 50_000))
    let spins = try arguments.number("spin", 0) != 0
    let end = now() + UInt64(seconds) * 1_000_000_000
    let (gets, puts) = (Answers(), Answers())
    let churns = try arguments.number("churn", 0) != 0
    let mover = Mover(of: store)
    if moves == true { mover.start() }
    try Self.onThreads(churns ? 3 : 2) { thread in
      if thread == 2 {
        while now() < end {
          try store.flush()
          try store.compact()
        }
        return
      }
      var random = Random(seed: UInt64(thread) + 1)
      let gap = 1_000_000_000 / UInt64(rate)
      var due = now()
      var latencies = Latencies()
      while due < end {
        let moment = now()
        if moment < due {
          if !spins { usleep(UInt32((due - moment) / 1000)) }
          continue
        }
        let number = random.below(keys.count)
        if thread == 0 {
          if try get(number, from: store, due: due, gets) { latencies.record(now() - due) }
        } else {
          put(number, into: store, due: due, puts)
        }
        due += gap
      }
      if thread == 0 { gets.add(latencies) }
    }
    while !(gets.isDone && puts.isDone) { usleep(1000) }
    let after = try store.statistics()
    try mover.stop { try store.close() }
    if let failure = gets.failure ?? puts.failure { throw failure }
    let (got, written) = (gets.latencies, puts.latencies)
    let routes = after.moves.routes.values
    return [
      ("moved_keys", "\(routes.reduce(0) { $0 + $1.keys })"),
      ("moved_bytes", "\(routes.reduce(0) { $0 + $1.bytes })"),
      ("gets", "\(got.count)"), ("puts", "\(written.count)"),
      ("p50_ms", Self.text(got.milliseconds(0.5))),
      ("p95_ms", Self.text(got.milliseconds(0.95))),
      ("p98_ms", Self.text(got.milliseconds(0.98))),
      ("p99_ms", Self.text(got.milliseconds(0.99))),
      ("p999_ms", Self.text(got.milliseconds(0.999))),
      ("longest_ms", Self.text(Double(got.longest) / 1e6)),
      ("put_p99_ms", Self.text(written.milliseconds(0.99))),
      ("not_in_hot_cache", "\(gets.missCount)"),
      ("blocks_read", "\(Self.sum(after, \.blockReads) - Self.sum(before, \.blockReads))"),
      ("flushes", "\(Self.sum(after, \.flushes) - Self.sum(before, \.flushes))"),
      ("compactions", "\(Self.sum(after, \.compactions) - Self.sum(before, \.compactions))"),
    ]
  }

  private func put(_ number: UInt64, into store: TieredStore, due: UInt64, _ answers: Answers) {
    answers.open()
    store.put(keys.key(number), keys.value(number)) { result in
      var failure: (any Error)?
      if case .failure(let error) = result { failure = error }
      answers.finish(now() - due, failure: failure)
    }
  }

  static func sum(
    _ statistics: StoreStatistics, _ count: KeyPath<StoreStatistics.TierStatistics, UInt64>
  ) -> UInt64 {
    statistics.tiers.values.reduce(0) { $0 + $1[keyPath: count] }
  }
}

/// A clock of the rule that is put forward by hand.
private final class Hours: Sendable {
  private let seconds = Mutex(0.0)

  func advance(by hours: Double) { seconds.withLock { $0 += hours * 3600 } }

  /// Placement by this clock, only when asked for.
  var settings: PlacementSettings {
    var settings = PlacementSettings()
    settings.intervalSeconds = nil
    settings.clock = PlacementClock { self.seconds.withLock { $0 } }
    return settings
  }
}

/// Reclassifies a store over and over, on a thread of its own.
private final class Mover: Sendable {
  private let store: TieredStore
  private let goesOn = Mutex(true)
  private let failure = Mutex<(any Error)?>(nil)
  private let threads = DispatchGroup()

  init(of store: TieredStore) { self.store = store }

  func start() {
    threads.enter()
    Thread { [self] in
      do {
        while goesOn.withLock({ $0 }) {
          let report = try store.reclassify()
          if report.isComplete, let first = report.failures.first { throw first }
        }
      } catch {
        // A store that is closed says so.
        if goesOn.withLock({ $0 }) { failure.withLock { $0 = error } }
      }
      threads.leave()
    }.start()
  }

  /// Closes the store, which ends what is under way.
  ///
  /// - Throws: What a reclassification failed by, or the closing.
  func stop(byClosing close: () throws -> Void) throws {
    goesOn.withLock { $0 = false }
    do {
      defer { threads.wait() }
      try close()
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
