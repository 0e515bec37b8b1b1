import Foundation
import TestSupport
import Testing

@testable import StorageEngine

/// A public trace, replayed by one client against a real store whose keys all lie in cold.
///
/// The first half of the accesses trains; figures are of the second. Between two of them the client does
/// something with what it got: one that asks for the next at once leaves no time to read it ahead in.
/// STORE_TRACES=1 replays whole traces, STORE_THINKS sets the microseconds.
@Suite("Prefetching on access traces", .enabled(if: PublicTraces.folder != nil), .serialized)
struct PrefetchTraceTests {
  struct Outcome: Sendable {
    var issued: UInt64
    var used: UInt64
    var wasted: UInt64
    var hitShare: Double
    var p50: Double
    var p99: Double
    /// For which the client waited, all in all.
    var seconds: Double
    /// Of what was read ahead and is decided, the share that was used.
    var precision: Double { Double(used) / Double(max(1, used + wasted)) }
  }

  private static let thinks =
    ProcessInfo.processInfo.environment["STORE_THINKS"]
    .flatMap { UInt32($0) } ?? 100

  private func think() {
    if Self.thinks > 0 { usleep(Self.thinks) }
  }

  private func key(_ block: UInt64) -> [UInt8] {
    let digits = String(block)
    return bytes("block " + String(repeating: "0", count: max(0, 12 - digits.count)) + digits)
  }

  /// Replays on a thread of its own: a client is a thread, and other tests wait for those of this one.
  private func replay(_ accesses: [UInt64], prefetchBytes: Int) async throws -> Outcome {
    try await withCheckedThrowingContinuation { waiting in
      Thread.detachNewThread {
        waiting.resume(
          with: Result { try replayHere(accesses, prefetchBytes: prefetchBytes) })
      }
    }
  }

  private func replayHere(_ accesses: [UInt64], prefetchBytes: Int) throws -> Outcome {
    let fixture = try StoreFixture()
    let blocks = Set(accesses).sorted()
    let entries = max(1, blocks.count / 10)
    // So that the least cache that there may be is a tenth.
    let valueBytes = min(16_000, max(2000, (16 << 20) / entries))
    let memory = Int(
      Double(entries * EntryRing.entryBytes(keyCount: 18, valueCount: valueBytes)) / 0.87)
    var configuration = StoreFixture.small
    configuration.placement = nil
    // Who does not read ahead has the memory for the cache instead.
    configuration.hotCacheBytes = memory + (prefetchBytes > 0 ? 0 : 1 << 20)
    configuration.prefetchBytes = prefetchBytes
    configuration.directReads = true
    let store = try fixture.create(configuration)
    var random = SeededGenerator(seed: 9)
    let value = random.bytes(valueBytes)
    for part in stride(from: 0, to: blocks.count, by: 500) {
      var batch = StoreBatch()
      for block in blocks[part..<min(part + 500, blocks.count)] { batch.put(key(block), value) }
      try store.write(batch)
    }
    try store.move(.all, from: .hot, to: .cold)
    try store.waitUntilIdle()
    let half = accesses.count / 2
    for block in accesses[..<half] {
      #expect(try store.get(key(block)) { $0.count } == valueBytes)
      think()
    }
    if let counts = store.prefetch?.ledger.counts { print("trained: \(counts)") }
    let before = (store.prefetch?.ledger.counts ?? .init(), try store.statistics())
    var times: [UInt64] = []
    times.reserveCapacity(accesses.count - half)
    var waited = 0.0
    for block in accesses[half...] {
      let key = key(block)
      let start = DispatchTime.now().uptimeNanoseconds
      let count = try store.get(key) { $0.count }
      let time = DispatchTime.now().uptimeNanoseconds - start
      times.append(time)
      waited += Double(time) / 1e9
      #expect(count == valueBytes)
      think()
    }
    let after = (store.prefetch?.ledger.counts ?? .init(), try store.statistics())
    times.sort()
    // A get that found nothing in the cache, or waited for who was reading it ahead, was a miss.
    let misses = after.1.cacheMisses - before.1.cacheMisses
    try store.close()
    return Outcome(
      issued: after.0.issued - before.0.issued, used: after.0.used - before.0.used,
      wasted: after.0.wasted - before.0.wasted,
      hitShare: 1 - Double(misses) / Double(accesses.count - half),
      p50: Double(times[times.count / 2]) / 1e3, p99: Double(times[times.count * 99 / 100]) / 1e3,
      seconds: waited)
  }

  @Test(
    "most of what is read ahead is used",
    arguments: ["OLTP.lis.zst", "P3.lis.zst", "multi3.trace.gz", "sprite.trace.gz"])
  func trace(name: String) async throws {
    var accesses = try PublicTraces.blocks(name)
    if ProcessInfo.processInfo.environment["STORE_TRACES"] == nil {
      accesses = Array(accesses.prefix(60_000))
    }
    let with = try await replay(accesses, prefetchBytes: 1 << 20)
    let without = try await replay(accesses, prefetchBytes: 0)
    let misses = (1 - without.hitShare) * Double(accesses.count - accesses.count / 2)
    let percent = { (share: Double) in String(format: "%.1f %%", 100 * share) }
    print(
      """
      \(name), \(accesses.count) accesses: read ahead \(with.issued), used \(percent(with.precision)), \
      coverage of misses \(percent(Double(with.used) / max(1, misses))), \
      hits \(percent(with.hitShare)) (without \(percent(without.hitShare))), \
      P50 \(with.p50) (\(without.p50)) µs, P99 \(with.p99) (\(without.p99)) µs, \
      \(with.seconds) (\(without.seconds)) s
      """)
    // On a busy machine some come too late; below two fifths it turns itself down.
    #expect(with.precision >= 0.4 || with.issued < UInt64(accesses.count / 20))
  }
}
