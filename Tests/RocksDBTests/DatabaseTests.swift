import RocksDB
import Testing

@Suite("A database")
struct DatabaseTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("keeps what was written over closing and opening again")
  func reopens() throws {
    do {
      let database = try Database(at: folder.path("db"), options: making())
      try database.put(["a": "1", "b": "2", "": "empty key", "c": ""])
      try database.close()
    }
    let database = try Database(at: folder.path("db"))
    let values = try ["a", "b", "", "c", "d"].map { try database.text($0) }
    #expect(values == ["1", "2", "empty key", "", nil])
  }

  @Test("keeps what was written when it is only dropped")
  func drops() throws {
    do {
      let database = try Database(at: folder.path("db"), options: making())
      try database.put(["a": "1"])
    }
    let database = try Database(at: folder.path("db"))
    let value = try database.text("a")
    #expect(value == "1")
  }

  @Test("is not found in a missing folder, which stays missing")
  func missingFolder() throws {
    let path = folder.path("none")
    let error = failure { () throws(RocksDBError) in _ = try Database(at: path) }
    #expect(error?.code == .notFound)
    #expect(error?.path == path)
    #expect(error?.message == "there is no such folder")
    #expect(!folder.has("none"))
  }

  @Test(
    "is not found in a folder of something else, which stays as it is", arguments: [true, false])
  func otherFolder(readOnly: Bool) throws {
    let path = folder.path
    let error = failure { () throws(RocksDBError) in
      _ = try Database(at: path, readOnly: readOnly)
    }
    #expect(error?.code == .notFound)
    #expect(error?.message == "no database is in this folder")
    #expect(folder.names(in: "") == [])
  }

  @Test("is refused where one is there and a new one is wanted")
  func exists() throws {
    let path = folder.path("db")
    do { _ = try Database(at: path, options: making()) }
    let error = failure { () throws(RocksDBError) in
      _ = try Database(at: path, options: making { $0.errorIfExists = true })
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test("is opened once for writing, and says who is in the way")
  func locked() throws {
    let path = folder.path("db")
    let database = try Database(at: path, options: making())
    let error = failure { () throws(RocksDBError) in _ = try Database(at: path) }
    #expect(error?.code == .busy)
    #expect(error?.path == path + "/LOCK")
    try database.put(["a": "1"])
  }

  @Test("opened read-only beside its writer shows what there was, and takes no writes")
  func readOnly() throws {
    let writer = try Database(at: folder.path("db"), options: making())
    try writer.put(["a": "1"])
    try writer.syncLog()
    let reader = try Database(at: folder.path("db"), readOnly: true)
    try writer.put(["a": "2"])
    let seen = try reader.text("a")
    #expect(seen == "1")
    do {
      try reader.put(["a": "3"])
      Issue.record("a read-only database took a write")
    } catch {
      #expect(error.code == .invalidArgument)
    }
  }

  @Test("lends a value without copying it, and says nothing for a missing key")
  func lends() throws {
    let database = try Database(at: folder.path("db"), options: making())
    try database.put(["a": "123"])
    let found = try database.get(bytes("a").span.bytes) { $0?.byteCount }
    let missing = try database.get(bytes("b").span.bytes) { $0?.byteCount }
    #expect(found == 3)
    #expect(missing == nil)
  }

  @Test("takes bytes of every value, and values of every size", arguments: [0, 1, 255, 70_000])
  func sizes(size: Int) throws {
    let database = try Database(at: folder.path("db"), options: making())
    let value = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let key = (0...255).map { UInt8($0) }
    var batch = WriteBatch()
    batch.put(key, value)
    try database.write(&batch)
    try database.flush()
    let read = try database.get(key)
    #expect(read == value)
  }

  @Test("answers many keys at once, in their order, also twice the same", arguments: [true, false])
  func multiGet(flushed: Bool) throws {
    let database = try Database(at: folder.path("db"), options: making())
    var batch = WriteBatch()
    for number in stride(from: 0, to: 500, by: 2) { batch.put(key(number), key(number)) }
    try database.write(&batch)
    if flushed { try database.flush() }
    let asked = [7, 4, 498, 4, 499, 0, 1000] + Array(100..<200)
    var order: [Int] = []
    var answers: [[UInt8]?] = []
    try database.multiGet(asked.map(key)) { index, value in
      order.append(index)
      if let value { answers.append([UInt8](copying: value)) } else { answers.append(nil) }
    }
    #expect(order == Array(asked.indices))
    #expect(answers == asked.map { $0 % 2 == 0 && $0 < 500 ? key($0) : nil })
    var calls = 0
    try database.multiGet([]) { _, _ in calls += 1 }
    #expect(calls == 0)
  }

  @Test("closes when told, but not under a snapshot or an iterator")
  func closes() throws {
    let path = folder.path("db")
    do {
      let database = try Database(at: path, options: making())
      try database.put(["a": "1"])
      let snapshot = database.snapshot()
      do {
        try database.close()
        Issue.record("closed under a snapshot")
      } catch {
        #expect(error.code == .aborted)
      }
      // The snapshot keeps it open, and still reads.
      let value = try snapshot.get(bytes("a"))
      #expect(value == bytes("1"))
      let error = failure { () throws(RocksDBError) in _ = try Database(at: path) }
      #expect(error?.code == .busy)
    }
    let database = try Database(at: path)
    try database.close()
    _ = try Database(at: path)
  }
}

@Suite("A batch")
struct WriteBatchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("is there as a whole, its later changes over its earlier ones")
  func order() throws {
    let database = try Database(at: folder.path("db"), options: making())
    try database.put(["a": "0", "b": "0", "c": "0", "d": "0"])
    var batch = WriteBatch()
    batch.put(bytes("a"), bytes("1"))
    batch.put(bytes("a"), bytes("2"))
    batch.delete(bytes("b"))
    batch.put(bytes("c"), bytes("3"))
    batch.deleteRange(from: bytes("c"), to: bytes("d"))
    let count = batch.count
    #expect(count == 5)
    try database.write(&batch)
    let all = try texts(database.iterator())
    #expect(all == ["a=2", "d=0"])
  }

  @Test("is cleared, and filled again")
  func clears() throws {
    var batch = WriteBatch()
    let empty = batch.byteCount
    batch.put(bytes("a"), bytes("1"))
    let filled = batch.byteCount
    batch.clear()
    let (count, cleared) = (batch.count, batch.byteCount)
    #expect(filled > empty)
    #expect(count == 0)
    #expect(cleared == empty)
    let database = try Database(at: folder.path("db"), options: making())
    batch.put(bytes("b"), bytes("2"))
    try database.write(&batch)
    let all = try texts(database.iterator())
    #expect(all == ["b=2"])
  }

  @Test("joins a value of two pieces")
  func pieces() throws {
    let database = try Database(at: folder.path("db"), options: making())
    var batch = WriteBatch()
    let (a, b, head, tail, none) = (bytes("a"), bytes("b"), bytes("he"), bytes("ad"), bytes(""))
    batch.put(a.span.bytes, head.span.bytes, tail.span.bytes)
    batch.put(b.span.bytes, none.span.bytes, tail.span.bytes)
    try database.write(&batch, sync: true)
    let all = try texts(database.iterator())
    #expect(all == ["a=head", "b=ad"])
  }

  @Test("takes as many numbers as it has keys")
  func numbers() throws {
    let database = try Database(at: folder.path("db"), options: making())
    let before = database.latestSequenceNumber
    try database.put(["a": "1", "b": "2", "c": "3"])
    let after = database.latestSequenceNumber
    #expect(after == before + 3)
  }

  @Test("without a log is refused with a sync")
  func contradiction() throws {
    let database = try Database(at: folder.path("db"), options: making())
    var batch = WriteBatch()
    batch.put(bytes("a"), bytes("1"))
    do {
      try database.write(&batch, sync: true, disableLog: true)
      Issue.record("a write that contradicts itself was taken")
    } catch {
      #expect(error.code == .invalidArgument)
    }
    try database.write(&batch, disableLog: true, lowPriority: true)
    let value = try database.text("a")
    #expect(value == "1")
  }
}
