import Foundation
import TestSupport
import Testing

@testable import StorageEngine

@Suite("A store that cannot be made leaves nothing behind")
struct CreationTests {
  private let files = FileManager.default

  /// Everything below a folder.
  private func entries(_ folder: String) -> [String] {
    (files.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted()
  }

  private func configuration(_ tier: Tier, _ folder: String) -> StoreConfiguration {
    var configuration = StoreFixture.small
    configuration.tierFolders[tier] = folder
    return configuration
  }

  @Test(
    "where a later tier's folder is a file, holds something or cannot be made",
    arguments: [Tier.warm, .cold], ["file", "file/below", "full", "none/below", "empty/none/below"])
  func laterTier(tier: Tier, place: String) throws {
    let fixture = try StoreFixture()
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder + "/file"))
    for folder in ["full", "empty"] {
      try files.createDirectory(
        atPath: fixture.folder + "/" + folder, withIntermediateDirectories: true)
    }
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder + "/full/mine"))
    let before = entries(fixture.folder)
    #expect(throws: StoreError.self) {
      try fixture.create(configuration(tier, fixture.folder + "/" + place))
    }
    #expect(entries(fixture.folder) == before)
  }

  @Test("where two tiers have one folder, however it is written")
  func sameFolder() throws {
    let fixture = try StoreFixture()
    var configuration = configuration(.warm, fixture.folder + "/disk")
    configuration.tierFolders[.cold] = fixture.folder + "/./disk/"
    let error = #expect(throws: StoreError.self) { try fixture.create(configuration) }
    #expect(error?.description.contains("two tiers have the same folder") == true)
    #expect(entries(fixture.folder) == [])
  }

  @Test("and a folder that was there before stays, as empty as it was")
  func ownFolders() throws {
    let fixture = try StoreFixture()
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder + "/file"))
    for folder in [fixture.path, fixture.folder + "/disk"] {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    var asked = configuration(.cold, fixture.folder + "/file")
    asked.tierFolders[.hot] = fixture.folder + "/disk"
    #expect(throws: StoreError.self) { try fixture.create(asked) }
    #expect(entries(fixture.folder) == ["disk", "file", "store"])
  }

  @Test("and the folder of a drive, which has lost+found from the start, counts as empty")
  func mountedDrive() throws {
    let fixture = try StoreFixture()
    let drive = fixture.folder + "/drive"
    try files.createDirectory(
      atPath: drive + "/lost+found", withIntermediateDirectories: true)
    let store = try fixture.create(configuration(.cold, drive))
    try store.put(bytes("a"), bytes("1"))
    try store.close()
    #expect(entries(drive).contains("lost+found") && entries(drive).contains("TIER"))
    try Data("mine".utf8).write(to: URL(filePath: drive + "/lost+found/mine"))
    let other = try StoreFixture()
    #expect(throws: StoreError.exists(path: drive)) {
      try other.create(configuration(.cold, drive))
    }
  }

  @Test("names the missing parent of a folder, and does not make it")
  func missingParent() throws {
    let fixture = try StoreFixture()
    let folder = fixture.folder + "/unmounted/cold"
    #expect {
      try fixture.create(configuration(.cold, folder))
    } throws: { error in
      guard case StoreError.invalidArgument(let text) = error else { return false }
      return text.contains("'\(folder)'") && text.contains("'\(fixture.folder)/unmounted'")
    }
    #expect(entries(fixture.folder).isEmpty)
    #expect(throws: StoreError.self) {
      try TieredStore.create(
        at: fixture.folder + "/none/store", configuration: StoreFixture.small)
    }
    #expect(entries(fixture.folder).isEmpty)
  }

  @Test("takes back what the databases made, and nothing of anybody else's")
  func takesBack() throws {
    let fixture = try StoreFixture()
    try fixture.create(configuration(.cold, fixture.folder + "/disk")).close()
    var folder = try StoreFolder(opening: fixture.path)
    try Data("mine".utf8).write(to: URL(filePath: fixture.path + "/warm/notes.txt"))
    folder.takeBack()
    // It was opened, not made, so that no folder is its own.
    #expect(
      entries(fixture.folder)
        == ["disk", "store", "store/hot", "store/warm", "store/warm/notes.txt"])
    folder = try StoreFolder(
      creating: fixture.folder + "/other", tierFolders: [:], identity: "a1")
    folder.takeBack()
    #expect(!files.fileExists(atPath: fixture.folder + "/other"))
  }

  @Test(
    "where a drive has no room",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"),
    arguments: [UInt64(0), 12 << 10])
  func noRoom(free: UInt64) throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(.ext4, in: fixture.folder)
    try disk.fill(leaving: free)
    let before = entries(disk.path)
    #expect(throws: StoreError.self) {
      try fixture.create(configuration(.cold, disk.path + "/cold"))
    }
    #expect(entries(disk.path) == before)
    #expect(!files.fileExists(atPath: fixture.path))
  }
}
