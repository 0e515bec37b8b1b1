import Testing

@testable import RocksDB

@Suite("A status text of RocksDB")
struct RocksDBErrorTests {
  @Test(
    "is read for its kind and its file",
    arguments: [
      (
        "Corruption: block checksum mismatch: stored = 1, computed = 2, type = 4  in "
          + "/data/my db/000008.sst offset 0 size 1234",
        RocksDBError.Code.corruption, "/data/my db/000008.sst"
      ),
      (
        "IO error: No space left on device: While appending to file: /data/my db/000012.log: "
          + "No space left on device",
        .noSpace, "/data/my db/000012.log"
      ),
      (
        "IO error: While lock file: /data/my db/LOCK: Resource temporarily unavailable",
        .busy, "/data/my db/LOCK"
      ),
      (
        "IO error: While lock file: /data/my db/LOCK: Read-only file system",
        .ioError, "/data/my db/LOCK"
      ),
      (
        "Corruption: Can't access /000008.sst: IO error: No such file or directory",
        .corruption, "/data/my db/000008.sst"
      ),
      (
        "Corruption: IO error: No such file or directory: While open a file for random read: "
          + "/data/my db/000009.ldb: No such file or directory in file /data/my db/MANIFEST-000005",
        .corruption, "/data/my db/000009.sst"
      ),
      ("IO error: While fsync: /elsewhere/x.log: Input/output error", .ioError, "/elsewhere/x.log"),
      ("Resource busy: ", .busy, "/data/my db"),
      ("Shutdown in progress: ", .aborted, "/data/my db"),
      (
        "Not implemented: Not supported operation in read only mode.", .invalidArgument,
        "/data/my db"
      ),
      ("Something new", .other, "/data/my db"),
    ])
  func reads(text: String, code: RocksDBError.Code, path: String) {
    let error = RocksDBError(text: text, database: "/data/my db")
    #expect(error.code == code)
    #expect(error.path == path)
    #expect(error.message == (text.hasSuffix(": ") ? String(text.dropLast(2)) : text))
  }

  @Test("says where, what and what to do", arguments: RocksDBError.Code.allCases)
  func description(code: RocksDBError.Code) {
    let text = RocksDBError(code: code, path: "/p", message: "reason").description
    #expect(text.hasPrefix("/p: "))
    #expect(text.contains(": reason; "))
    #expect(!text.hasSuffix("; "))
  }
}
