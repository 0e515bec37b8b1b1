import Synchronization
import TestSupport
import Testing

@testable import StorageEngine

@Suite("A range is cut")
struct PartitionRuleTests {
  /// Data as a table of keys of one byte, and the bytes that lie from each up to the next.
  static func bytes(_ data: [(UInt8, UInt64)], below key: [UInt8]) -> UInt64 {
    data.filter { [$0.0].lexicographicallyPrecedes(key) }.reduce(0) { $0 + $1.1 }
  }

  @Test(
    "where each share of its bytes ends",
    arguments: [
      ([], 4, []),
      ([(1, 100)], 1, []),
      // All of it at one key cannot be cut.
      ([(1, 100)], 2, []),
      ([(1, 100), (2, 100)], 2, [2]),
      ([(1, 10), (2, 10), (3, 10), (4, 10)], 2, [3]),
      ([(1, 10), (2, 10), (3, 10), (4, 10)], 4, [2, 3, 4]),
      // More parts than there is to cut.
      ([(1, 10), (2, 10), (3, 10), (4, 10)], 9, [2, 3, 4]),
      ([(1, 90), (2, 5), (3, 5)], 2, [2]),
      ([(1, 5), (2, 5), (3, 90)], 2, [3]),
    ] as [([(UInt8, UInt64)], Int, [UInt8])])
  func cuts(data: [(UInt8, UInt64)], count: Int, cuts: [UInt8]) {
    let range = KeyRange(from: [1], upTo: [9])
    let parts = PartitionRule.partitions(
      of: range, boundaries: data.map { [$0.0] }, count: count
    ) { Self.bytes(data, below: $0) }
    // A cut may lie anywhere between two keys.
    #expect(
      parts.dropFirst().map { Self.bytes(data, below: $0.lowerBound) }
        == cuts.map { Self.bytes(data, below: [$0]) })
    #expect(parts.first?.lower == [1])
    #expect(parts.last?.upper == [9])
    for (part, next) in zip(parts, parts.dropFirst()) { #expect(part.upper == next.lower) }
  }

  /// 100 000 keys of eight bytes, evenly; a key's bytes are those of the numbers below it.
  static func even(below key: [UInt8]) -> UInt64 {
    let number = (0..<8).reduce(UInt64(0)) { $0 << 8 | ($1 < key.count ? UInt64(key[$1]) : 0) }
    return min(number, 100_000) * 50
  }

  @Test("in the middle of a file, to 1 in 64 of a part", arguments: [2, 3, 7, 64])
  func inFile(count: Int) throws {
    let last = withUnsafeBytes(of: UInt64(99_999).bigEndian) { [UInt8]($0) }
    let first = [UInt8](repeating: 0, count: 8)
    let parts = PartitionRule.partitions(
      of: .all, boundaries: [last, first, last], count: count, bytesBelow: Self.even)
    #expect(parts.count == count)
    let share = 5_000_000.0 / Double(count)
    for (index, part) in parts.enumerated().dropFirst() {
      let lower = try #require(part.lower)
      #expect(abs(Double(Self.even(below: lower)) - share * Double(index)) <= share / 64 + 50)
    }
  }

  @Test("where no file begins or ends in it, but the range has an end", arguments: [2, 5])
  func withinAFile(count: Int) {
    func key(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) } }
    let range = KeyRange(from: key(1000), upTo: key(2000))
    let parts = PartitionRule.partitions(
      of: range, boundaries: [key(0), key(99_999)], count: count
    ) { key in
      let number = key.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return (min(max(number, 1000), 2000) - 1000) * 50
    }
    #expect(parts.count == count)
  }

  @Test("into parts of which none is in another, also where the bytes change meanwhile")
  func changing() {
    let seed = UInt64.random(in: 1 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let count = Int.random(in: 2...9, using: &generator)
      let boundaries = (0..<6).map { _ in [UInt8.random(in: 0...255, using: &generator)] }
      let parts = PartitionRule.partitions(of: .all, boundaries: boundaries, count: count) { key in
        // Compaction takes bytes away and flushes add them, from one question to the next.
        let place = key.prefix(3).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return place * UInt64.random(in: 1...9, using: &generator)
      }
      for (part, next) in zip(parts, parts.dropFirst()) {
        #expect(part.upper == next.lower && !part.isEmpty, "seed \(seed)")
      }
      #expect(parts.first?.lower == nil && parts.last?.upper == nil, "seed \(seed)")
    }
  }

  @Test(
    "between two keys",
    arguments: [
      ([1], [3], [2, 0, 0, 0, 0, 0, 0, 0]),
      ([], [1], [0, 128, 0, 0, 0, 0, 0, 0]),
      ([7, 1], [7, 1, 0, 4], [7, 1, 0, 2, 0, 0, 0, 0, 0, 0]),
      ([1, 255, 255, 255, 255, 255, 255, 255, 3], [2], nil),
      ([5], [5, 0], nil),
    ] as [([UInt8], [UInt8], [UInt8]?)])
  func middle(low: [UInt8], high: [UInt8], expected: [UInt8]?) {
    let middle = PartitionRule.middle(low, high)
    #expect(middle == expected)
    if let middle {
      #expect(low.lexicographicallyPrecedes(middle))
      #expect(middle.lexicographicallyPrecedes(high))
    }
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
    // Compaction goes on, so that the bytes before a key may change while it is asked for.
    let seen = Seen(parts: 3)
    try store.scan(partitionCount: 3) { part, key, _ in
      let number = key.indices.reduce(0 as UInt64) { $0 << 8 | UInt64(key[$1]) }
      seen.numbers.withLock { $0[part].append(number) }
      return true
    }
    #expect(seen.numbers.withLock { $0.flatMap { $0 } } == Array(0..<20_000))
    // Level 0 is not compressed, so that parts of equal bytes differ in keys until it is gone.
    try store.waitUntilIdle()
    #expect(try store.partitions(count: 3).count == 3)
    // No part has much more to do than another, also where one file holds it all.
    try store.compact()
    try store.waitUntilIdle()
    let again = try store.partitions(count: 2)
    #expect(again.count == 2)
    var below = 0
    try store.snapshot().scan(again[0]) { _, _ in
      below += 1
      return true
    }
    #expect((9000...11000).contains(below))
    #expect(throws: StoreError.self) { try store.scan(partitionCount: 0) { _, _, _ in true } }
  }
}
