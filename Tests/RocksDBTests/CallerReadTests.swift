import CRocksDB
import Foundation
import RocksDB
import Testing

@Suite("Reads for callers")
struct CallerReadTests {
  /// RocksDB's `kEnableTime` and `user_key_comparison_count`.
  private static let (times, comparisons) = (Int32(5), Int32(0))

  @Test("are not counted by RocksDB for their thread, unless the thread has asked for it")
  func threadCounts() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    for (level, isCounted) in [(nil, false), (Self.times, true)] as [(Int32?, Bool)] {
      // A thread of its own: what one has chosen stays.
      let count = try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(
            with: Result {
              if let level { rocksdb_set_perf_level(level) }
              let database = try Database(at: path, options: making())
              for number in 0..<10 { try database.put(["\(number)": "value"]) }
              let context = rocksdb_perfcontext_create()
              defer { rocksdb_perfcontext_destroy(context) }
              _ = try database.get(bytes("5"))
              rocksdb_perfcontext_reset(context)
              _ = try database.get(bytes("5"))
              return rocksdb_perfcontext_metric(context, Self.comparisons)
            })
        }
      }
      #expect((count > 0) == isCounted, "\(count) comparisons")
    }
  }

  @Test("are counted with their bytes, and those of compaction are not")
  func counts() throws {
    let folder = try TemporaryFolder()
    let options = making {
      $0.blockCacheBytes = 0
      $0.disableAutomaticCompaction = true
    }
    let database = try Database(at: folder.path, options: options)
    for file in 0..<4 {
      var batch = WriteBatch()
      for number in 0..<2000 { batch.put(key(number), bytes("\(file) \(number)")) }
      try database.write(&batch)
      try database.flush()
    }
    try database.compact()
    let before = database.callerReads
    #expect(database.ticker(.compactionBytesRead) > 0)
    for number in stride(from: 0, to: 2000, by: 100) {
      let value = try database.get(key(number))
      #expect(value == bytes("3 \(number)"))
    }
    let after = database.callerReads
    #expect(after.count >= before.count + 20)
    #expect(after.byteCount > before.byteCount)
    // Opening a table reads its end and its index: a handful of reads, far below the data's blocks.
    #expect(before.count < 40, "\(before)")
    try database.close()
  }
}
