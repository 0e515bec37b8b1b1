import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import StorageEngine

/// The memory that the cache takes from the kernel.
extension HotCacheTests {
  /// Pages that the calling thread had to wait for.
  private func faults() throws -> Int {
    var usage = rusage()
    // RUSAGE_THREAD, which Swift does not see.
    try #require(getrusage(1, &usage) == 0)
    return usage.ru_minflt + usage.ru_majflt
  }

  @Test(
    "lets no reader wait for the kernel's memory: fills before it is there are refused",
    arguments: [[4000], [100, 1_300_000, 4000, 300_000, 100, 100, 100]])
  func memory(sizes: [Int]) throws {
    let cache = try HotCache(byteLimit: 256 << 20)
    let values = sizes.map { [UInt8](repeating: 7, count: $0) }
    let end = Date() + Self.patience
    var waited = 0
    var count: UInt64 = 0
    // Until entries leave, so that every page was used.
    // Counts are asked for now and then only: that takes longer than a lookup, under a sanitizer by far.
    while count % 256 != 0 || cache.counts.evictions < 1000, Date() < end {
      count += 1
      let key = bytes("key \(count)")
      guard let ticket = read(cache, key).ticket else { continue }
      let value = values[Int(count) % values.count]
      let before = try faults()
      fill(cache, key, value, count, ticket: ticket)
      waited += try faults() - before
      if read(cache, key).value == nil { usleep(50) }
    }
    // 128 pages of 2 MiB, or 65 536 of 4 KiB; a handful are the thread's own.
    // A sanitizer has memory of its own beside that of the program, and touches it first as well.
    #expect(Self.isSanitized || waited < 20, "\(waited) faults, \(cache.counts)")
    #expect(cache.counts.evictions >= 1000 && cache.counts.fillsBeforeMemory > 0, "\(cache.counts)")
    #expect(cache.byteCount > 200 << 20)
  }

  @Test(
    "takes values as large as it admits, from the first one on", arguments: [1 << 20, 1_300_000])
  func large(size: Int) throws {
    let cache = try HotCache(byteLimit: 256 << 20)
    let value = [UInt8](repeating: 3, count: size)
    #expect(cache.admits(keyCount: 8, valueCount: size))
    let end = Date() + Self.patience
    var count: UInt64 = 0
    while cache.counts.fills < 100, Date() < end {
      count += 1
      let key = bytes("key \(count % 200)")
      guard let ticket = read(cache, key).ticket else { continue }
      fill(cache, key, value, count, ticket: ticket)
      if read(cache, key).value == nil { usleep(200) }
    }
    #expect(cache.counts.fills >= 100, "\(cache.counts)")
  }

  @Test("asks for its index's memory again where it was cleared while it was being taken")
  func clearedWhileTaken() throws {
    var shard = try HotCacheShard(byteCount: 64 << 20)
    let firstPages = shard.pagesToTake()
    let first = try #require(firstPages)
    #expect(first.0 == .index)
    shard.removeAll()
    first.1.take()
    shard.took(.index)
    let secondPages = shard.pagesToTake()
    let second = try #require(secondPages)
    #expect(second.0 == .index)
    second.1.take()
    shard.took(.index)
    let thirdPages = shard.pagesToTake()
    let third = try #require(thirdPages)
    #expect(third.0 != .index)
  }

  /// The parts whose memory a shard asks for until it wants no more; it gets all of it.
  private func takeWanted(_ shard: inout HotCacheShard) -> [HotCacheShard.Part] {
    var parts: [HotCacheShard.Part] = []
    while let (part, pages) = shard.pagesToTake() {
      pages.take()
      shard.took(part)
      parts.append(part)
    }
    return parts
  }

  @Test(
    "takes memory only as entries need it: for the main queue once they come there",
    arguments: [100, 1 << 20])
  func memoryAsNeeded(valueCount: Int) throws {
    var shard = try HotCacheShard(byteCount: 64 << 20)
    // Room for one page of 2 MiB of new entries, which is less than the small queue has.
    var taken = takeWanted(&shard)
    #expect(taken == [.index, .small])
    let value = [UInt8](repeating: 7, count: valueCount)
    var number: UInt64 = 0
    /// Fills in one entry; whether it was taken.
    func fillOne(_ shard: inout HotCacheShard) throws -> Bool {
      number += 1
      let key = bytes("key \(number)")
      let hash = KeyHash.hash(key.span)
      let fills = shard.counts.fills
      let found = shard.ticket(hash: hash)
      shard.fill(
        hash: hash, key: key.span, value: value.span, version: version(number), from: .hot,
        ticket: try #require(found))
      return shard.counts.fills > fills
    }
    while !taken.contains(.main) {
      let isTaken = try fillOne(&shard)
      let byteCount = shard.entryCount * valueCount
      try #require(isTaken && byteCount < 6 << 20, "\(byteCount), \(shard.counts)")
      taken += takeWanted(&shard)
    }
    let (byteCount, refused) = (shard.entryCount * valueCount, shard.counts.fillsBeforeMemory)
    #expect(byteCount >= 2_000_000)
    // And nothing is refused from then on, whatever leaves the small queue.
    while shard.counts.evictions < 100 {
      _ = try fillOne(&shard)
      let counts = shard.counts
      try #require(counts.fillsBeforeMemory == refused && number < 1_000_000, "\(counts)")
      _ = takeWanted(&shard)
    }
  }
}
