import Foundation
import Glibc
import RocksDB
import Synchronization
import TestSupport
import Testing

/// RocksDB's way back from a full disk now and then takes half a minute, too long for each test run.
@Suite(
  "On a full disk", .enabled(if: geteuid() == 0, "mounting needs root"),
  .enabled(
    if: ProcessInfo.processInfo.environment["STOREBENCH_FULL_DISK"] != nil, "ci/soak store runs it"),
  .serialized)
struct DiskFullTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ program: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Mounts a small file system in memory there, until the process ends.
  private func mountSmallDisk(mebibytes: Int) throws {
    let mounted = try run(
      "/usr/bin/mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "none", folder.path)
    try #require(mounted == 0)
  }

  /// Writes until it is refused.
  private func fill(_ database: borrowing Database, from first: Int) -> (Int, RocksDBError?) {
    let value = [UInt8](repeating: 7, count: 1000)
    for number in first..<100_000 {
      var batch = WriteBatch()
      batch.put(key(number), value)
      do {
        try database.write(&batch)
      } catch {
        return (number, error)
      }
    }
    return (100_000, nil)
  }

  @Test(
    "with room kept for the log it goes on by itself, again and again",
    arguments: [DatabaseOptions.Memtable.skiplist, .hashSegments(segmentEntries: 1024)], 0..<3)
  func reserve(memtable: DatabaseOptions.Memtable, round: Int) throws {
    // Room enough for a compaction of everything, once the ballast is gone.
    try mountSmallDisk(mebibytes: 80)
    let mountPoint = folder.path
    defer { _ = umount2(mountPoint, Int32(MNT_DETACH)) }
    let options = making {
      $0.memtable = memtable
      $0.writeBufferBytes = 1 << 20
      $0.compression = .none
      $0.reserveBytes = 4 << 20
    }
    let database = try Database(at: folder.path("db"), options: options)
    let ballast = folder.path("ballast")
    var acknowledged = 0
    for step in 0..<3 {
      // Only so much is left that some tables still come to an end.
      var room = statvfs()
      try #require(statvfs(mountPoint, &room) == 0)
      let free = Int(room.f_bavail) * Int(room.f_frsize)
      let ballastBytes = free - (3 << 20) - (round * 77_777 + step * 100_000)
      try #require(ballastBytes > 20 << 20)
      // Compaction may be quicker; the disk is full then as well.
      try? Data(count: ballastBytes).write(to: URL(filePath: ballast))
      let (count, error) = fill(database, from: acknowledged)
      acknowledged = count
      #expect(error?.code == .noSpace, "\(error?.description ?? "")")
      #expect(error?.path.hasPrefix(folder.path("db")) == true, "\(error?.description ?? "")")
      #expect(error?.path.hasSuffix(".log") == false)
      try? FileManager.default.removeItem(atPath: ballast)
      // Where a compaction met the full disk as well, RocksDB itself looks every five seconds, and may meet it
      // more than once on a busy machine.
      let deadline = Date().addingTimeInterval(120)
      var refusal: RocksDBError?
      repeat {
        refusal = failure { () throws(RocksDBError) in try database.put(["again": "1"]) }
        if refusal != nil { usleep(20_000) }
      } while refusal != nil && Date() < deadline
      #expect(refusal == nil)
      let synced = failure { () throws(RocksDBError) in try database.syncLog() }
      #expect(synced == nil)
    }
    try database.close()
    let reopened = try Database(at: folder.path("db"), options: options)
    for number in stride(from: 0, to: acknowledged, by: 97) {
      let read = try reopened.get(key(number))
      #expect(read != nil)
    }
    try reopened.close()
  }

  /// Writes on two threads and flushes on a third until one of them is refused.
  ///
  /// - Returns: What was told.
  private func fillTogether(_ database: borrowing Database) -> [RocksDBError] {
    let value = [UInt8](repeating: 7, count: 6000)
    let refusals = Mutex<[RocksDBError]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { worker in
      for number in 0..<100_000 where refusals.withLock({ $0.isEmpty }) {
        let refusal = failure { () throws(RocksDBError) in
          guard worker > 0 else { return try database.flush() }
          var batch = WriteBatch()
          batch.put(key(number), value)
          try database.write(&batch)
        }
        if let refusal { refusals.withLock { $0.append(refusal) } }
      }
    }
    return refusals.withLock { $0 }
  }

  /// Whoever finds the disk full while another gives the reserve up finds nothing left of it, and has
  /// room all the same: three in 400 rounds, whose database then wrote no more.
  @Test(
    "writes and flushes that meet it together go on in the room kept for the log",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"))
  func together() throws {
    // Giving room up takes long enough here that another comes to find none.
    let disk = try LoopDisk(.xfs, in: folder.path)
    let options = making {
      $0.writeBufferBytes = 256 << 10
      $0.compression = .none
      $0.reserveBytes = 4 << 20
    }
    let (path, ballast) = (disk.path + "/db", disk.path + "/ballast")
    for round in 0..<200 {
      let database = try Database(at: path, options: options)
      try disk.fill(leaving: UInt64((1 << 20) + round * 5003))
      let refusals = fillTogether(database)
      #expect(!refusals.isEmpty)
      for refusal in refusals {
        #expect(refusal.code == .noSpace, "\(refusal), round \(round)")
        #expect(!refusal.path.hasSuffix(".log"), "\(refusal), round \(round)")
      }
      #expect(database.writeFailure?.path.hasSuffix(".log") != true, "round \(round)")
      try FileManager.default.removeItem(atPath: ballast)
      // Closing may tell of what was refused.
      try? database.close()
      try FileManager.default.removeItem(atPath: path)
    }
  }

  @Test(
    "a write fails naming the file, reads go on, and with space it is opened again as acknowledged",
    arguments: [DatabaseOptions.Memtable.skiplist, .hashSegments(segmentEntries: 1024)], 0..<3)
  func full(memtable: DatabaseOptions.Memtable, round: Int) throws {
    try mountSmallDisk(mebibytes: 24)
    let mountPoint = folder.path
    defer { _ = umount2(mountPoint, Int32(MNT_DETACH)) }
    let ballast = folder.path("ballast")
    try Data(count: 8 << 20).write(to: URL(filePath: ballast))

    let options = making {
      $0.memtable = memtable
      $0.writeBufferBytes = 1 << 20
      $0.compression = .none
    }
    let database = try Database(at: folder.path("db"), options: options)
    let value = [UInt8](repeating: 7, count: 1000)
    // Whether the log or a flush meets the full disk first is up to chance, as is what can be done.
    let (acknowledged, error) = fill(database, from: 0)
    #expect(error?.code == .noSpace)
    #expect(error?.path.hasPrefix(folder.path("db/")) == true, "\(error?.description ?? "")")
    #expect(acknowledged > 1000)
    for number in stride(from: 0, to: acknowledged, by: 97) {
      let read = try database.get(key(number))
      #expect(read == value)
    }
    let isLog = error?.path.hasSuffix(".log") == true
    try? FileManager.default.removeItem(atPath: ballast)
    // A log that failed is not written to again.
    let resumed = failure { () throws(RocksDBError) in try database.resume() }
    if isLog {
      let failures = [
        resumed, failure { () throws(RocksDBError) in try database.put(["no": "space"]) },
        failure { () throws(RocksDBError) in try database.syncLog() },
        failure { () throws(RocksDBError) in try database.flush() },
      ]
      #expect(failures == [error, error, error, error])
    } else {
      // A table under way may meet the full disk a little later.
      #expect(resumed == nil || resumed?.code == .busy || resumed?.code == .noSpace)
    }
    let events = database.events()
    #expect(events.backgroundErrorCount > 0)
    #expect(events.backgroundError?.code == .noSpace)
    do {
      try database.close()
    } catch {
      // Closing also tells of a log that could not be written; it is closed all the same.
      #expect(error.code == .ioError || error.code == .noSpace)
    }

    let reopened = try Database(at: folder.path("db"), options: options)
    let count = try texts(reopened.iterator()).count
    // The write that failed was not acknowledged, yet may have reached the log.
    #expect(count == acknowledged || count == acknowledged + 1)
    try reopened.put(["again": "1"], sync: true)
    let read = try reopened.text("again")
    #expect(read == "1")
    try reopened.close()
  }
}
