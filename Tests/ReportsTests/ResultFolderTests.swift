import Foundation
import Measurements
import Testing

@testable import Reports

@Suite("The folder of a run") struct ResultFolderTests {
  /// A folder of the test's own, removed when it ends.
  private static func withScratch(_ body: (String) throws -> Void) throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "reports-\(UUID())")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    try body(scratch.path)
  }

  private static func make(_ parent: String) throws(ResultFolderError) -> ResultFolder {
    try ResultFolder(
      in: parent, startedAt: "2026-11-22T23:10:05Z", host: "node7", device: "S64GNE0R",
      tier: "hot")
  }

  @Test(
    "has a name that every file system takes",
    arguments: [
      ("2026-11-22T23:10:05Z", "node7", "S64GNE0R", "2026-11-22T231005Z-node7-S64GNE0R-hot"),
      ("2026-11-22T23:10:05.123Z", "a b/c", "x\u{0}y\n", "2026-11-22T231005Z-a-b-c-x-y-hot"),
      ("2026-11-22T23:10:05Z", "", "   ", "2026-11-22T231005Z-unknown-unknown-hot"),
      ("2026-11-22T23:10:05Z", "../..", "-rf", "2026-11-22T231005Z-unknown-rf-hot"),
      ("2026-11-22T23:10:05Z", "höst", "é", "2026-11-22T231005Z-h-st-unknown-hot"),
      ("", "n.example.org", "a--b", "Z-n.example.org-a-b-hot"),
    ])
  func name(startedAt: String, host: String, device: String, name: String) {
    #expect(
      ResultFolderName.text(startedAt: startedAt, host: host, device: device, tier: "hot") == name)
  }

  @Test("has no name too long for a file system") func longName() {
    let long = String(repeating: "x", count: 5000)
    let name = ResultFolderName.text(startedAt: long, host: long, device: long, tier: long)
    #expect(name.utf8.count <= 4 * 40 + 3)
  }

  @Test("is never another run's, also when many begin at once") func neverShared() async throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "reports-\(UUID())")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let parent = scratch.path + "/deep/results"
    let paths = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<16 { group.addTask { try Self.make(parent).path } }
      var paths: Set<String> = []
      for try await path in group { paths.insert(path) }
      return paths
    }
    let first = "\(parent)/2026-11-22T231005Z-node7-S64GNE0R-hot"
    #expect(paths == Set([first] + (2...16).map { "\(first)-\($0)" }))
  }

  @Test("takes all reports and nothing else") func write() throws {
    try Self.withScratch { scratch in
      let folder = try Self.make(scratch)
      try folder.write(SyntheticRecord.full)
      try folder.write(SyntheticRecord.full)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names == ["junit.xml", "profile.yaml", "report.md", "run.json"])
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.runPath)))
      #expect(try RunRecordJSON.decode(bytes) == SyntheticRecord.full)
      let profile = String(
        decoding: try Data(contentsOf: URL(filePath: folder.profilePath)), as: UTF8.self)
      #expect(profile == SyntheticRecord.full.profile.text)
      #expect(folder == ResultFolder(existing: folder.path))
    }
  }

  @Test("takes only the forms that were asked for") func formats() throws {
    try Self.withScratch { scratch in
      let folder = try Self.make(scratch)
      try folder.write(SyntheticRecord.bare, formats: [.junit])
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names == ["junit.xml", "profile.yaml"])
    }
  }

  @Test("that cannot be made says which, why and what to do") func cannotMake() throws {
    try Self.withScratch { scratch in
      let file = scratch + "/file"
      try Data("x".utf8).write(to: URL(filePath: file))
      for parent in [file, file + "/below", "/proc/no-such-folder"] {
        let error = #expect(throws: ResultFolderError.self) { try Self.make(parent) }
        let text = error?.description ?? ""
        #expect(text.contains(parent) && text.contains("--out DIR"), "\(text)")
        #expect(!text.contains("CocoaError"), "\(text)")
      }
    }
  }

  @Test(
    "that is full says so and holds no half of a file",
    .enabled(
      if: getuid() == 0 && Command.succeeds(["unshare", "--mount", "true"]),
      "mounting a small file system needs root and CAP_SYS_ADMIN"))
  func full() throws {
    try Self.withScratch { scratch in
      let options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", scratch]
      try #require(Command.succeeds(options))
      defer { _ = Command.succeeds(["umount", scratch]) }
      let folder = try Self.make(scratch)
      try folder.write("before", to: folder.reportPath)
      let large = String(repeating: "x", count: 1_000_000)
      let error = #expect(throws: ResultFolderError.self) {
        try folder.write(large, to: folder.reportPath)
      }
      let text = error?.description ?? ""
      #expect(text.contains("No space left on device"), "\(text)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names == ["report.md"])
      let kept = try Data(contentsOf: URL(filePath: folder.reportPath))
      #expect(kept == Data("before".utf8))
    }
  }

  @Test("is called after the serial, else the kernel's name, else the form of the target")
  func device() {
    var subject = SyntheticRecord.full.subjects[0]
    #expect(ResultFolder.deviceName(subject) == "S64GNE0R")
    subject.identity.serial = nil
    #expect(ResultFolder.deviceName(subject) == "nvme0n1")
    subject.form = .file
    #expect(ResultFolder.deviceName(subject) == "file-on-nvme0n1")
    subject.form = .simulated
    #expect(ResultFolder.deviceName(subject) == "simulated")
  }
}
