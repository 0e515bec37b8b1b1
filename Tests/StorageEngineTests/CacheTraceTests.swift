import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import StorageEngine

/// Public access traces, which belong beside the checkout; tests without them are left out.
enum PublicTraces {
  static let folder: String? = {
    let given = ProcessInfo.processInfo.environment["STOREBENCH_TRACES"]
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let path = given ?? root.appending(path: "shared/traces").path(percentEncoded: false)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  /// The blocks that a trace asks for, one after the other.
  static func blocks(_ name: String) throws -> [UInt64] {
    let path = try #require(folder) + "/" + name
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name.hasSuffix(".zst") ? "zstd" : "gzip", "-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    var blocks: [UInt64] = []
    for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: " ").compactMap { UInt64($0) }
      guard let first = fields.first else { continue }
      // ARC's traces name a first block and how many follow it; those of LIRS one block a line.
      let count = fields.count >= 2 ? fields[1] : 1
      for block in first..<first + max(1, count) { blocks.append(block) }
    }
    return blocks
  }
}

@Suite("The hot cache on access traces")
struct CacheTraceTests {
  private static let valueBytes = 1000

  /// The share of accesses that the real cache misses, with room for so many entries.
  private func missShare(_ accesses: [UInt64], entries: Int) throws -> Double {
    let entryBytes = EntryRing.entryBytes(keyCount: 8, valueCount: Self.valueBytes)
    // What the cache takes for its own tables comes on top.
    let cache = try HotCache(byteLimit: Int(Double(entries * entryBytes) / (1 - 0.1 - 1.0 / 32)))
    let value = [UInt8](repeating: 1, count: Self.valueBytes)
    var misses = 0
    for block in accesses {
      let key = withUnsafeBytes(of: block.bigEndian) { Array($0) }
      let hash = KeyHash.hash(key.span)
      guard case .miss(let ticket?) = cache.read(hash: hash, key: key.span, { _, _ in () })
      else { continue }
      misses += 1
      var early = cache.counts.fillsBeforeMemory
      while true {
        cache.fill(
          hash: hash, key: key.span, value: value.span, version: Version(epoch: 0, sequence: 1),
          from: .hot, ticket: ticket)
        let now = cache.counts.fillsBeforeMemory
        if now == early { break }
        early = now
        usleep(20)
      }
    }
    return Double(misses) / Double(accesses.count)
  }

  /// Figures of S3-FIFO by libCacheSim at a tenth of the footprint.
  @Test(
    "misses as seldom as S3-FIFO should, within a point",
    .enabled(if: PublicTraces.folder != nil),
    arguments: [("OLTP.lis.zst", 0.323), ("multi3.trace.gz", 0.523)])
  func traces(name: String, expected: Double) throws {
    let accesses = try PublicTraces.blocks(name)
    let footprint = Set(accesses).count
    let share = try missShare(accesses, entries: footprint / 10)
    print("\(name): \(accesses.count) accesses to \(footprint) blocks, misses \(share)")
    #expect(abs(share - expected) <= 0.01)
  }

  /// The share of accesses that a cache of the least recently used misses.
  private func leastRecentlyUsedMissShare(_ accesses: [UInt64], entries: Int) -> Double {
    // The last access of each key tells its age; accesses that were overtaken by others are passed over.
    var lastUse: [UInt64: Int] = [:]
    var oldest = 0
    var misses = 0
    for (time, key) in accesses.enumerated() {
      if lastUse.updateValue(time, forKey: key) == nil { misses += 1 }
      while lastUse.count > entries {
        if lastUse[accesses[oldest]] == oldest { lastUse[accesses[oldest]] = nil }
        oldest += 1
      }
    }
    return Double(misses) / Double(accesses.count)
  }

  /// libCacheSim's figures for Zipf 0.99 at a tenth of the footprint: LRU 32.7 %, S3-FIFO 27.4 %.
  ///
  /// They do not say of how many keys and accesses; with these LRU misses as many.
  @Test("misses as seldom as S3-FIFO should where use follows Zipf's law, within a point")
  func zipf() throws {
    let ranks = ZipfTable(count: 100_000, skew: 0.99)
    var generator = SeededGenerator(seed: 1)
    let accesses = (0..<500_000).map { _ in UInt64(ranks.rank(generator.unit())) }
    let entries = Set(accesses).count / 10
    let recency = leastRecentlyUsedMissShare(accesses, entries: entries)
    #expect(abs(recency - 0.327) <= 0.005)
    let share = try missShare(accesses, entries: entries)
    print("Zipf 0.99: misses \(share), LRU \(recency)")
    #expect(abs(share - 0.274) <= 0.01)
  }
}
