import Foundation
import Measurements
import Reports
import TestSupport
import Testing

@Suite("A run's output", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct OutputTests {
  static let disk = "simulated:read-iops=300,write-iops=300,latency=12000,bandwidth=240"
  private let cold = ["qualify", "--tier", "cold", OutputTests.disk, "--seed", "5"]

  @Test("is the verdict on standard output, the progress on standard error, and a folder")
  func text() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(cold + ["--out", "results"], in: folder.url)
    #expect(ending.code == 0, "\(ending.text)")
    #expect(ending.output.contains("PASS  cold"))
    #expect(!ending.output.contains("\u{1B}"))
    #expect(ending.errors.contains("random read 4k"))
    let run = try #require(try folder.entries("results").first)
    #expect(ending.output.contains("results/\(run)/report.md"))
    #expect(
      try folder.entries("results/\(run)") == [
        "journal.jsonl", "junit.xml", "profile.yaml", "report.md", "run.json", "samples.jsonl",
      ])
    let record = try record(folder.path("results/\(run)/run.json"))
    #expect(record.verdict?.outcome == .pass)
    #expect(record.seed == 5)
    #expect(try record == told(folder.path("results/\(run)/journal.jsonl")))
    let profile = try String(
      contentsOf: folder.url.appending(path: "results/\(run)/profile.yaml"), encoding: .utf8)
    #expect(profile == record.profile.text)
    let again = try StorebenchProgram.run([
      "profiles", "check", folder.path("results/\(run)/profile.yaml"),
    ])
    #expect(again.code == 0, "\(again.text)")
    let schema = try JSONSchema(named: "journal-1.schema.json")
    for line in try lines(folder.path("results/\(run)/journal.jsonl")) {
      #expect(try schema.problems(in: line) == [])
    }
  }

  @Test("with --json is the record, whole and alone")
  func json() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(cold + ["--json", "--progress", "none"], in: folder.url)
    #expect(ending.code == 0)
    #expect(ending.errors.isEmpty, "\(ending.errors)")
    let record = try RunRecordJSON.decode([UInt8](ending.output.utf8))
    let run = try #require(try folder.entries("results").first)
    #expect(try record == self.record(folder.path("results/\(run)/run.json")))
  }

  @Test("with --progress json is one JSON object a line on standard error")
  func progress() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(
      cold + ["--progress", "json", "--quiet"], in: folder.url)
    #expect(ending.errors.isEmpty, "--quiet is silent: \(ending.errors)")
    let loud = try StorebenchProgram.run(cold + ["--progress", "json"], in: folder.url)
    let lines = loud.errors.split(separator: "\n")
    var phases: [String] = []
    for line in lines {
      let value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      #expect(value["schema"] == .integer(1))
      if value["event"] == .text("ended"), case .text(let name)? = value["phase"] {
        phases.append(name)
      }
    }
    #expect(phases.first == "fill")
    #expect(phases.last == "random-write-4k")
  }

  @Test("with --quiet is only the verdict's last lines")
  func quiet() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(cold + ["--quiet"], in: folder.url)
    #expect(ending.code == 0)
    #expect(ending.errors.isEmpty, "\(ending.errors)")
    #expect(ending.output.hasPrefix("PASS  cold"), "\(ending.output)")
  }

  @Test("of --dry-run is the quote; nothing is made, opened for writing or measured")
  func dryRun() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let ending = try StorebenchProgram.run(
      ["qualify", target, "--dry-run"] + StorebenchProgram.brief, in: folder.url)
    #expect(ending.code == 0, "\(ending.text)")
    #expect(ending.output.contains("would write"))
    let shown = try StorebenchProgram.run(cold + ["--dry-run"], in: folder.url)
    #expect(shown.errors.contains("target  ") && shown.output.contains("would run"))
    #expect(!shown.errors.contains("plan  "), "the plan is told twice: \(shown.text)")
    #expect(try folder.entries() == ["target"])
    #expect(try folder.entries("target").isEmpty)
    let json = try StorebenchProgram.run(cold + ["--dry-run", "--json"], in: folder.url)
    let record = try RunRecordJSON.decode([UInt8](json.output.utf8))
    #expect(record.phases.isEmpty)
    #expect(record.verdict == nil)
    #expect(try folder.entries() == ["target"])
  }

  @Test(
    "of --dry-run is an error where no result could be written",
    arguments: ["file", "file/results", "file/results/tonight"])
  func dryRunPlace(out: String) throws {
    let folder = try TestFolder()
    _ = try folder.write("a file", to: "file")
    let ending = try StorebenchProgram.run(cold + ["--dry-run", "--out", out], in: folder.url)
    #expect(ending.code == 4, "\(ending.text)")
    #expect(
      ending.errors.contains("'\(out)'") && ending.errors.contains("--out"), "\(ending.errors)")
    #expect(try folder.entries() == ["file"])
  }

  @Test(
    "of --print-fio is a job that fio accepts",
    .enabled(if: (try? script("command -v fio")) != nil, "needs fio"),
    arguments: ["hot", "warm", "cold", "demo"])
  func fio(profile: String) throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let ending = try StorebenchProgram.run(
      [
        "qualify", target, "--print-fio", "--profile", profile, "--size", "300MiB", "--set",
        "reserve=16 MiB", "--progress", "none",
      ], in: folder.url)
    #expect(ending.code == 0, "\(ending.text)")
    let job = try folder.write(ending.output, to: "job.fio")
    #expect(throws: Never.self) { try script("fio --parse-only \(job)") }
    #expect(ending.output.contains("rw=randread"))
    #expect(ending.output.contains("# one round of "))
    // Scenarios follow one another.
    let jobs = ending.output.split(separator: "\n").count { $0.hasPrefix("[") }
    #expect(ending.output.split(separator: "\n").count { $0 == "stonewall" } == jobs - 1)
    #expect(try folder.entries("target").isEmpty)
    let bench = try StorebenchProgram.run(
      [
        "bench", "device", target, "--size", "64MiB", "--block", "4k/60:16k/30:128k/10",
        "--rate", "1000", "--poisson", "--print-fio",
      ])
    #expect(bench.code == 0, "\(bench.text)")
    #expect(bench.output.contains("\nruntime=10s\nramp_time=500ms\n"))
    let second = try folder.write(bench.output, to: "bench.fio")
    #expect(throws: Never.self) { try script("fio --parse-only \(second)") }
  }

  @Test("goes to folders of their own when runs begin together")
  func collision() throws {
    let folder = try TestFolder()
    let runs = try (0..<3).map { _ in
      try StorebenchProgram.start(cold + ["--quiet", "--out", "results"], in: folder.url)
    }
    for run in runs { #expect(try run.ending().code == 0) }
    let made = try folder.entries("results")
    #expect(made.count == 3)
    let identities = try made.map { try record(folder.path("results/\($0)/run.json")).runID }
    #expect(Set(identities).count == 3)
  }

  @Test("that cannot be written is told before the device is loaded, with the flag to use")
  func unwritable() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    let blocked = try folder.write("in the way", to: "file")
    for out in ["\(blocked)/results", blocked, "/proc/results"] {
      let ending = try StorebenchProgram.run(
        ["qualify", target, "--out", out] + StorebenchProgram.brief, in: folder.url)
      #expect(ending.code == 4, "\(ending.text)")
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains("--out DIR"), "\(ending.errors)")
      #expect(try folder.entries("target").isEmpty)
    }
  }

  @Test("tells that gates were overridden, and that nothing can be certified then")
  func overrides() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(
      cold + [
        "--json", "--progress", "none", "--set", "raw/random-read-4k/iops=200", "--set",
        "device/identity/capacity=1 GiB", "--set", "device/identity/kind=ssd",
      ], in: folder.url)
    #expect(ending.code == 0, "\(ending.text)")
    let record = try RunRecordJSON.decode([UInt8](ending.output.utf8))
    #expect(record.profile.overrides.count == 3)
    let verdict = try #require(record.verdict)
    #expect(!verdict.certifiable)
    #expect(verdict.notCertifiable.contains { $0.contains("overridden") })
    let gate = verdict.gates.first { $0.name.description == "raw/random-read-4k/iops" }
    #expect(gate?.limit == 200)
    let kind = verdict.gates.first { $0.name.description == "device/identity/kind" }
    #expect(kind?.limitWord == "ssd")
  }

  @Test(
    "has the exit code of the verdict",
    arguments: [
      ("", 0), (",unwritten=1", 2), (",lost-at=25", 1), (",silent-at=45", 1),
      (",corrupt-every=500", 1), (",read-error-at=4096", 1),
    ] as [(String, Int32)])
  func codes(fault: String, code: Int32) throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(
      ["qualify", "--tier", "cold", Self.disk + fault, "--quiet"], in: folder.url)
    #expect(ending.code == code, "\(ending.text)")
    let run = try #require(try folder.entries("results").first)
    #expect(try record(folder.path("results/\(run)/run.json")).verdict?.exitCode == code)
  }

  private func record(_ path: String) throws -> RunRecord {
    try RunRecordJSON.decode([UInt8](try Data(contentsOf: URL(filePath: path))))
  }

  private func lines(_ path: String) throws -> [[UInt8]] {
    try Data(contentsOf: URL(filePath: path)).split(separator: 0x0A).map { [UInt8]($0) }
  }

  private func told(_ path: String) throws -> RunRecord? {
    RunRecord(
      journal: try lines(path).map { try JSONDecoder().decode(JournalEntry.self, from: Data($0)) })
  }
}
