import Foundation
import Glibc
import RocksDB
import Testing

@testable import StorageEngine

@Suite("What the drive held") struct DurableMarkTests {
  static let mark = DurableMark(sequence: 12_345, log: 17, logBytes: 4096)

  @Test("is read as it was written")
  func reads() {
    #expect(DurableMark(reading: Self.mark.text) == Self.mark)
  }

  @Test("is not taken from text in which anything was changed")
  func damaged() {
    expectUnreadableWhenDamaged(Self.mark.text) { DurableMark(reading: $0) }
  }

  @Test(
    "tells of the last change soon after it, though nothing comes behind it",
    arguments: Tier.allCases)
  func lastOfBurst(tier: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<100 { try store.put(bytes("key \(number)"), bytes("value")) }
    if tier != .hot { try store.move(.all, from: .hot, to: tier) }
    let (expected, found) = try fixture.awaitMark(of: tier, in: store)
    #expect(expected >= 1)
    #expect(found == DurableMark(sequence: expected))
  }

  @Test("is what closing says, though word was to be left at that moment")
  func closing() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    usleep(60_000)
    try store.close()
    usleep(150_000)
    let mark = try DurableMark.read(.hot, in: fixture.path + "/hot")
    #expect((mark?.log ?? 0) > 0)
  }

  @Test(
    "names the log and not its loss where the system does not let it be read",
    arguments: ["DURABLE", "log"])
  func notAllowed(name: String) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let file =
      name == "log"
      ? try #require(fixture.files(of: .hot, suffix: ".log").last) : fixture.path + "/hot/" + name
    // Whoever opens a symbolic link to itself is refused, root too, and nothing is missing.
    let moved = file + ".away"
    try FileManager.default.moveItem(atPath: file, toPath: moved)
    try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file)
    #expect {
      _ = try fixture.open()
    } throws: { error in
      guard case StoreError.failed(.hot, file, let cause) = error else { return false }
      return cause.hasPrefix("it cannot be read: ")
    }
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.moveItem(atPath: moved, toPath: file)
    #expect(try fixture.open().get(bytes("key")) == bytes("value"))
  }

  @Test("leaves the logs of a store alone that somebody has open")
  func trimsNoneInUse() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    let log = try #require(fixture.files(of: .hot, suffix: ".log").last)
    func status() throws -> stat {
      var status = stat()
      try #require(stat(log, &status) == 0)
      return status
    }
    let before = try status()
    // RocksDB has taken room for it.
    try #require(Int(before.st_blocks) * 512 > Int(before.st_size) + 64 << 10)
    #expect(throws: StoreError.inUse(path: fixture.path + "/hot")) { _ = try fixture.open() }
    #expect(try status().st_blocks == before.st_blocks)
  }

  @Test("gives back the room beyond a log's end that a killed process left")
  func trims() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path(percentEncoded: false) + "/000007.log"
    let descriptor = open(path, O_RDWR | O_CREAT, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    #expect(write(descriptor, "0123456789", 10) == 10)
    // As RocksDB asks for it.
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/fallocate")
    process.arguments = ["--keep-size", "--length", "8MiB", path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    func blocks() throws -> Int {
      var status = stat()
      try #require(fstat(descriptor, &status) == 0)
      return Int(status.st_blocks) * 512
    }
    #expect(try blocks() >= 8 << 20)
    DurableMark.trimLogs(in: folder.path(percentEncoded: false))
    #expect(try blocks() < 1 << 20)
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("0123456789".utf8))
  }

  @Test(
    "refuses a tier whose file is damaged, by its name, and not one without contents",
    arguments: Tier.allCases)
  func opening(tier: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let file = fixture.path + "/\(tier.rawValue)/\(DurableMark.fileName)"
    var contents = try Data(contentsOf: URL(filePath: file))
    contents[contents.startIndex + 20] ^= 1
    try contents.write(to: URL(filePath: file))
    #expect {
      _ = try fixture.open()
    } throws: { error in
      guard case StoreError.corruption(tier, file, _) = error else { return false }
      return true
    }
    try Data().write(to: URL(filePath: file))
    #expect(try fixture.open().get(bytes("key")) == bytes("value"))
  }

  enum Loss: CaseIterable {
    case gone
    case emptied
    case bit
  }

  @Test(
    "refuses a tier that crashed where a log between its tables and the newest log is gone or damaged",
    arguments: Loss.allCases)
  func missingLog(loss: Loss) throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    // Memory goes to tables four buffers at a time, so that several logs are in use.
    configuration.hot.writeBufferBytes = 64 << 10
    configuration.hot.writeBufferCount = 6
    configuration.hot.buffersToMerge = 4
    configuration.durability = .sync
    let store = try fixture.create(configuration)
    func logs() -> [String] {
      fixture.files(of: .hot, suffix: ".log").filter {
        (try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int) ?? 0 > 0
      }
    }
    var count = 0
    while logs().count < 3, count < 5000 {
      try store.put(bytes("key \(count)"), [UInt8](repeating: 1, count: 1000))
      count += 1
    }
    // Word of the last change is left within 100 ms.
    try fixture.awaitMark(of: .hot, in: store)
    // What a crash leaves.
    let crashed = fixture.folder + "/crashed"
    try FileManager.default.copyItem(atPath: fixture.path, toPath: crashed)
    let logs = logs()
    try #require(logs.count == 3)
    let first = crashed + logs[0].dropFirst(fixture.path.count)
    let contents = try Data(contentsOf: URL(filePath: first))
    switch loss {
    case .gone: try FileManager.default.removeItem(atPath: first)
    case .emptied: try Data().write(to: URL(filePath: first))
    case .bit:
      var damaged = contents
      damaged[damaged.startIndex + damaged.count / 2] ^= 1
      try damaged.write(to: URL(filePath: first))
    }
    for readOnly in [true, false] {
      configuration.readOnly = readOnly
      #expect {
        _ = try TieredStore.open(crashed, configuration: configuration)
      } throws: { error in
        guard case StoreError.corruption(.hot, first, _) = error else { return false }
        return true
      }
    }
    // Without the mark it is opened as it is; for reading only not before that was done once.
    let unmarked = fixture.folder + "/unmarked"
    try FileManager.default.copyItem(atPath: crashed, toPath: unmarked)
    try FileManager.default.removeItem(atPath: unmarked + "/hot/" + DurableMark.fileName)
    if loss != .bit {
      configuration.readOnly = true
      #expect(throws: StoreError.self) {
        _ = try TieredStore.open(unmarked, configuration: configuration)
      }
    }
    configuration.readOnly = false
    let left = try TieredStore.open(unmarked, configuration: configuration)
    try left.put(bytes("after"), bytes("value"))
    try left.close()
    configuration.readOnly = true
    let read = fixture.closing(try TieredStore.open(unmarked, configuration: configuration))
    #expect(try read.get(bytes("after")) == bytes("value"))
    try contents.write(to: URL(filePath: first))
    configuration.readOnly = false
    let again = fixture.closing(try TieredStore.open(crashed, configuration: configuration))
    for number in 0..<count {
      #expect(try again.get(bytes("key \(number)"))?.count == 1000)
    }
  }
}

