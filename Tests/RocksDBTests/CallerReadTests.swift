import RocksDB
import Testing

@Suite("Reads for callers")
struct CallerReadTests {
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
