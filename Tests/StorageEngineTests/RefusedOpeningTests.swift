import Foundation
import Glibc
import RocksDB
import TestSupport
import Testing

@testable import StorageEngine

@Suite("A store that may not be opened for writing stays as it was")
struct RefusedOpeningTests {
  enum Damage: CaseIterable {
    case bit
    case cut
    case emptied

    func damaged(_ log: Data) -> Data {
      switch self {
      case .bit:
        var log = log
        log[log.startIndex + log.count / 2] ^= 4
        return log
      case .cut: return log.prefix(log.count / 2)
      case .emptied: return Data()
      }
    }
  }

  /// What a crash leaves of a store with keys in a tier, all of them in its log and told of in `DURABLE`.
  private func crashed(_ fixture: StoreFixture, _ tier: Tier) throws -> (path: String, log: String)
  {
    var configuration = StoreFixture.small
    configuration.durability = .sync
    let store = try fixture.create(configuration)
    for number in 0..<100 { try store.put(bytes("key \(number)"), bytes("value \(number)")) }
    if tier != .hot { try store.move(.all, from: .hot, to: tier) }
    let (expected, mark) = try fixture.awaitMark(of: tier, in: store)
    try #require(mark?.sequence == expected)
    let path = fixture.folder + "/crashed"
    try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
    let log = try #require(
      fixture.files(of: tier, suffix: ".log").last {
        (try? Data(contentsOf: URL(filePath: $0)))?.isEmpty == false
      })
    return (path, path + log.dropFirst(fixture.path.count))
  }

  private func manifest(in folder: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return folder + "/" + (try #require(names.first { $0.hasPrefix("MANIFEST-") }))
  }

  /// The names of all files, once RocksDB has removed in the background what its opening has replaced.
  private func settledNames(_ path: String) throws -> [String] {
    var names: [String] = []
    let end = Date().addingTimeInterval(20)
    while try names != contents(of: path).keys.sorted(), Date() < end {
      names = try contents(of: path).keys.sorted()
      usleep(500_000)
    }
    return names
  }

  private func expectRefused(
    _ fixture: StoreFixture, _ path: String, _ tier: Tier, _ file: String
  ) {
    #expect {
      _ = fixture.closing(try TieredStore.open(path, configuration: StoreFixture.small))
    } throws: { error in
      guard case StoreError.corruption(tier, file, _) = error else { return false }
      return true
    }
  }

  private func expectWhole(_ fixture: StoreFixture, _ path: String) throws {
    let store = fixture.closing(try TieredStore.open(path, configuration: StoreFixture.small))
    for number in 0..<100 {
      #expect(try store.get(bytes("key \(number)")) == bytes("value \(number)"))
    }
  }

  @Test(
    "where a log holds less than the drive did, so that a good copy still helps",
    arguments: Tier.allCases, Damage.allCases)
  func damagedLog(tier: Tier, damage: Damage) throws {
    let fixture = try StoreFixture()
    let (path, log) = try crashed(fixture, tier)
    let whole = try Data(contentsOf: URL(filePath: log))
    try damage.damaged(whole).write(to: URL(filePath: log))
    let before = try contents(of: path)
    for _ in 0..<2 {
      expectRefused(fixture, path, tier, log)
      let after = try contents(of: path)
      #expect(after.keys.sorted() == before.keys.sorted())
      #expect(after == before)
    }
    try whole.write(to: URL(filePath: log))
    try expectWhole(fixture, path)
  }

  @Test("where a lower tier's list of files ends before what the drive held")
  func shortManifest() throws {
    let fixture = try StoreFixture()
    let (path, _) = try crashed(fixture, .cold)
    let file = try manifest(in: path + "/cold")
    let whole = try Data(contentsOf: URL(filePath: file))
    try whole.dropLast(20).write(to: URL(filePath: file))
    let before = try contents(of: path)
    expectRefused(fixture, path, .cold, file)
    #expect(try contents(of: path) == before)
    try whole.write(to: URL(filePath: file))
    try expectWhole(fixture, path)
  }

  @Test("where the list of files ends in half an entry and a log is damaged as well")
  func tornManifest() throws {
    let fixture = try StoreFixture()
    let (path, log) = try crashed(fixture, .hot)
    // A record's head that tells of more than there is, which a power cut left behind what the drive held.
    let file = try FileHandle(forWritingTo: URL(filePath: manifest(in: path + "/hot")))
    try file.seekToEnd()
    try file.write(contentsOf: Data([1, 2, 3, 4, 200, 0, 1, 9, 9]))
    try file.close()
    let whole = try Data(contentsOf: URL(filePath: log))
    try Damage.bit.damaged(whole).write(to: URL(filePath: log))
    for _ in 0..<2 {
      expectRefused(fixture, path, .hot, log)
    }
    try whole.write(to: URL(filePath: log))
    try expectWhole(fixture, path)
  }

  @Test("where a snapshot still holds what was closed")
  func heldBySnapshot() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    let snapshot = try store.snapshot()
    let closing = Thread { try? store.close() }
    closing.start()
    let end = Date().addingTimeInterval(20)
    func isMarked(_ tier: Tier) throws -> Bool {
      try (DurableMark.read(tier, in: fixture.path + "/" + tier.rawValue)?.log ?? 0) > 0
    }
    while try !Tier.allCases.allSatisfy(isMarked), Date() < end { usleep(10_000) }
    _ = try settledNames(fixture.path)
    let before = try contents(of: fixture.path)
    #expect(throws: StoreError.inUse(path: fixture.path + "/hot")) { _ = try fixture.open() }
    let after = try contents(of: fixture.path)
    #expect(after.keys.sorted() == before.keys.sorted())
    #expect(after.filter { before[$0.key] != $0.value }.map(\.key) == [])
    #expect(try snapshot.get(bytes("key")) == bytes("value"))
  }

  @Test("where somebody else writes to it", arguments: 1...3)
  func inUse(attempts: Int) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let writer = try fixture.open()
    try writer.waitUntilIdle()
    let before = try settledNames(fixture.path)
    for _ in 0..<attempts {
      #expect(throws: StoreError.inUse(path: fixture.path + "/hot")) { _ = try fixture.open() }
    }
    #expect(try contents(of: fixture.path).keys.sorted() == before)
    try writer.put(bytes("key"), bytes("after"))
    try writer.close()
    #expect(try fixture.open().get(bytes("key")) == bytes("after"))
  }

  @Test(
    "where a pipe lies in the place of a file, by its name and at once", arguments: Tier.allCases,
    ["CURRENT", "LOCK", "DURABLE-MANIFEST", "DURABLE", "MOVES", "log"])
  func pipe(tier: Tier, name: String) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let file =
      name == "log"
      ? try #require(fixture.files(of: tier, suffix: ".log").last)
      : "\(fixture.path)/\(tier.rawValue)/\(name)"
    try? FileManager.default.removeItem(atPath: file)
    try #require(mkfifo(file, 0o600) == 0)
    fixture.expectRefused(tier, file)
  }

  @Test(
    "where a tier may not be written to", .enabled(if: LoopDisk.isUsable, "mounting needs root"),
    arguments: Tier.allCases)
  func readOnlyDrive(tier: Tier) throws {
    let fixture = try StoreFixture()
    let folder = "\(fixture.path)/\(tier.rawValue)"
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    try #require(mount(folder, folder, nil, UInt(MS_BIND), nil) == 0)
    defer { #expect(umount(folder) == 0) }
    try #require(mount(nil, folder, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0)
    let before = try contents(of: fixture.path)
    #expect {
      _ = try fixture.open()
    } throws: { error in
      guard case StoreError.failed(tier, folder, let cause) = error else { return false }
      return cause.hasPrefix("it cannot be written to: ")
    }
    #expect(try contents(of: fixture.path) == before)
  }

  @Test("where a label is damaged, which is no sign of the wrong disk", arguments: Tier.allCases)
  func damagedLabel(tier: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let file = "\(fixture.path)/\(tier.rawValue)/TIER"
    let label = try String(contentsOfFile: file, encoding: .utf8)
    for damaged in [
      "", "\0\0\0\0", String(label.dropLast()), "u" + label.dropFirst(), label + label,
    ] {
      try damaged.write(toFile: file, atomically: false, encoding: .utf8)
      #expect {
        _ = try fixture.open()
      } throws: { error in
        guard case StoreError.corruption(tier, file, let cause) = error else { return false }
        // What to write there.
        return cause.contains(label.replacing("\n", with: "\\n"))
      }
    }
    try label.write(toFile: file, atomically: false, encoding: .utf8)
    #expect(try fixture.open().get(bytes("key")) == bytes("value"))
  }
}
