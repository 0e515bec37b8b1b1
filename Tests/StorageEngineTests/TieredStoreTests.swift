import Foundation
import Glibc
import RocksDB
import Synchronization
import Testing

@testable import StorageEngine

@Suite("A tiered store")
struct TieredStoreTests {
  @Test("keeps what was put, over reopenings")
  func reopen() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    let first = try store.put(bytes("name"), bytes("value"))
    let second = try store.put(bytes("gone"), bytes("x"))
    #expect(first < second)
    try store.delete(bytes("gone"))
    try store.put(bytes("empty"), [])
    try store.close()
    try store.close()

    let again = try fixture.open()
    #expect(try again.get(bytes("name")) == bytes("value"))
    #expect(try again.get(bytes("gone")) == nil)
    #expect(try again.get(bytes("empty")) == [])
    let third = try again.put(bytes("name"), bytes("newer"))
    #expect(third > second)
    try again.close()
    var readOnly = StoreFixture.small
    readOnly.readOnly = true
    let reader = try fixture.open(readOnly)
    #expect(try reader.get(bytes("name")) == bytes("newer"))
    #expect(throws: StoreError.readOnly(path: fixture.path)) {
      try reader.put(bytes("a"), bytes("b"))
    }
    #expect(throws: StoreError.readOnly(path: fixture.path)) { try reader.flush() }
  }

  @Test("says that it is closed")
  func closed() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("k"), bytes("v"))
    _ = try store.get(bytes("k"))
    try store.close()
    let error = StoreError.closed(path: fixture.path)
    #expect(throws: error) { try store.get(bytes("k")) }
    #expect(throws: error) { try store.put(bytes("k"), []) }
    #expect(throws: error) { try store.multiGet([bytes("k")]) }
    #expect(throws: error) { try store.snapshot() }
    #expect(throws: error) { try store.statistics() }
    let answers = Mutex<[StoreError]>([])
    store.put(bytes("k"), []) { result in
      if case .failure(let error) = result { answers.withLock { $0.append(error) } }
    }
    store.get(bytes("k")) { result in
      if case .failure(let error) = result { answers.withLock { $0.append(error) } }
    }
    #expect(answers.withLock { $0 } == [error, error])
  }

  @Test("takes keys and values within its limits only")
  func limits() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    let longest = [UInt8](repeating: 0xFF, count: KeyRule.keyBytesMax)
    try store.put(longest, bytes("end"))
    try store.put([0], bytes("start"))
    #expect(try store.get(longest) == bytes("end"))
    #expect(try store.snapshot().pairs().map(\.value) == [bytes("start"), bytes("end")])
    try store.deleteRange(.all)
    #expect(try store.snapshot().pairs().isEmpty)
    #expect(throws: StoreError.self) { try store.put([], []) }
    #expect(throws: StoreError.self) { try store.get([]) }
    let tooLong = StoreError.tooLarge(
      what: "key", bytes: KeyRule.keyBytesMax + 1, bytesMax: KeyRule.keyBytesMax)
    #expect(throws: tooLong) { try store.delete(longest + [1]) }
    var batch = StoreBatch()
    batch.put(bytes("fits"), bytes("x"))
    batch.put(bytes("v"), [UInt8](repeating: 0, count: KeyRule.valueBytesMax + 1))
    #expect(throws: StoreError.self) { try store.write(batch) }
    #expect(try store.get(bytes("fits")) == nil)
    let large = [UInt8](repeating: 3, count: 5 << 20)
    try store.put(bytes("large"), large)
    #expect(try store.get(bytes("large")) == large)
  }

  @Test("answers many threads with what each of them wrote", arguments: [0, 1 << 20])
  func threads(cacheBytes: Int) throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = cacheBytes
    configuration.writeBuffer.entries = 5
    let store = try fixture.create(configuration)
    let failures = Mutex<[String]>([])
    try inParallel(8) { thread in
      do {
        for number in 0..<300 {
          let key = bytes("\(thread)-\(number % 20)")
          let value = bytes("\(number)")
          try store.put(key, value)
          let found = try store.get(key)
          if found != value {
            failures.withLock { $0.append("\(thread) wrote \(number) and read \(found ?? [])") }
          }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    let statistics = try store.statistics()
    #expect(statistics.changes == 2400)
    #expect(statistics.lastVersion.sequence == 2400)
  }

  @Test("never shows a reader an older value after a newer one")
  func monotonic() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    let failures = Mutex<[String]>([])
    let done = Atomic<Bool>(false)
    let keys = (0..<2).map { bytes("counter-\($0)") }
    try inParallel(5) { thread in
      do {
        if thread == 0 {
          for number in 1...8000 {
            // A deleted key leaves the cache, so that readers have to fill it again.
            try store.delete(keys[number % 2])
            try store.put(keys[number % 2], bytes("\(number)"))
          }
          done.store(true, ordering: .releasing)
          return
        }
        var seen = [-1, -1]
        while !done.load(ordering: .acquiring) {
          for (index, key) in keys.enumerated() {
            let found = try store.get(key).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
            guard let found else { continue }
            guard found >= seen[index] else {
              failures.withLock { $0.append("\(found) after \(seen[index])") }
              return
            }
            seen[index] = found
          }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
  }

  @Test("completes hundreds of changes and reads without a thread each")
  func completions() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.durability = .sync
    configuration.writeBuffer.entries = 100
    let store = try fixture.create(configuration)
    let group = DispatchGroup()
    let versions = Mutex<Set<Version>>([])
    for number in 0..<1000 {
      group.enter()
      store.put(bytes("k\(number)"), bytes("v\(number)")) { result in
        if case .success(let version) = result { versions.withLock { _ = $0.insert(version) } }
        group.leave()
      }
    }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(versions.withLock { $0.count } == 1000)
    let found = Mutex(0)
    for number in 0..<1000 {
      group.enter()
      store.get(bytes("k\(number)")) { result in
        if case .success(let value) = result, value == bytes("v\(number)") {
          found.withLock { $0 += 1 }
        }
        group.leave()
      }
    }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(found.withLock { $0 } == 1000)
    #expect(try store.statistics().commits < 1000)
    try store.close()
    let again = try fixture.open(configuration)
    #expect(try again.get(bytes("k999")) == bytes("v999"))
  }

  @Test("lends at once what write buffers and cached blocks have, and reads the rest elsewhere")
  func fromMemory() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 0
    /// Whether the value was lent at once, and what came in either way.
    func get(_ key: String, from store: TieredStore) -> (isLent: Bool, value: [UInt8]?) {
      var lent: [UInt8]?
      let later = Mutex<[UInt8]?>(nil)
      let group = DispatchGroup()
      group.enter()
      let isLent = store.get(bytes(key)) {
        lent = $0.copied()
      } completion: { result in
        if case .success(let value) = result { later.withLock { $0 = value } }
        group.leave()
      }
      if isLent { group.leave() }
      #expect(group.wait(timeout: .now() + 60) == .success)
      #expect(isLent == (lent != nil))
      return (isLent, lent ?? later.withLock { $0 })
    }
    let store = try fixture.create(configuration)
    // Opening reads the first block, in which the store's own record stands.
    for number in 0..<1000 { try store.put(bytes("0\(number)"), bytes("between")) }
    try store.put(bytes("a"), bytes("1"))
    try store.put(bytes("b"), bytes("2"))
    try store.delete(bytes("b"))
    #expect(get("a", from: store) == (true, bytes("1")))
    #expect(get("b", from: store) == (false, nil))
    #expect(get("c", from: store) == (false, nil))
    try store.flush()
    try store.close()

    let again = try fixture.open(configuration)
    #expect(get("a", from: again) == (false, bytes("1")))
    #expect(get("a", from: again) == (true, bytes("1")))
    try again.delete(bytes("a"))
    #expect(get("a", from: again) == (false, nil))
  }

  @Test("answers at once what memory shows to be nowhere, in any tier")
  func nowhere() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 0
    let store = try fixture.create(configuration)
    for tier in Tier.allCases {
      try store.put(bytes("only \(tier.rawValue)"), bytes("there"))
      try store.flush()
      if tier != .hot { try store.move(.all, from: .hot, to: tier) }
    }
    try store.put(bytes("deleted"), bytes("once"))
    try store.delete(bytes("deleted"))
    /// What came of a get, and whether this thread was told by the call itself.
    func get(_ key: String) -> (isAtOnce: Bool, value: [UInt8]?) {
      let caller = pthread_self()
      let answer = Mutex<(isAtOnce: Bool, value: [UInt8]?)>((false, nil))
      let group = DispatchGroup()
      group.enter()
      store.get(bytes(key)) { result in
        answer.withLock {
          $0 = (pthread_equal(pthread_self(), caller) != 0, try? result.get())
        }
        group.leave()
      }
      #expect(group.wait(timeout: .now() + 60) == .success)
      return answer.withLock { $0 }
    }
    // The first looks may have to read filters.
    for number in 0..<100 { #expect(get("no \(number)").value == nil) }
    let isAtOnce = (0..<100).count { get("nor \($0)").isAtOnce }
    #expect(isAtOnce >= 90)
    #expect(get("deleted") == (true, nil))
    for tier in Tier.allCases { #expect(get("only \(tier.rawValue)").value == bytes("there")) }
  }

  @Test("shows one moment in a snapshot while writers go on")
  func oneMoment() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    @Sendable func batch(_ number: Int) -> StoreBatch {
      var batch = StoreBatch()
      for key in 0..<10 { batch.put(bytes("k\(key)"), bytes("\(number)")) }
      return batch
    }
    try store.write(batch(0))
    let torn = Mutex(0)
    try inParallel(2) { thread in
      do {
        for number in 1...300 {
          if thread == 0 {
            try store.write(batch(number))
            if number % 50 == 0 { try store.move(.all, from: .hot, to: .warm) }
          } else {
            let values = try store.snapshot().pairs().map(\.value)
            if Set(values).count != 1 || values.count != 10 { torn.withLock { $0 += 1 } }
          }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(torn.withLock { $0 } == 0)
  }

  @Test("always finds keys that move up and down meanwhile", arguments: [0, 64 << 10])
  func moving(cacheBytes: Int) throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = cacheBytes
    let store = try fixture.create(configuration)
    let keys = (0..<4).map { bytes("k\($0)") }
    for key in keys { try store.put(key, key) }
    let nowhere = (0..<5000).map { bytes("nowhere-\($0)") }
    let missed = Mutex(0)
    let done = Atomic<Bool>(false)
    try inParallel(3) { thread in
      do {
        if thread == 0 {
          for round in 0..<200 {
            let lower: Tier = round % 2 == 0 ? .warm : .cold
            try store.move(.all, from: .hot, to: lower)
            try store.move(.all, from: lower, to: .hot)
          }
          done.store(true, ordering: .releasing)
          return
        }
        while !done.load(ordering: .acquiring) {
          // Many keys that are nowhere make the way from tier to tier long.
          let found =
            thread == 1
            ? try keys.map { try store.get($0) }
            : try store.multiGet(keys + nowhere).prefix(keys.count).map { $0 }
          if found != keys { missed.withLock { $0 += 1 } }
        }
      } catch {
        done.store(true, ordering: .releasing)
        Issue.record("\(error)")
      }
    }
    #expect(missed.withLock { $0 } == 0)
  }

  @Test(
    "a checkpoint to another file system that is full names that one, and the store goes on",
    .enabled(if: geteuid() == 0, "mounting needs root"))
  func fullCheckpoint() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    // Room for the folders and hardly a file.
    let elsewhere = fixture.folder + "/elsewhere"
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    try #require(mount("none", elsewhere, "tmpfs", 0, "nr_inodes=4") == 0)
    defer { _ = umount2(elsewhere, Int32(MNT_DETACH)) }
    let target = elsewhere + "/copy"
    #expect {
      try store.checkpoint(to: target)
    } throws: { error in
      guard case StoreError.system(target, let cause) = error else { return false }
      return cause.contains("No space left on device") && cause.contains("make room there")
    }
    try store.put(bytes("key"), bytes("other"))
    #expect(try store.get(bytes("key")) == bytes("other"))
  }

  @Test("is copied whole by a checkpoint, which stays as it was")
  func checkpoint() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<300 { try store.put(bytes("k\(number)"), bytes("v")) }
    try store.move(KeyRange(from: bytes("k1"), upTo: bytes("k2")), from: .hot, to: .cold)
    let target = fixture.folder + "/copy"
    try store.checkpoint(to: target)
    try store.deleteRange(.all)
    #expect(throws: StoreError.exists(path: target)) { try store.checkpoint(to: target) }
    let copy = fixture.closing(
      try TieredStore.open(target, configuration: StoreFixture.small))
    #expect(try copy.snapshot().pairs().count == 300)
    #expect(try copy.verify() == [])
    try copy.put(bytes("more"), [])
    try copy.close()
    #expect(try store.snapshot().pairs().isEmpty)
  }

  @Test("acknowledges in each mode, and closes with everything on the drive")
  func modes() throws {
    for durability in [Durability.sync, .grouped(maxDelay: .milliseconds(2)), .async] {
      let fixture = try StoreFixture()
      var configuration = StoreFixture.small
      configuration.durability = durability
      let store = try fixture.create(configuration)
      var last = Version.zero
      for number in 0..<200 { last = try store.put(bytes("k\(number)"), bytes("v")) }
      if durability == .sync { #expect(store.durableVersion == last) }
      let deadline = Date().addingTimeInterval(30)
      while store.durableVersion < last, Date() < deadline { usleep(1000) }
      #expect(store.durableVersion == last)
      #expect(store.lastVersion == last)
      try store.close()
      #expect(try fixture.open(configuration).snapshot().pairs().count == 200)
    }
  }
}
