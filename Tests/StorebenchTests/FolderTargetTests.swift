import Foundation
import Measurements
import Reports
import Testing

@Suite(
  "A folder or file as target",
  .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence), .serialized)
struct FolderTargetTests {
  @Test("is measured in a file of the tool's own, which is gone afterwards")
  func folder() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    try Data("precious".utf8).write(to: folder.url.appending(path: "target/mine"))
    let ending = try StorebenchProgram.run(
      ["qualify", target, "--json"] + StorebenchProgram.brief, in: folder.url)
    #expect([0, 1, 2].contains(ending.code), "\(ending.text)")
    let record = try RunRecordJSON.decode([UInt8](ending.output.utf8))
    #expect(record.verdict?.exitCode == ending.code)
    #expect(record.phases.allSatisfy { $0.outcome == .completed })
    #expect(record.subjects.first?.rangeBytes == 64 << 20)
    #expect(try folder.entries("target") == ["mine"])
  }

  @Test(
    "that is stopped in the middle leaves no file, and keeps what it has",
    arguments: [
      (SIGTERM, 1, 143, "SIGTERM"), (SIGINT, 1, 130, "SIGINT"), (SIGTERM, 2, 143, "SIGTERM"),
    ] as [(Int32, Int, Int32, String)])
  func interrupted(signal: Int32, times: Int, code: Int32, name: String) throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let run = try StorebenchProgram.start(
      ["qualify", target] + StorebenchProgram.brief + ["--set", "rounds.duration=60 s"],
      in: folder.url)
    try untilJournal(of: folder, says: "\"kind\":\"scenario\"")
    #expect(try folder.entries("target").count == 1)
    #expect(
      try script("cat \(folder.url.path)/results/*/profile.yaml").contains("schema: 1"),
      "what judges the run is there from its beginning")
    for _ in 0..<times { kill(run.process.processIdentifier, signal) }
    let ending = try run.ending(withinSeconds: 20)
    #expect(ending.code == code, "\(ending.text)")
    #expect(ending.errors.contains(name), "\(ending.errors)")
    #expect(try folder.entries("target").isEmpty)
    let made = try #require(try folder.entries("results").first)
    #expect(ending.errors.contains(made))
    let record = try RunRecordJSON.decode(
      [UInt8](try Data(contentsOf: folder.url.appending(path: "results/\(made)/run.json"))))
    #expect(record.interruptedBy == name)
    #expect(record.verdict == nil)
    #expect(record.phases.contains { $0.name == "fill" && $0.outcome == .completed })
    #expect(record.phases.last?.outcome == .interrupted)
  }

  @Test("that exists as a file is only read, and stays as it was")
  func existingFile() throws {
    let folder = try TestFolder()
    let image = folder.path("image")
    try script("head -c 67108864 /dev/urandom > \(image)")
    let before = try script("sha256sum \(image); stat -c %Y.%Z \(image)")
    let run = try StorebenchProgram.run(
      ["qualify", image, "--json"] + StorebenchProgram.brief, in: folder.url)
    #expect(run.code == 2, "\(run.text)")
    let record = try RunRecordJSON.decode([UInt8](run.output.utf8))
    #expect(record.bytesWritten == 0)
    let refused = try StorebenchProgram.run(
      ["bench", "device", image, "--workload", "random-write", "--seconds", "0.1"])
    #expect(refused.code == 3, "\(refused.text)")
    #expect(refused.errors.contains("only read"))
    #expect(refused.errors.contains("give a folder"))
    #expect(!refused.errors.contains("--destroy-data"), "a file needs no token")
    #expect(try script("sha256sum \(image); stat -c %Y.%Z \(image)") == before)
  }

  @Test("that was never written leaves its read gates inconclusive")
  func sparse() throws {
    let folder = try TestFolder()
    let image = folder.path("image")
    try script("truncate -s 64M \(image)")
    let ending = try StorebenchProgram.run(
      ["qualify", image, "--json"] + StorebenchProgram.brief, in: folder.url)
    #expect(ending.code == 2, "\(ending.text)")
    let verdict = try #require(try RunRecordJSON.decode([UInt8](ending.output.utf8)).verdict)
    for gate in verdict.gates where gate.name.layer == .raw {
      #expect(gate.outcome == .inconclusive, "\(gate.name) is \(gate.outcome)")
    }
    let read = verdict.gates.first { $0.name.description == "raw/random-read-4k/iops" }
    #expect(read?.reason?.contains("never-written") == true, "\(read?.reason ?? "")")
    let bench = try StorebenchProgram.run(["bench", "device", image, "--seconds", "0.2"])
    #expect(bench.output.contains("constant data"), "\(bench.text)")
  }

  @Test(
    "that cannot be one is refused with what is there and what to give",
    arguments: [
      ("nowhere/at/all", 64, "there is no"), ("empty", 64, "0 bytes"), ("pipe", 64, "pipe"),
      ("/dev/null", 64, "character device"), ("/dev/nvme77n1", 64, "storebench devices"),
    ] as [(String, Int32, String)])
  func unfit(target: String, code: Int32, words: String) throws {
    let folder = try TestFolder()
    try script("cd \(folder.url.path); : > empty; mkfifo pipe")
    let before = try folder.entries()
    for command in [["qualify"] + StorebenchProgram.brief, ["bench", "device"]] {
      let ending = try StorebenchProgram.run(command + [target], in: folder.url)
      #expect(ending.code == code, "\(ending.text)")
      #expect(ending.errors.contains(words), "\(ending.errors)")
      #expect(ending.output.isEmpty)
    }
    #expect(try folder.entries() == before)
  }

  @Test("whose name is not UTF-8 is found by its bytes")
  func notUTF8() throws {
    let folder = try TestFolder()
    try script("mkdir \(folder.url.path)/$(printf 'caf\\351')")
    let program = try #require(StorebenchProgram.path)
    let said = try script(
      "cd \(folder.url.path); \(program) bench device $(printf 'caf\\351') --size 64MiB "
        + "--seconds 0.1 2>&1; ls -A $(printf 'caf\\351') | wc -l; ls | wc -l")
    #expect(said.contains("IOPS"))
    #expect(said.hasSuffix("\n0\n1"), "\(said)")
  }

  @Test(
    "without room is left alone, with the sizes and the flag",
    .enabled(if: geteuid() == 0, "needs root"))
  func noSpace() throws {
    let folder = try TestFolder()
    let target = try folder.folder("small")
    do {
      try script("mount -t tmpfs -o size=48M none \(target)")
    } catch {
      try Test.cancel("this machine does not let us mount: \(error)")
    }
    defer { _ = try? script("umount \(target)") }
    let ending = try StorebenchProgram.run(
      ["qualify", target] + StorebenchProgram.brief, in: folder.url)
    #expect(ending.code == 4, "\(ending.text)")
    #expect(ending.errors.contains("--size"), "\(ending.errors)")
    #expect(ending.errors.contains("67108864"), "\(ending.errors)")
    #expect(try folder.entries("small").isEmpty)
  }

  @Test(
    "that one may not write to is unsuitable",
    .enabled(if: geteuid() == 0, "needs root, to become somebody else"))
  func noPermission() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    // Everybody may run it from here, wherever the build lies.
    let program = folder.path("storebench")
    try script("cp \(try #require(StorebenchProgram.path)) \(program); chmod 755 \(program)")
    let ending = try StorebenchProgram.Run(
      ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "qualify", target]
        + StorebenchProgram.brief, in: folder.url, environment: [:]
    ).ending()
    #expect(ending.code == 4, "\(ending.text)")
    #expect(ending.errors.contains("no permission"), "\(ending.errors)")
    #expect(try folder.entries("target").isEmpty)
  }

  /// Waits until the one run in `results` has noted something.
  private func untilJournal(of folder: TestFolder, says text: String) throws {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      if let run = try? folder.entries("results").first,
        let data = try? Data(
          contentsOf: folder.url.appending(path: "results/\(run)/journal.jsonl")),
        String(decoding: data, as: UTF8.self).contains(text)
      {
        return
      }
      usleep(20_000)
    }
    Issue.record("the run never got as far as \(text)")
  }
}
