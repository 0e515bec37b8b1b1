import Foundation
import Glibc
import RocksDB
import Testing

@Suite("A database looks after its files")
struct MaintenanceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A database with one table file of `count` keys.
  private func filled(_ count: Int, _ options: DatabaseOptions = making()) throws -> Database {
    let database = try Database(at: folder.path("db"), options: options)
    var batch = WriteBatch()
    for number in 0..<count { batch.put(key(number), key(number * 7)) }
    try database.write(&batch)
    try database.flush()
    return database
  }

  @Test("a checkpoint holds its moment, and is a database of its own")
  func checkpoint() throws {
    let database = try filled(100)
    try database.put(["in memory": "1"])
    try database.checkpoint(to: folder.path("copy"))
    try database.put(["later": "1"])
    let copy = try Database(at: folder.path("copy"))
    let values = try ["in memory", "later"].map { try copy.text($0) }
    #expect(values == ["1", nil])
    try copy.put(["copy": "1"])
    let original = try database.text("copy")
    #expect(original == nil)
    do {
      try database.checkpoint(to: folder.path("copy"))
      Issue.record("a checkpoint was made over a folder")
    } catch {
      #expect(error.code == .invalidArgument)
    }
  }

  @Test(
    "a checkpoint that finds another file system full leaves the room kept for the log alone",
    .enabled(if: geteuid() == 0, "mounting needs root"))
  func fullCheckpoint() throws {
    // Room for its own folder, the checkpoint's and one file.
    let elsewhere = folder.path("elsewhere")
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    try #require(mount("none", elsewhere, "tmpfs", 0, "nr_inodes=3") == 0)
    defer { _ = umount2(elsewhere, Int32(MNT_DETACH)) }
    let database = try filled(100, making { $0.reserveBytes = 4 << 20 })
    let refusal = failure { () throws(RocksDBError) in
      try database.checkpoint(to: elsewhere + "/copy")
    }
    #expect(refusal?.code == .noSpace, "\(refusal?.description ?? "it was made")")
    let reserve = folder.path("db/\(Database.reserveName)")
    let size = try FileManager.default.attributesOfItem(atPath: reserve)[.size] as? Int
    #expect(size == 4 << 20)
    try database.put(["again": "1"])
    try database.flush()
  }

  @Test("compaction takes first what waited longest: files of other keys do not fill level 0")
  func oldestFirst() throws {
    let database = try Database(
      at: folder.path("db"),
      options: making {
        $0.level0Files = 4
        $0.dynamicLevels = true
      })
    func put(_ prefix: String) throws {
      try database.put(["\(prefix)1": "value", "\(prefix)9": "value"])
      try database.flush()
      while database.isBusyInBackground { usleep(1000) }
    }
    func filesInLevel0() -> String? { database.property("rocksdb.num-files-at-level0") }
    try put("a")
    try put("z")
    try database.compact()
    for _ in 0..<3 { try put("z") }
    #expect(filesInLevel0() == "3")
    // Full now, by the newest file. The three before it go, and there is room for three more.
    try put("a")
    #expect(filesInLevel0() == "1")
    for _ in 0..<2 { try put("a") }
    #expect(filesInLevel0() == "3")
  }

  @Test(
    "a table file made elsewhere is taken in, over what is there in files and in memory",
    arguments: [DatabaseOptions.Memtable.skiplist, .hashSegments(segmentEntries: 1024)])
  func ingest(memtable: DatabaseOptions.Memtable) throws {
    let database = try filled(10, making { $0.memtable = memtable })
    var batch = WriteBatch()
    batch.put(key(4), bytes("in memory"))
    batch.put(key(6), bytes("in memory"))
    try database.write(&batch)
    let path = folder.path("more.sst")
    var writer = try TableFileWriter(at: path)
    try writer.put(key(3).span.bytes, bytes("new").span.bytes)
    try writer.delete(key(4).span.bytes)
    try writer.put(key(70).span.bytes, bytes("more").span.bytes)
    let size = try writer.finish()
    #expect(size > 0)
    try database.ingest(files: [path])
    #expect(!folder.has("more.sst"))
    let values = try [3, 4, 5, 6, 70].map { try database.get(key($0)) }
    #expect(values == [bytes("new"), nil, key(35), bytes("in memory"), bytes("more")])
  }

  @Test("a table file takes keys only as they ascend")
  func ascending() throws {
    var writer = try TableFileWriter(at: folder.path("x.sst"))
    try writer.put(key(3).span.bytes, bytes("a").span.bytes)
    do {
      try writer.put(key(2).span.bytes, bytes("a").span.bytes)
      Issue.record("keys went down")
    } catch {
      #expect(error.code == .invalidArgument)
      #expect(error.path == folder.path("x.sst"))
    }
  }

  @Test("a table file that is not there is not taken in")
  func ingestMissing() throws {
    let database = try filled(10)
    do {
      try database.ingest(files: [folder.path("none.sst")])
      Issue.record("nothing was taken in")
    } catch {
      #expect(error.code == .notFound)
      #expect(error.path == folder.path("none.sst"))
    }
  }

  @Test("damage in a table file is told with its name: by reads, walks and the check")
  func corruption() throws {
    let path: String
    do {
      let database = try filled(20_000, making { $0.compression = .none })
      let files = database.tableFiles()
      #expect(files.count == 1)
      path = try #require(files.first?.path)
      #expect(files.first?.entryCount == 20_000)
      #expect(files.first?.smallestKey == key(0))
      #expect(files.first?.largestKey == key(19_999))
      try database.verifyChecksums()
      let damaged = database.damagedFiles()
      #expect(damaged == [])
    }
    try damage(path, at: 1000)
    let database = try Database(at: folder.path("db"))
    var errors: [RocksDBError] = []
    do { try database.verifyChecksums() } catch { errors.append(error) }
    do { _ = try database.get(key(10)) } catch { errors.append(error) }
    do { try database.multiGet([key(10), key(11)]) { _, _ in } } catch { errors.append(error) }
    do { _ = try texts(database.iterator()) } catch let error as RocksDBError {
      errors.append(error)
    }
    errors += database.damagedFiles()
    #expect(errors.count == 5)
    for error in errors {
      #expect(error.code == .corruption)
      #expect(error.path == path)
      #expect(error.description.hasPrefix(path + ": stored data are damaged: "))
    }
    // The rest is there.
    let far = try database.get(key(19_999))
    #expect(far == key(19_999 * 7))
  }

  @Test("every damaged file is told, not only the first")
  func damagedFiles() throws {
    do {
      let database = try filled(5000, making { $0.disableAutomaticCompaction = true })
      for round in 1...2 {
        var batch = WriteBatch()
        for number in 0..<5000 { batch.put(key(number), key(number + round)) }
        try database.write(&batch)
        try database.flush()
      }
      let files = database.tableFiles().map(\.path).sorted()
      #expect(files.count == 3)
      try damage(files[0], at: 100)
      try damage(files[2], at: 100)
    }
    let database = try Database(
      at: folder.path("db"), options: making { $0.disableAutomaticCompaction = true })
    let files = database.tableFiles().map(\.path).sorted()
    let damaged = database.damagedFiles().map(\.path).sorted()
    #expect(damaged == [files[0], files[2]])
  }

  @Test("a missing table file is told with its name when opening")
  func missingFile() throws {
    let path: String
    do {
      let database = try filled(100)
      path = try #require(database.tableFiles().first?.path)
    }
    try FileManager.default.removeItem(atPath: path)
    let error = failure { () throws(RocksDBError) in _ = try Database(at: folder.path("db")) }
    #expect(error?.code == .corruption || error?.code == .notFound)
    #expect(error?.path == path, "\(error?.message ?? "")")
  }

  @Test("a flipped bit in the middle of the log is refused, naming the log")
  func logDamage() throws {
    do {
      let database = try Database(at: folder.path("db"), options: making())
      for number in 0..<1000 {
        var batch = WriteBatch()
        batch.put(key(number), key(number))
        try database.write(&batch)
      }
    }
    let log = try #require(folder.names(in: "db").first { $0.hasSuffix(".log") })
    try damage(folder.path("db/" + log), at: 10_000, count: 1)
    let error = failure { () throws(RocksDBError) in _ = try Database(at: folder.path("db")) }
    #expect(error?.code == .corruption)
    #expect(error?.path == folder.path("db/" + log), "\(error?.message ?? "")")
  }

  @Test(
    "a log that was cut short by a crash gives all whole batches, and nothing of the torn one",
    arguments: [DatabaseOptions.Memtable.skiplist, .hashSegments(segmentEntries: 1024)])
  func tornLog(memtable: DatabaseOptions.Memtable) throws {
    let options = making { $0.memtable = memtable }
    do {
      let database = try Database(at: folder.path("db"), options: options)
      for number in 0..<900 {
        var batch = WriteBatch()
        batch.put(key(number), key(number))
        try database.write(&batch)
      }
      var batch = WriteBatch()
      for number in 900..<1000 { batch.put(key(number), key(number)) }
      batch.delete(key(0))
      try database.write(&batch)
    }
    let log = try #require(folder.names(in: "db").first { $0.hasSuffix(".log") })
    let file = try FileHandle(forUpdating: URL(filePath: folder.path("db/" + log)))
    let end = try file.seekToEnd()
    try file.truncate(atOffset: end - 5)
    try file.close()
    do {
      let database = try Database(at: folder.path("db"), options: options, readOnly: true)
      let count = try texts(database.iterator()).count
      #expect(count == 900)
    }
    let database = try Database(at: folder.path("db"), options: options)
    let count = try texts(database.iterator()).count
    #expect(count == 900)
  }

  @Test(
    "logs are recycled only where recovery passes over damage",
    arguments: [
      (DatabaseOptions.LogRecovery.tolerateTornTail, false), (.absolute, false),
      (.pointInTime, false), (.skipDamage, true),
    ])
  func logRecycling(recovery: DatabaseOptions.LogRecovery, recycles: Bool) throws {
    let database = try Database(
      at: folder.path("db"),
      options: making {
        $0.logRecycling = 2
        $0.logRecovery = recovery
      })
    for number in 0..<6 {
      try database.put(["\(number)": "1"])
      try database.flush()
    }
    let messages = try String(contentsOfFile: folder.path("db/LOG"), encoding: .utf8)
    let kept = messages.firstMatch(of: /Options.recycle_log_file_num: (\d+)/)?.1
    #expect(kept == (recycles ? "2" : "0"))
    let count = try texts(database.iterator()).count
    #expect(count == 6)
  }

  @Test("tickers count filters, cache, bytes and syncs")
  func tickers() throws {
    let database = try filled(10_000)
    for number in 0..<1000 { _ = try database.get(key(number)) }
    for number in 0..<1000 { _ = try database.get(key(number) + [0]) }
    var batch = WriteBatch()
    batch.put(key(1), key(1))
    try database.write(&batch, sync: true)
    let tickers = database.tickers()
    #expect(tickers.count == Ticker.allCases.count)
    #expect(tickers[.keysWritten] == 10_001)
    #expect(tickers[.keysRead] == 2000)
    #expect(tickers[.memtableMiss] == 2000)
    #expect((tickers[.filterUseful] ?? 0) > 900)
    #expect((tickers[.dataBlockMiss] ?? 0) > 0)
    #expect((tickers[.dataBlockHit] ?? 0) > (tickers[.dataBlockMiss] ?? 0))
    #expect((tickers[.bytesWritten] ?? 0) > 220_000)
    #expect((tickers[.bytesRead] ?? 0) >= 11_000)
    #expect((tickers[.flushBytesWritten] ?? 0) > 0)
    #expect((tickers[.logBytes] ?? 0) > 220_000)
    #expect(tickers[.logSyncs] == 1)
    let keysRead = database.ticker(.keysRead)
    #expect(keysRead == 2000)
  }

  @Test("flushes and compactions are counted")
  func events() throws {
    let database = try filled(1000)
    try database.put(["z": "1"])
    try database.flush()
    try database.compact(rewriteBottom: true)
    let events = database.events()
    #expect(events.flushCount == 2)
    #expect(events.compactionCount >= 1)
    #expect(events.backgroundErrorCount == 0)
    #expect(events.backgroundError == nil)
    #expect(events.stall == .none)
  }

  @Test("properties and sizes are told")
  func properties() throws {
    let database = try filled(10_000)
    let numbers = ["rocksdb.estimate-num-keys", "rocksdb.no-such-thing"]
      .map { database.integerProperty($0) }
    #expect(numbers == [10_000, nil])
    let words = ["rocksdb.stats", "rocksdb.no-such-thing"].map { database.property($0) }
    #expect(words[0]?.contains("Compaction Stats") == true)
    #expect(words[1] == nil)
    let all = try database.approximateByteCount(from: key(0), to: key(10_000))
    let half = try database.approximateByteCount(from: key(0), to: key(5000))
    #expect(all > half)
    #expect(half > 0)
    #expect(Database.libraryVersion.hasPrefix("7.8."))
  }

  @Test("two databases share one block cache and one write budget")
  func shared() throws {
    let cache = BlockCache(byteCount: 8 << 20, kind: .hyperClock(blockBytes: 4096))
    let budget = WriteBudget(byteCount: 4 << 20, chargedTo: cache)
    let options = making {
      $0.blockCache = cache
      $0.writeBudget = budget
    }
    let first = try Database(at: folder.path("one"), options: options)
    let second = try Database(at: folder.path("two"), options: options)
    for number in 0..<20_000 {
      var batch = WriteBatch()
      batch.put(key(number), key(number))
      try first.write(&batch)
      try second.write(&batch)
    }
    #expect(budget.byteCount > 0)
    #expect(cache.byteCount >= budget.byteCount)
    try first.flush()
    let before = first.ticker(.dataBlockHit)
    // What the first reads bring in the second find; the memtables' share comes and goes meanwhile.
    for _ in 0..<2 {
      for number in stride(from: 0, to: 20_000, by: 2000) { _ = try first.get(key(number)) }
    }
    #expect(first.ticker(.dataBlockHit) >= before + 10)
    #expect(cache.byteCount > budget.byteCount)
    #expect(cache.byteLimit == 8 << 20)
  }

  @Test(
    "every kind of compression and filter reads back",
    arguments: [
      DatabaseOptions.Compression.none, .lz4, .zstd(level: 10),
    ], [true, false])
  func kinds(compression: DatabaseOptions.Compression, ribbon: Bool) throws {
    let database = try filled(
      3000,
      making {
        $0.compression = compression
        $0.bottomCompression = .zstd(level: 3)
        $0.ribbonFilter = ribbon
        $0.mmapReads = ribbon
      })
    try database.compact(rewriteBottom: true)
    let values = try [0, 1500, 2999, 3000].map { try database.get(key($0)) }
    #expect(values == [key(0), key(10_500), key(20_993), nil])
  }

  @Test("level 0 is left uncompressed where that is asked for, and the levels below are not")
  func levelZero() throws {
    var sizes: [[Int]] = []
    for compresses in [true, false] {
      let database = try filled(20_000, making { $0.compressesLevel0 = compresses })
      let first = try #require(database.tableFiles().first)
      #expect(first.level == 0)
      try database.compact(rewriteBottom: true)
      let below = try #require(database.tableFiles().first)
      #expect(below.level > 0)
      sizes.append([first.byteCount, below.byteCount])
      try database.close()
      try FileManager.default.removeItem(atPath: folder.path("db"))
    }
    #expect(sizes[0][0] * 6 < sizes[1][0] * 5)
    #expect(sizes[0][1] == sizes[1][1])
  }
}
