import Synchronization
import Testing

@testable import StorageEngine

@Suite("A range is cut")
struct PartitionRuleTests {
  typealias File = PartitionRule.File

  @Test(
    "at the beginnings of files, after each share of the bytes",
    arguments: [
      ([], 4, []),
      ([(1, 100)], 2, []),
      ([(1, 100), (2, 100)], 2, [2]),
      ([(4, 10), (1, 10), (3, 10), (2, 10)], 2, [3]),
      ([(1, 10), (2, 10), (3, 10), (4, 10)], 4, [2, 3, 4]),
      ([(1, 10), (2, 10), (3, 10), (4, 10)], 9, [2, 3, 4]),
      ([(1, 90), (2, 5), (3, 5)], 2, [2]),
      ([(1, 10), (1, 10), (2, 20)], 2, [2]),
      // Files that begin before the range say nothing of where its bytes lie.
      ([(0, 1000), (5, 10), (6, 10)], 2, [6]),
    ] as [([(UInt8, Int)], Int, [UInt8])])
  func cuts(files: [(UInt8, Int)], count: Int, cuts: [UInt8]) {
    let range = KeyRange(from: [1], upTo: [9])
    let parts = PartitionRule.partitions(
      of: range, files: files.map { File(smallestKey: [$0.0], byteCount: $0.1) }, count: count)
    #expect(parts.dropFirst().map(\.lower) == cuts.map { [$0] })
    #expect(parts.first?.lower == [1])
    #expect(parts.last?.upper == [9])
    for (part, next) in zip(parts, parts.dropFirst()) { #expect(part.upper == next.lower) }
  }
}

@Suite("A scan in parts")
struct PartitionedScanTests {
  /// What the parts saw, in their order.
  private final class Seen: Sendable {
    let numbers: Mutex<[[UInt64]]>
    init(parts: Int) { numbers = Mutex(Array(repeating: [], count: parts)) }
  }

  @Test("sees each key once, in the order of keys within a part")
  func scan() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    var batch = StoreBatch()
    for number in 0..<20_000 as Range<UInt64> {
      batch.put((0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }, bytes("value"))
      if batch.count == 1000 {
        try store.write(batch)
        batch.removeAll()
        try store.flush()
      }
    }
    let parts = try store.partitions(count: 3)
    #expect((2...3).contains(parts.count))
    let seen = Seen(parts: 3)
    try store.scan(partitionCount: 3) { part, key, _ in
      let number = key.indices.reduce(0 as UInt64) { $0 << 8 | UInt64(key[$1]) }
      seen.numbers.withLock { $0[part].append(number) }
      return true
    }
    #expect(seen.numbers.withLock { $0.flatMap { $0 } } == Array(0..<20_000))
    #expect(throws: StoreError.self) { try store.scan(partitionCount: 0) { _, _, _ in true } }
  }
}
