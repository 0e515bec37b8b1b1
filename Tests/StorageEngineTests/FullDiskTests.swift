import Foundation
import StorageEngine
import TestSupport
import Testing

/// An assertion of Debian's librocksdb may end the process on a full disk, and all other tests with
/// it.
@Suite(
  "A full disk",
  .enabled(
    if: ProcessInfo.processInfo.environment["STOREBENCH_FULL_DISK"] != nil,
    "ci/soak store runs it, in a process of its own"))
struct FullDiskTests {
  /// A small file system in memory; needs root.
  private struct SmallDisk: ~Copyable {
    let path: String

    init(_ fixture: StoreFixture, mebibytes: Int) throws {
      path = fixture.folder + "/disk"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try #require(Self.run("mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path) == 0)
    }

    deinit { _ = try? Self.run("umount", "-l", path) }

    private static func run(_ arguments: String...) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = arguments
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// The numbers of values that a store does not give back.
  private static func lost(_ store: TieredStore, _ values: [[UInt8]]) throws -> [Int] {
    try values.indices.filter { try store.get(bytes("k\($0)")) != values[$0] }
  }

  @Test(
    "stops writing with a clear error, keeps what was acknowledged, and goes on once opened with room",
    .enabled(if: geteuid() == 0, "mounting needs root"), arguments: ["sync", "grouped"])
  func full(mode: String) throws {
    let fixture = try StoreFixture()
    let disk = try SmallDisk(fixture, mebibytes: 24)
    var configuration = StoreFixture.small
    configuration.durability = mode == "sync" ? .sync : .grouped(maxDelay: .milliseconds(5))
    configuration.tierFolders[.hot] = disk.path + "/hot"
    let ballast = disk.path + "/ballast"
    try Data(count: 8 << 20).write(to: URL(filePath: ballast))
    var store = try fixture.create(configuration)
    var generator = SeededGenerator(seed: 3)
    var values: [[UInt8]] = []
    var failure: (any Error)?
    while failure == nil, values.count < 5000 {
      let value = generator.bytes(16_000)
      do {
        try store.put(bytes("k\(values.count)"), value)
        values.append(value)
      } catch {
        failure = error
      }
    }
    let error = try #require(failure as? StoreError)
    guard case .noSpace(.hot, _, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(throws: StoreError.self) { try store.put(bytes("x"), [1]) }
    #expect(try Self.lost(store, values) == [])
    try FileManager.default.removeItem(atPath: ballast)
    // Where the log itself failed, only opening again mends it.
    try? store.close()
    store = try fixture.open(configuration)
    try store.put(bytes("after"), bytes("room"))
    #expect(try Self.lost(store, values) == [])
    #expect(try store.get(bytes("after")) == bytes("room"))
    #expect(try store.verify() == [])
    try store.close()
  }
}
