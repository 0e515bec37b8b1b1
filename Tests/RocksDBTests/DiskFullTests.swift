import Foundation
import Glibc
import RocksDB
import Testing

// About one time in ten an assertion of Debian's librocksdb ends the process at a write behind a
// failed append (`WritableFileWriter`, "sync_without_flush_called_"), and all other tests with it.
@Suite(
  "On a full disk",
  .enabled(
    if: geteuid() == 0 && getenv("ROCKSDB_TESTS_FULL_DISK") != nil,
    "needs root, and ROCKSDB_TESTS_FULL_DISK set, as librocksdb may end the process"),
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

  @Test(
    "a write fails naming the file, reads go on, and with space it is opened again as acknowledged",
    arguments: [DatabaseOptions.Memtable.skiplist, .hashSegments(segmentEntries: 1024)])
  func full(memtable: DatabaseOptions.Memtable) throws {
    let mounted = try run(
      "/usr/bin/mount", "-t", "tmpfs", "-o", "size=24m", "none", folder.path)
    try #require(mounted == 0)
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
    var acknowledged = 0
    var error: RocksDBError?
    // Whether the log or a flush meets the full disk first is up to chance, as is what can be done.
    while error == nil, acknowledged < 100_000 {
      var batch = WriteBatch()
      batch.put(key(acknowledged), value)
      do {
        try database.write(&batch)
        acknowledged += 1
      } catch let failure {
        error = failure
      }
    }
    #expect(error?.code == .noSpace)
    #expect(error?.path.hasPrefix(folder.path("db/")) == true, "\(error?.description ?? "")")
    #expect(acknowledged > 1000)
    for number in stride(from: 0, to: acknowledged, by: 97) {
      let read = try database.get(key(number))
      #expect(read == value)
    }
    // It stays stopped, also once there is space.
    for _ in 0..<2 {
      var failures: [RocksDBError?] = [database.writeFailure]
      failures.append(failure { () throws(RocksDBError) in try database.put(["no": "space"]) })
      failures.append(failure { () throws(RocksDBError) in try database.syncLog() })
      failures.append(failure { () throws(RocksDBError) in try database.flush() })
      #expect(failures == [error, error, error, error])
      try? FileManager.default.removeItem(atPath: ballast)
    }
    let resumed = failure { () throws(RocksDBError) in try database.resume() }
    if error?.path.hasSuffix(".log") == true {
      #expect(resumed == error)
    } else {
      #expect(resumed == nil || resumed?.code == .busy)
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
    let again = try reopened.text("again")
    #expect(again == "1")
    try reopened.close()
  }
}
