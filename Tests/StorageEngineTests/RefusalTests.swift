import Foundation
import TestSupport
import Testing

@testable import StorageEngine

@Suite("A store that cannot be trusted is refused, by name")
struct RefusalTests {
  private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  @Test("where there is none")
  func none() throws {
    let fixture = try StoreFixture()
    #expect(
      throws: StoreError.notAStore(path: fixture.path, reason: "there is no such folder")
    ) { try fixture.open() }
    try FileManager.default.createDirectory(
      atPath: fixture.path, withIntermediateDirectories: true)
    #expect(
      throws: StoreError.notAStore(path: fixture.path, reason: "it has no file STORE")
    ) { try fixture.open() }
    try write("something", to: fixture.path + "/STORE")
    #expect {
      try fixture.open()
    } throws: { error in
      if case StoreError.notAStore = error { true } else { false }
    }
    #expect(throws: StoreError.exists(path: fixture.path)) { try fixture.create() }
  }

  @Test("where it is of a newer format, and nothing in it is changed")
  func newer() throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    let file = fixture.path + "/STORE"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try write(text.replacing("format: 1", with: "format: 2"), to: file)
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/hot")
    let error = StoreError.newerFormat(path: fixture.path, found: 2, known: 1)
    #expect(throws: error) { try fixture.open() }
    #expect("\(error)".contains("format 2") && "\(error)".contains(fixture.path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/hot") == names)
  }

  @Test("where two tiers changed places, or a tier is another store's or missing")
  func wrongFolder() throws {
    func expectWrong(_ tier: Tier, _ fixture: StoreFixture) {
      #expect {
        try fixture.open()
      } throws: { error in
        if case StoreError.wrongFolder(let found, _, _) = error { found == tier } else { false }
      }
    }
    let fixture = try StoreFixture()
    try fixture.create().close()
    let files = FileManager.default
    try files.moveItem(atPath: fixture.path + "/warm", toPath: fixture.path + "/x")
    expectWrong(.warm, fixture)
    try files.moveItem(atPath: fixture.path + "/cold", toPath: fixture.path + "/warm")
    try files.moveItem(atPath: fixture.path + "/x", toPath: fixture.path + "/cold")
    expectWrong(.warm, fixture)

    let other = try StoreFixture()
    try other.create().close()
    let third = try StoreFixture()
    try third.create().close()
    try files.removeItem(atPath: other.path + "/hot")
    try files.moveItem(atPath: third.path + "/hot", toPath: other.path + "/hot")
    expectWrong(.hot, other)

    let lost = try StoreFixture()
    try lost.create().close()
    try files.removeItem(atPath: lost.path + "/cold/TIER")
    expectWrong(.cold, lost)
  }

  @Test("where it is open already")
  func inUse() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    #expect(throws: StoreError.inUse(path: fixture.path + "/hot")) { try fixture.open() }
    try store.close()
    try fixture.open().close()
  }

  @Test("where it asks for more memory than it may use")
  func memory() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.memoryBudgetBytes = 1 << 20
    #expect {
      try fixture.create(configuration)
    } throws: { error in
      guard case StoreError.noMemory(let needed, let allowed, _) = error else { return false }
      return needed > allowed && allowed == 1 << 20
    }
    #expect(!FileManager.default.fileExists(atPath: fixture.path))
  }

  @Test("tiers on other devices are found again, also where they are mounted elsewhere")
  func folders() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.tierFolders[.cold] = fixture.folder + "/disk"
    var store = try fixture.create(configuration)
    try store.put(bytes("k"), bytes("v"))
    try store.move(.all, from: .hot, to: .cold)
    try store.close()
    store = try fixture.open()
    #expect(try store.get(bytes("k")) == bytes("v"))
    try store.close()
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/disk", toPath: fixture.folder + "/elsewhere")
    #expect(throws: StoreError.self) { try fixture.open() }
    configuration.tierFolders[.cold] = fixture.folder + "/elsewhere"
    #expect(try fixture.open(configuration).get(bytes("k")) == bytes("v"))
  }
}

@Suite("Damage is told, naming tier and file")
struct DamageTests {
  /// Inverts bytes of a file.
  private func damage(_ path: String, at offset: UInt64, count: Int = 16) throws {
    let file = try FileHandle(forUpdating: URL(filePath: path))
    defer { try? file.close() }
    try file.seek(toOffset: offset)
    let found = try #require(try file.read(upToCount: count))
    try file.seek(toOffset: offset)
    try file.write(contentsOf: Data(found.map { ~$0 }))
  }

  @Test("in a table file: by a get, a multi-get, a scan and verify", arguments: Tier.allCases)
  func table(tier: Tier) throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 0
    var store = try fixture.create(configuration)
    var generator = SeededGenerator(seed: 5)
    // Random bytes, so that no compressor makes the file a single block.
    for number in 0..<2000 { try store.put(bytes("k\(10_000 + number)"), generator.bytes(100)) }
    if tier != .hot { try store.move(.all, from: .hot, to: tier) }
    try store.flush()
    try store.close()
    let file = try #require(fixture.files(of: tier, suffix: ".sst").last)
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: file)[.size] as? UInt64)
    try damage(file, at: size / 2)

    store = try fixture.open(configuration)
    func isNamed(_ error: any Error) -> Bool {
      guard case StoreError.corruption(let found, let place, _) = error else { return false }
      return found == tier && place == file
    }
    let keys = (0..<2000).map { bytes("k\(10_000 + $0)") }
    var failures = 0
    for key in keys {
      do {
        let value = try store.get(key)
        #expect(value != nil, "a damaged block told as a missing key")
      } catch {
        failures += 1
        #expect(isNamed(error), "\(error)")
      }
    }
    #expect(failures > 0)
    #expect { try store.multiGet(keys) } throws: { isNamed($0) }
    #expect { try store.snapshot().pairs() } throws: { isNamed($0) }
    #expect { try store.snapshot().pairs(.all, .backward) } throws: { isNamed($0) }
    let damages = try store.verify()
    #expect(damages.contains { $0.tier == tier && $0.file == file })
    #expect(damages.allSatisfy { $0.tier == tier })
  }

  @Test("in a stored value without a header")
  func header() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("a"), bytes("fine"))
    let warm = try store.tiers().warm
    do {
      let batch = StoredEntry(
        key: bytes("b"), version: Version(epoch: 0, sequence: 1), kind: .value, value: [])
      try store.ingest([batch], into: .warm)
      try RawTier.put(warm, bytes("b"), [9, 9])
    }
    #expect {
      try store.get(bytes("b"))
    } throws: { error in
      if case StoreError.corruption(.warm, warm.path, _) = error { true } else { false }
    }
    #expect(throws: StoreError.self) { try store.multiGet([bytes("b")]) }
    #expect(throws: StoreError.self) { try store.snapshot().get(bytes("b")) }
    #expect(throws: StoreError.self) { try store.snapshot().pairs() }
    #expect(throws: StoreError.self) { try store.move(.all, from: .warm, to: .cold) }
    let damages = try store.verify()
    #expect(damages.map(\.tier) == [.warm])
    #expect(damages.first?.description.contains("'b'") == true)
    #expect(try store.get(bytes("a")) == bytes("fine"))
  }
}
