import Foundation
import Measurements
import Reports
import Testing

@Suite(
  "A device as target", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence),
  .enabled(if: LoopImage.areAvailable, "needs root and loop devices"), .serialized)
struct LoopDeviceCommandTests {
  private let reading = ["qualify", "--tier", "hot", "--dry-run"]

  @Test("that is a partition is refused, with its drive as the remedy")
  func partition() throws {
    let image = try LoopImage(prepare: "printf 'label: gpt\\nsize=8M\\n' | sfdisk -q $IMG")
    _ = try? script("partx -a \(image.node)")
    defer { _ = try? script("partx -d \(image.node)") }
    try #require(FileManager.default.fileExists(atPath: image.node + "p1"))
    let ending = try StorebenchProgram.run(reading + [image.node + "p1"])
    #expect(ending.code == 3, "\(ending.text)")
    #expect(ending.errors.contains("storebench qualify --tier hot \(image.node)\n"))
    let whole = try StorebenchProgram.run(reading + [image.node, "--destroy-data", "x"])
    #expect(whole.code == 3)
    #expect(whole.errors.contains("partition table (gpt)"), "\(whole.errors)")
    #expect(whole.errors.contains("wipefs -a \(image.node)"))
  }

  @Test("that is refused names the profile that was chosen in the command to repeat")
  func profileOfRefusal() throws {
    let image = try LoopImage(prepare: "mkfs.ext4 -q $IMG")
    let folder = try TestFolder()
    // As an editor saves it that begins each file with a byte-order mark.
    let profile = folder.path("my profile.yaml")
    try Data("\u{FEFF}schema: 1\nextends: hot\nname: mine\ntier: hot\n".utf8)
      .write(to: URL(filePath: profile))
    let ending = try StorebenchProgram.run(
      ["qualify", "--profile", profile, image.node, "--destroy-data", "x"])
    #expect(ending.code == 3, "\(ending.text)")
    #expect(
      ending.errors.contains("storebench qualify --profile '\(profile)' \(image.node)\n"),
      "\(ending.errors)")
  }

  @Test("that is mounted may be read, marked shared, and is never written")
  func mounted() throws {
    let image = try LoopImage(prepare: "mkfs.ext4 -q $IMG")
    let folder = try TestFolder()
    let point = try folder.folder("mounted")
    try script("mount \(image.node) \(point)")
    defer { _ = try? script("umount \(point)") }
    let token = try token(image.node)
    let ending = try StorebenchProgram.run(
      ["qualify", "--tier", "hot", image.node, "--destroy-data", token], in: folder.url)
    #expect(ending.code == 3, "\(ending.text)")
    #expect(ending.errors.contains("mounted on \(point)"), "\(ending.errors)")
    #expect(ending.errors.contains("nothing was written"))
    let shared = try StorebenchProgram.run(reading + ["--json", "--progress", "none", image.node])
    #expect(shared.code == 0, "\(shared.text)")
    let record = try RunRecordJSON.decode([UInt8](shared.output.utf8))
    #expect(record.subjects.first?.shared == true)
    #expect(record.subjects.first?.rangeBytes == 64 << 20)
  }

  @Test("that somebody holds is refused for writing")
  func held() throws {
    let image = try LoopImage()
    let token = try token(image.node)
    let descriptor = open(image.node, O_RDWR | O_EXCL)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let ending = try StorebenchProgram.run(reading + [image.node, "--destroy-data", token])
    #expect(ending.code == 3, "\(ending.text)")
    #expect(ending.errors.contains("in use"), "\(ending.errors)")
  }

  @Test("that is read-only is refused for writing and may be read")
  func readOnly() throws {
    let image = try LoopImage(prepare: "mkfs.ext4 -q $IMG", options: "-r")
    let ending = try StorebenchProgram.run(reading + [image.node, "--destroy-data", "x"])
    #expect(ending.code == 3, "\(ending.text)")
    #expect(ending.errors.contains("read-only"))
    #expect(!ending.errors.contains("wipefs"), "what cannot be written cannot be wiped")
    #expect(try StorebenchProgram.run(reading + [image.node]).code == 0)
  }

  @Test("with blocks of 4096 bytes is measured with those, and other blocks are explained")
  func fourKilobyteBlocks() throws {
    let image = try LoopImage(options: "-b 4096")
    let fine = try StorebenchProgram.run(["bench", "device", image.node, "--seconds", "0.2"])
    #expect(fine.code == 0, "\(fine.text)")
    let small = try StorebenchProgram.run(
      ["bench", "device", image.node, "--block", "512", "--seconds", "0.2"])
    #expect(small.code == 64, "\(small.text)")
    #expect(small.errors.contains("4096"))
    let scenario = try StorebenchProgram.run(
      reading + [image.node, "--set", "scenarios.random-read-4k.block=512"])
    #expect(scenario.code == 64, "\(scenario.text)")
    #expect(scenario.errors.contains("random-read-4k"), "\(scenario.errors)")
  }

  @Test("without a medium is no target")
  func empty() throws {
    let image = try LoopImage(mebibytes: 0)
    let ending = try StorebenchProgram.run(reading + [image.node])
    #expect(ending.code == 64, "\(ending.text)")
    #expect(ending.errors.contains("0 bytes"))
  }

  @Test(
    "that one may not open is unsuitable, and says who may, for writing too",
    arguments: [[], ["--destroy-data", "x"]])
  func noPermission(intent: [String]) throws {
    let image = try LoopImage()
    let folder = try TestFolder()
    let program = folder.path("storebench")
    try script("cp \(try #require(StorebenchProgram.path)) \(program); chmod 755 \(program)")
    let ending = try StorebenchProgram.Run(
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program] + reading
        + [image.node] + intent, in: folder.url, environment: [:]
    ).ending()
    #expect(ending.code == 4, "\(ending.text)")
    #expect(ending.errors.contains("root"), "\(ending.errors)")
  }

  @Test("serves one run at a time; with its own token it is written, and only then")
  func oneRunAtATime() throws {
    let image = try LoopImage()
    let folder = try TestFolder()
    let token = try token(image.node)
    let zeros = try image.checksum()
    let wrong = try StorebenchProgram.run(
      ["qualify", image.node, "--destroy-data", token + "0"] + StorebenchProgram.brief,
      in: folder.url)
    #expect(wrong.code == 3, "\(wrong.text)")
    #expect(wrong.errors.contains(token))
    #expect(try image.checksum() == zeros)

    let first = try StorebenchProgram.start(
      [
        "bench", "device", image.node, "--workload", "random-write", "--destroy-data", token,
        "--seconds", "60",
      ], in: folder.url)
    defer { kill(first.process.processIdentifier, SIGKILL) }
    let deadline = Date().addingTimeInterval(20)
    while try image.checksum() == zeros, Date() < deadline { usleep(100_000) }
    for intent in [[], ["--destroy-data", token]] {
      let second = try StorebenchProgram.run(reading + [image.node] + intent)
      #expect(second.code == 3, "\(second.text)")
      #expect(second.errors.contains(intent.isEmpty ? "another" : "in use"), "\(second.errors)")
    }
    kill(first.process.processIdentifier, SIGINT)
    #expect(try first.ending(withinSeconds: 20).code == 130)
    #expect(try image.checksum() != zeros)
    #expect(try StorebenchProgram.run(reading + [image.node]).code == 0)
  }

  @Test("is listed with what stands against writing to it")
  func listed() throws {
    let image = try LoopImage(prepare: "mkfs.ext4 -q $IMG")
    let table = try StorebenchProgram.run(["devices"])
    #expect(table.code == 0)
    #expect(table.errors.isEmpty)
    let line = table.output.split(separator: "\n").first { $0.hasPrefix(image.node + " ") }
    #expect(line?.contains("ext4") == true, "\(table.output)")
    let json = try StorebenchProgram.run(["devices", "--json"])
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    let entry = try #require(entries.first { $0["device"] as? String == image.node })
    #expect((entry["refusals"] as? [String])?.contains { $0.contains("ext4") } == true)
    let token = try token(image.node)
    #expect(entry["destroyData"] as? String == token)
  }

  /// What must be typed to give up the data of a device that has no serial.
  private func token(_ node: String) throws -> String {
    "\(node.dropFirst("/dev/".count)):\(try script("blockdev --getsize64 \(node)"))"
  }
}

/// A loop device over a sparse image, both gone when it is closed.
final class LoopImage {
  let node: String
  private let folder: TestFolder

  static let areAvailable: Bool =
    geteuid() == 0 && (try? script("command -v losetup; losetup -f")) != nil

  init(mebibytes: Int = 64, prepare: String = "true", options: String = "") throws {
    folder = try TestFolder()
    let image = folder.path("image")
    node = try script(
      "IMG=\(image); truncate -s \(mebibytes)M $IMG; { \(prepare); } >/dev/null 2>&1; "
        + "losetup -f --show \(options) $IMG")
  }

  /// The checksum of all of it, with what the kernel held back.
  func checksum() throws -> String {
    try script("sync \(folder.path("image")); sha256sum \(folder.path("image"))")
  }

  deinit { _ = try? script("losetup -d \(node)") }
}