extension StoreFixture {
  /// Waits until `DURABLE` tells of the last change of a tier, 20 s at most.
  ///
  /// - Returns: That change's number, and what the file says then.
  @discardableResult
  func awaitMark(
    of tier: Tier, in store: TieredStore
  ) throws -> (expected: UInt64, found: DurableMark?) {
    let expected = try store.tiers()[tier].database.latestSequenceNumber
    let end = Date().addingTimeInterval(20)
    var found: DurableMark?
    repeat {
      usleep(10_000)
      found = try DurableMark.read(tier, in: path + "/" + tier.rawValue)
    } while found?.sequence != expected && Date() < end
    return (expected, found)
  }
}

/// Expects that nothing is read from a text in which a bit is flipped, or that is cut short.
func expectUnreadableWhenDamaged<Mark>(_ text: String, _ read: (String) -> Mark?) {
  let text = Array(text.utf8)
  for place in text.indices {
    for bit in 0..<7 {
      var changed = text
      changed[place] ^= 1 << bit
      #expect(read(String(decoding: changed, as: UTF8.self)) == nil)
    }
    #expect(read(String(decoding: text.prefix(place), as: UTF8.self)) == nil)
  }
}

extension StoreFixture {
  /// Expects that the store is refused, to read and to write, as something of a tier is damaged.
  func expectRefused(_ tier: Tier, _ file: String) {
    for readOnly in [true, false] {
      var configuration = Self.small
      configuration.readOnly = readOnly
      #expect {
        _ = try open(configuration)
      } throws: { error in
        guard case StoreError.corruption(tier, file, _) = error else { return false }
        return true
      }
    }
  }
}
