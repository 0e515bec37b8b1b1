import Foundation
import Testing

@Suite("On a kernel that refuses io_uring")
struct KernelRefusalTests {
  @Test(
    "qualifying is unsuitable, says so, and leaves the folder as it was",
    .enabled(if: Rig.binary != nil, "no release build: set STOREBENCH_BINARY or run ci/test"))
  func unsuitable() throws {
    let binary = try #require(Rig.binary)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "storebench-refused-\(UUID().uuidString)")
    let target = folder.appending(path: "target")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Command([
      "python3", Rig.fixtures.appending(path: "without-io-uring.py").path, binary.path, "qualify",
      "--tier", "hot", target.path, "--profile",
      Rig.fixtures.appending(path: "rig-folder.yaml").path, "--progress", "none",
      "--out", folder.appending(path: "results").path,
    ]).run()
    let said = result.standardOutput + result.standardError
    #expect(result.exit == 4, "\(said)")
    #expect(said.contains("io_uring"), "\(said)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path).isEmpty)
  }
}
