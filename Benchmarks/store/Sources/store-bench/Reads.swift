import Foundation
import StorageEngine
import Synchronization

extension Case {
  /// Random gets of keys that are in the cache, on so many threads.
  func get() throws -> Fields {
    let store = try filled()
    let threads = max(1, try arguments.number("threads", 1))
    let seconds = max(1, try arguments.number("seconds", 5))
    try warm(store)
    let before = try store.statistics()
    let keys = keys
    let total = Atomic(0)
    let start = now()
    let end = start + UInt64(seconds) * 1_000_000_000
    try Self.onThreads(threads) { thread in
      var random = Random(seed: UInt64(thread) + 1)
      var key = Keys.empty
      var count = 0
      while now() < end {
        for _ in 0..<1000 {
          let number = random.below(keys.count)
          keys.write(number, to: &key)
          guard try store.get(key, { keys.isValue($0, of: number) }) == true else {
            throw WrongValue(number: number)
          }
        }
        count += 1000
      }
      total.add(count, ordering: .relaxed)
    }
    let duration = now() - start
    let after = try store.statistics()
    let hits = Double(after.cacheHits - before.cacheHits)
    let misses = Double(after.cacheMisses - before.cacheMisses)
    try store.close()
    let count = total.load(ordering: .relaxed)
    return [
      ("operations", "\(count)"), ("rate", Self.rate(count, duration)),
      ("hit_ratio", Self.text(hits / max(1, hits + misses))),
    ]
  }

  /// Lookups of 1000 random keys at once, all of them cached.
  func multiGet() throws -> Fields {
    let store = try filled()
    let size = max(1, try arguments.number("batch", 1000))
    let seconds = max(1, try arguments.number("seconds", 5))
    try warm(store)
    var random = Random(seed: 3)
    var latencies = Latencies()
    let start = now()
    let end = start + UInt64(seconds) * 1_000_000_000
    while now() < end {
      let numbers = (0..<size).map { _ in random.below(keys.count) }
      let wanted = numbers.map { keys.key($0) }
      let begun = now()
      let values = try store.multiGet(wanted)
      latencies.record(now() - begun)
      for (number, value) in zip(numbers, values) {
        guard let value, keys.isValue(value.span, of: number) else {
          throw WrongValue(number: number)
        }
      }
    }
    try store.close()
    return [
      ("operations", "\(latencies.count)"), ("p50_ms", Self.text(latencies.milliseconds(0.5))),
      ("p99_ms", Self.text(latencies.milliseconds(0.99))),
    ]
  }

  /// Scans of the whole store, each thread its own part of the keys.
  func scan() throws -> Fields {
    let store = try filled()
    let threads = max(1, try arguments.number("threads", 2))
    let rounds = max(1, try arguments.number("operations", 3))
    var best: [(UInt64, Int)] = []
    for _ in 0...rounds {
      let snapshot = try store.snapshot()
      let parts = try store.partitions(count: threads)
      let entries = Atomic(0)
      let bytes = Atomic(0)
      let start = now()
      try Self.onThreads(parts.count) { part in
        var (count, size) = (0, 0)
        try snapshot.scan(parts[part]) { key, value in
          count += 1
          size += key.count + value.count
          return true
        }
        entries.add(count, ordering: .relaxed)
        bytes.add(size, ordering: .relaxed)
      }
      let total = entries.load(ordering: .relaxed)
      guard total == Int(keys.count) else { throw WrongValue(number: UInt64(total)) }
      best.append((now() - start, bytes.load(ordering: .relaxed)))
    }
    // The first brings the blocks into memory.
    let times = best.dropFirst().map(\.0).sorted()
    let median = times[times.count / 2]
    try store.close()
    return [
      ("entries_per_second", Self.rate(Int(keys.count), median)),
      ("bytes_per_second", Self.rate(best[0].1, median)),
    ]
  }

  /// Random gets of a store larger than its memory, once that is full.
  func getLarge() throws -> Fields {
    let store = try filled()
    let threads = max(1, try arguments.number("threads", 2))
    let seconds = max(1, try arguments.number("seconds", 10))
    // More threads, so that the memory is filled sooner.
    _ = try randomGets(store, threads: 16, seconds: 10, seed: 1000)
    let before = try store.statistics()
    let start = now()
    let latencies = try randomGets(store, threads: threads, seconds: seconds, seed: 1)
    let duration = now() - start
    let after = try store.statistics()
    let reads = Self.sum(after, \.blockReads) - Self.sum(before, \.blockReads)
    try store.close()
    return [
      ("operations", "\(latencies.count)"), ("rate", Self.rate(Int(latencies.count), duration)),
      ("p99_ms", Self.text(latencies.milliseconds(0.99))),
      ("blocks_read", "\(reads)"),
    ]
  }

  /// Gets of random keys for so many seconds, each value compared.
  private func randomGets(
    _ store: TieredStore, threads: Int, seconds: Int, seed: UInt64
  ) throws -> Latencies {
    let keys = keys
    let merged = Mutex(Latencies())
    let end = now() + UInt64(seconds) * 1_000_000_000
    try Self.onThreads(threads) { thread in
      var random = Random(seed: UInt64(thread) + seed)
      var key = Keys.empty
      var latencies = Latencies()
      var begun = now()
      while begun < end {
        let number = random.below(keys.count)
        keys.write(number, to: &key)
        guard try store.get(key, { keys.isValue($0, of: number) }) == true else {
          throw WrongValue(number: number)
        }
        let ended = now()
        latencies.record(ended - begun)
        begun = ended
      }
      merged.withLock { [latencies] in $0.add(latencies) }
    }
    return merged.withLock { $0 }
  }

  /// Reads every key until all of them are in the cache, as they are in the peers': a first reading may be
  /// faster than the cache's memory comes from the kernel.
  func warm(_ store: TieredStore) throws {
    let keys = keys
    for _ in 0..<4 {
      let before = try store.statistics().cacheMisses
      try Self.onThreads(2) { thread in
        var key = Keys.empty
        for number in 0..<keys.count where number % 2 == UInt64(thread) {
          keys.write(number, to: &key)
          guard try store.get(key, { keys.isValue($0, of: number) }) == true else {
            throw WrongValue(number: number)
          }
        }
      }
      if try store.statistics().cacheMisses - before <= keys.count / 100_000 { return }
    }
  }
}
