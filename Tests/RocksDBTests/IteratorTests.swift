import RocksDB
import Testing

@Suite("An iterator")
struct IteratorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Keys a to f: a, c and e in a file, b, d and f in memory, x deleted.
  private func letters(_ options: DatabaseOptions = making()) throws -> Database {
    let database = try Database(at: folder.path("db"), options: options)
    try database.put(["a": "1", "c": "3", "e": "5", "x": "gone"])
    try database.flush()
    try database.put(["b": "2", "d": "4", "f": "6"])
    var batch = WriteBatch()
    batch.delete(bytes("x"))
    try database.write(&batch)
    return database
  }

  @Test("walks memory and files as one, either way")
  func both() throws {
    let database = try letters()
    let forward = try texts(database.iterator())
    let backward = try texts(database.iterator(), .backward)
    #expect(forward == ["a=1", "b=2", "c=3", "d=4", "e=5", "f=6"])
    #expect(backward == forward.reversed())
  }

  @Test(
    "stays within its bounds, the upper one left out",
    arguments: [
      (nil, "c", "ab"),
      ("c", nil, "cdef"),
      ("b", "e", "bcd"),
      ("bb", "dd", "cd"),
      ("c", "c", ""),
      ("", "b", "a"),
      ("a", "", ""),
      ("g", nil, ""),
    ] as [(String?, String?, String)])
  func bounds(lower: String?, upper: String?, keys: String) throws {
    let database = try letters()
    let options = IteratorOptions(from: lower.map(bytes), to: upper.map(bytes))
    let expected = keys.map(String.init)
    let forward = try texts(database.iterator(options)).map { String($0.prefix(1)) }
    let backward = try texts(database.iterator(options), .backward).map { String($0.prefix(1)) }
    #expect(forward == expected)
    #expect(backward == expected.reversed())
  }

  @Test("seeks to the key, or to the next one in its direction")
  func seeks() throws {
    let database = try letters()
    var iterator = database.iterator()
    var seen: [String?] = []
    for place in ["c", "cc", "", "z"] {
      iterator.seek(to: bytes(place).span.bytes)
      seen.append(iterator.keyBytes.map { String(decoding: $0, as: UTF8.self) })
      iterator.seekBackward(to: bytes(place).span.bytes)
      seen.append(iterator.keyBytes.map { String(decoding: $0, as: UTF8.self) })
    }
    try iterator.status()
    #expect(seen == ["c", "c", "d", "c", "a", nil, nil, "f"])
  }

  @Test("turns around in the middle")
  func turns() throws {
    let database = try letters()
    var iterator = database.iterator()
    iterator.seek(to: bytes("c").span.bytes)
    var seen: [[UInt8]?] = []
    iterator.next()
    seen.append(iterator.keyBytes)
    iterator.previous()
    iterator.previous()
    seen.append(iterator.keyBytes)
    iterator.next()
    seen.append(iterator.keyBytes)
    #expect(seen == [bytes("d"), bytes("b"), bytes("c")])
  }

  @Test("stays at its end, and says that it is no failure")
  func end() throws {
    let database = try letters()
    var iterator = database.iterator()
    let before = iterator.keyBytes
    #expect(before == nil)
    let moves = [
      iterator.seekToLast(), iterator.next(), iterator.next(), iterator.previous(),
      iterator.isValid,
    ]
    #expect(moves == [true, false, false, false, false])
    try iterator.status()
  }

  @Test("sees the moment at which it was made")
  func moment() throws {
    let database = try letters()
    let iterator = database.iterator()
    try database.put(["bb": "new"])
    let seen = try texts(iterator)
    #expect(seen.count == 6)
  }

  @Test("ends as busy where it would pass over more than it may", arguments: [false, true])
  func skipped(isFlushed: Bool) throws {
    let database = try Database(at: folder.path("db"), options: making())
    let names = (100..<200).map { "k\($0)" }
    for name in names { try database.put([name: "gone"]) }
    var batch = WriteBatch()
    for name in names { batch.delete(bytes(name)) }
    try database.write(&batch)
    try database.put(["z": "1"])
    if isFlushed { try database.flush() }
    var options = IteratorOptions()
    options.skippedMax = 50
    var iterator = database.iterator(options)
    let found = iterator.seekToFirst()
    #expect(!found)
    var code: RocksDBError.Code?
    do throws(RocksDBError) { try iterator.status() } catch { code = error.code }
    #expect(code == .busy)
    // What it need not pass over does not count.
    let behind = iterator.seek(to: bytes("l").span.bytes)
    try iterator.status()
    options.skippedMax = 1000
    var patient = database.iterator(options)
    let all = patient.seekToFirst()
    try patient.status()
    #expect(behind && all)
  }

  @Test("outlives the value that it was taken from")
  func outlives() throws {
    func iterator() throws -> RocksDB.Iterator {
      let database = try letters()
      return database.iterator()
    }
    let seen = try texts(iterator())
    #expect(seen.count == 6)
  }
}

@Suite("A snapshot")
struct SnapshotTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("keeps its moment over overwrites, deletes, flushes and compactions")
  func moment() throws {
    let database = try Database(at: folder.path("db"), options: making())
    try database.put(["a": "1", "b": "1", "c": "1"])
    let snapshot = database.snapshot()
    try database.put(["a": "2", "d": "2"])
    var batch = WriteBatch()
    batch.deleteRange(from: bytes("b"), to: bytes("d"))
    try database.write(&batch)
    try database.flush()
    try database.compact(rewriteBottom: true)
    let now = try texts(database.iterator())
    let then = try texts(snapshot.iterator())
    let thenBackward = try texts(database.iterator(at: snapshot), .backward)
    #expect(now == ["a=2", "d=2"])
    #expect(then == ["a=1", "b=1", "c=1"])
    #expect(thenBackward == then.reversed())
    let value = try database.get(bytes("b").span.bytes, at: snapshot) { $0?.byteCount }
    #expect(value == 1)
    var found: [Bool] = []
    try snapshot.multiGet(KeyList(["a", "b", "d"].map(bytes))) { _, value in
      found.append(value != nil)
    }
    #expect(found == [true, true, false])
  }

  @Test("lets go of what it kept once it is dropped")
  func releases() throws {
    let database = try Database(at: folder.path("db"), options: making())
    var counts: [UInt64?] = []
    do {
      let snapshot = database.snapshot()
      counts.append(database.integerProperty("rocksdb.num-snapshots"))
      let iterator = snapshot.iterator()
      _ = consume snapshot
      counts.append(database.integerProperty("rocksdb.num-snapshots"))
      _ = consume iterator
    }
    counts.append(database.integerProperty("rocksdb.num-snapshots"))
    #expect(counts == [1, 1, 0])
  }
}
