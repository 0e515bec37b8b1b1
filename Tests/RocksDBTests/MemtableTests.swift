import Dispatch
import RocksDB
import Synchronization
import TestSupport
import Testing

@Suite("The memtable of hashed segments")
struct MemtableTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Big enough to hold all of a test in memory, unless it flushes.
  private static func hashed(_ writeBufferBytes: Int = 64 << 20) -> DatabaseOptions {
    making {
      $0.memtable = .hashSegments(segmentEntries: 1024)
      $0.writeBufferBytes = writeBufferBytes
    }
  }

  @Test(
    "answers the same random operations as the skiplist and as an ordered dictionary",
    arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func random(seed: UInt64) throws {
    // Small buffers flush often; large ones keep many segments in one memtable.
    let writeBufferBytes = seed % 2 == 0 ? 128 << 10 : 64 << 20
    var trial = MemtableTrial(
      seed: seed, folder: folder,
      options: [
        making { $0.writeBufferBytes = writeBufferBytes }, Self.hashed(writeBufferBytes),
      ])
    try trial.run(operations: 6000)
    #expect(trial.checks > 1500)
  }

  @Test("walks over many segments in order, either way, also before the first is full")
  func walks() throws {
    let database = try Database(at: folder.path("db"), options: Self.hashed())
    var generator = SeededGenerator(seed: 7)
    var numbers = Array(0..<20_000)
    numbers.shuffle(using: &generator)
    var written: Set<Int> = []
    for (index, number) in numbers.enumerated() {
      var batch = WriteBatch()
      batch.put(key(number), key(index))
      try database.write(&batch)
      written.insert(number)
      // Dense at first, where the open segment's runs grow and merge.
      guard index < 40 || index % 1777 == 0 || index == numbers.count - 1 else { continue }
      let expected = written.sorted().map(key)
      var seen: [[UInt8]] = []
      var forward = database.iterator()
      try forward.walk { key, _ in
        seen.append([UInt8](copying: key))
        return true
      }
      #expect(seen == expected)
      seen = []
      var backward = database.iterator()
      try backward.walk(.backward) { key, _ in
        seen.append([UInt8](copying: key))
        return true
      }
      #expect(seen == expected.reversed())
    }
    try database.flush()
    let counts = database.tableFiles().map(\.entryCount)
    #expect(counts == [20_000])
  }

  @Test("keeps every version of a key that a snapshot may see")
  func versions() throws {
    let database = try Database(at: folder.path("db"), options: Self.hashed())
    var snapshots: [HeldSnapshot] = []
    for number in 0..<5000 {
      var batch = WriteBatch()
      if number % 7 == 3 {
        batch.delete(bytes("hot"))
      } else {
        batch.put(bytes("hot"), key(number))
      }
      batch.put(key(number), key(number))
      try database.write(&batch)
      if number % 500 == 0 || number % 500 == 10 {
        snapshots.append(HeldSnapshot(database.snapshot(), number))
      }
    }
    for round in 0..<2 {
      for held in snapshots {
        let value = try held.snapshot.get(bytes("hot"))
        #expect(value == (held.number % 7 == 3 ? nil : key(held.number)), "round \(round)")
        let last = try held.snapshot.get(key(held.number))
        let later = try held.snapshot.get(key(held.number + 1))
        #expect(last == key(held.number))
        #expect(later == nil)
      }
      try database.flush()
    }
  }

  @Test(
    "orders keys as bytes, whatever they begin with and however long they are",
    arguments: ["", "a long prefix that all keys share/", "\u{0}\u{0}"])
  func order(prefix: String) throws {
    let database = try Database(at: folder.path("db"), options: Self.hashed())
    var generator = SeededGenerator(seed: 11)
    var keys: Set<[UInt8]> = []
    for _ in 0..<6000 {
      let length = Int.random(in: 0...12, using: &generator)
      // Few values, zeros and high bits among them, so that keys are prefixes of each other.
      let tail = (0..<length).map { _ in
        ([0, 1, 0x7F, 0x80, 0xFF] as [UInt8]).randomElement(using: &generator) ?? 0
      }
      keys.insert(bytes(prefix) + tail)
    }
    var batch = WriteBatch()
    for key in keys.shuffled(using: &generator) { batch.put(key, key) }
    try database.write(&batch)
    let expected = keys.sorted { $0.lexicographicallyPrecedes($1) }
    var seen: [[UInt8]] = []
    var iterator = database.iterator()
    try iterator.walk { key, _ in
      seen.append([UInt8](copying: key))
      return true
    }
    #expect(seen == expected)
    for (index, key) in expected.enumerated() where index % 37 == 0 {
      let target = key + [0]
      var iterator = database.iterator()
      iterator.seek(to: target.span.bytes)
      let next = expected.first { !$0.lexicographicallyPrecedes(target) }
      let found = iterator.keyBytes
      iterator.seekBackward(to: target.span.bytes)
      let foundBackward = iterator.keyBytes
      #expect(found == next)
      #expect(foundBackward == (next == target ? target : key))
      let value = try database.get(key)
      #expect(value == key)
    }
  }

  @Test("is read while it is written: what was acknowledged is always there")
  func concurrent() throws {
    let database = try Database(at: folder.path("db"), options: Self.hashed(1 << 20))
    let acknowledged = Atomic(0)
    let faults = Mutex<[String]>([])
    let total = 30_000
    DispatchQueue.concurrentPerform(iterations: 3) { role in
      do throws(RocksDBError) {
        if role == 0 {
          for number in 0..<total {
            var batch = WriteBatch()
            // Numbers are spread over the key space, and each key is written twice.
            batch.put(key(number * 7919 % total), key(number))
            batch.put(key(number * 7919 % total), key(number + total))
            try database.write(&batch)
            acknowledged.store(number + 1, ordering: .releasing)
          }
          return
        }
        var generator = SeededGenerator(seed: UInt64(role))
        while acknowledged.load(ordering: .acquiring) < total {
          let known = acknowledged.load(ordering: .acquiring)
          guard known > 0 else { continue }
          if role == 1 {
            let number = Int.random(in: 0..<known, using: &generator)
            let value = try database.get(key(number * 7919 % total))
            if value != key(number + total) { faults.withLock { $0.append("get \(number)") } }
          } else {
            var count = 0
            var last: [UInt8] = []
            var iterator = database.iterator()
            try iterator.walk { key, _ in
              let key = [UInt8](copying: key)
              if !last.lexicographicallyPrecedes(key) {
                faults.withLock { $0.append("order at \(key)") }
              }
              last = key
              count += 1
              return true
            }
            if count < known { faults.withLock { $0.append("\(count) of \(known)") } }
          }
        }
      } catch {
        faults.withLock { $0.append("\(error)") }
      }
    }
    let found = faults.withLock { $0 }
    #expect(found == [])
    let count = try texts(database.iterator()).count
    #expect(count == total)
  }

  @Test("is opened again as a skiplist, and the other way round")
  func reopens() throws {
    for round in 0..<4 {
      let options = round % 2 == 0 ? Self.hashed() : making()
      let database = try Database(at: folder.path("db"), options: options)
      try database.put(["round \(round)": "\(round)"])
      let count = try texts(database.iterator()).count
      #expect(count == round + 1)
    }
  }
}

/// A snapshot that arrays can hold, with what was written last before it.
final class HeldSnapshot {
  let snapshot: Snapshot
  let number: Int

  init(_ snapshot: consuming Snapshot, _ number: Int) {
    self.snapshot = snapshot
    self.number = number
  }
}
