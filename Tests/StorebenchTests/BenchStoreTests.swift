import Foundation
import TestSupport
import Testing
import Workloads

@Suite("bench store", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct BenchStoreTests {
  private let folder: TestFolder
  private var bench: String { folder.path("bench") }

  init() throws { folder = try TestFolder() }

  private static let brief = [
    "--keys", "2000", "--seconds", "0.1", "--ramp", "0.02", "--memory", "64MiB",
  ]

  @discardableResult
  private func run(
    _ arguments: [String], code: Int32 = 0, line: SourceLocation = #_sourceLocation
  ) throws -> StorebenchProgram.Ending {
    let ending = try StorebenchProgram.run(["bench", "store", bench] + arguments)
    #expect(ending.code == code, "\(arguments): \(ending.text)", sourceLocation: line)
    return ending
  }

  /// The names in the record.
  private func record(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(
    "measures each workload, verifies it and leaves nothing", arguments: StoreWorkloadKind.allCases)
  func workloads(kind: StoreWorkloadKind) throws {
    var arguments = ["--workload", kind.rawValue, "--durability", "grouped:10ms"]
    if kind == .pointLookup { arguments += ["--rate", "2000"] }
    if kind == .multiGet || kind == .batchWrite { arguments += ["--batch", "50"] }
    let ending = try run(arguments + Self.brief + ["--json", "--threads", "2"])
    let found = try record(ending.output)
    let round = try #require(found["round"] as? [String: Any])
    #expect((round["operations"] as? Int ?? 0) > 0)
    #expect(found["outcome"] as? String == "completed" && found["findings"] == nil)
    #expect((round["faults"] as? [String: Any])?["corrupt"] as? Int == 0)
    #expect(found["durability"] as? String == "grouped:10ms")
    let writes = ![
      "random-read", "point-lookup", "missing-keys", "multi-get", "scan-forward",
      "scan-backward", "ycsb-c",
    ].contains(kind.rawValue)
    #expect((found["untilIdle"] != nil) == writes)
    let problems = try Self.schema.get().problems(in: Array(ending.output.utf8))
    #expect(problems == [], "\(problems)")
    #expect(try folder.entries() == [])
  }

  private static let schema = Result { try JSONSchema(named: "bench-store-1.schema.json") }

  @Test(
    "counts verified reads and lookups of the cache over the same requests",
    arguments: ["random-read", "ycsb-a", "ycsb-c", "ycsb-f"], ["1", "8"])
  func verifiedReads(kind: String, depth: String) throws {
    let ending = try run(
      ["--workload", kind, "--depth", depth, "--durability", "async", "--json"] + Self.brief)
    let found = try record(ending.output)
    func count(_ name: String) throws -> Int { try #require(found[name] as? Int) }
    let verified = try count("verifiedReads")
    #expect(try verified == count("cacheHits") + count("cacheMisses"))
    // Each request of these reads, also where it then puts.
    if kind != "ycsb-a" { #expect(try verified == count("requestsInAll")) }
  }

  @Test("takes no longer for its slowest request than for all", arguments: ["1", "2"])
  func duration(threads: String) throws {
    let ending = try run(
      [
        "--workload", "fill", "--rate", "100000", "--threads", threads, "--keys", "3000",
        "--memory", "64MiB", "--json",
      ])
    let round = try #require(try record(ending.output)["round"] as? [String: Any])
    let latency = try #require(round["latency"] as? [String: Any])
    #expect(round["operations"] as? Int == 3000)
    #expect(try #require(round["duration"] as? Int) >= #require(latency["max"] as? Int))
  }

  @Test(
    "says in a line that the rate that was asked for was not held", arguments: [[], ["--poisson"]])
  func heldRate(flags: [String]) throws {
    let ending = try run(
      ["--workload", "random-write", "--rate", "2e6", "--out", folder.path("record")] + flags
        + ["--keys", "2000", "--seconds", "0.5", "--ramp", "0", "--memory", "64MiB"])
    let line = ending.output.split(separator: "\n").first { $0.hasPrefix("not held  ") }
    #expect(
      line?.contains("2 000 000 requests/s were asked for and ") == true, "\(ending.output)")
    let written = try record(String(contentsOfFile: folder.path("record"), encoding: .utf8))
    #expect(written["rateWasHeld"] as? Bool == false)
  }

  @Test(
    "names the flag that asks for more keys at once than there are, and tells what it shortens",
    arguments: [
      ("multi-get", "--batch"), ("batch-write", "--batch"), ("scan-forward", "--scan-length"),
      ("scan-backward", "--scan-length"),
    ])
  func manyKeys(kind: String, flag: String) throws {
    let few = ["--workload", kind, "--keys", "100", "--seconds", "0.1", "--memory", "64MiB"]
    let refused = try run(few + [flag, "1000"], code: 64)
    #expect(refused.errors.contains("\(flag) 1000: the store has 100 keys"), "\(refused.errors)")
    let shortened = try run(few)
    #expect(
      shortened.errors.contains("\(flag) is 100, as there are no more keys; it is 1 000"),
      "\(shortened.errors)")
    #expect(shortened.output.contains("100 a request"))
  }

  @Test("says what people look for")
  func text() throws {
    let ending = try run(
      ["--workload", "ycsb-a", "--durability", "async", "--direct", "--out", folder.path("record")]
        + Self.brief)
    for word in [
      "ycsb-a zipf:0.99, 2 000 keys × (16 + 100 B), depth 32 × 1, completions, async",
      "store     \(bench) on ", ", storebench 0", "settings  measured, ", " MiB of memory, ",
      "reads past the page cache, scattered keys, 0 % compressible, ",
      "counted for 0.1 s after a ramp-up of 0.02 s, seed 1",
      "requests/s", "latency   mean", "of reads  mean", "cpu  ", "lookups hit, ramp-up included",
      "block reads, ", "idle  ", "worker 0  its thread is pinned to CPU ", "verified  ",
      "reads, ramp-up included: every answer was right",
    ] {
      #expect(ending.output.contains(word), "\(word) in \(ending.output)")
    }
    #expect(ending.errors.contains("filling 2 000 keys"))
    let written = try record(String(contentsOfFile: folder.path("record"), encoding: .utf8))
    #expect(written["workload"] as? String == "ycsb-a")
    #expect(written["folder"] as? String == bench)
    #expect(written["direct"] as? Bool == true)

    let cached = try run(["--rate", "500", "--poisson", "--ramp", "0"] + Self.brief.dropLast(4))
    for word in [
      "500 requests/s at random", "reads through the page cache", "counted for 0.1 s, ",
      "lookups hit\n",
      "block reads (from the page cache, where it had them)", "reads: every answer was right",
    ] {
      #expect(cached.output.contains(word), "\(word) in \(cached.output)")
    }
  }

  @Test("keeps a store where asked to, takes it up again and refuses what it was not filled with")
  func keep() throws {
    let kept = try run(["--keep", "--value-size", "200"] + Self.brief)
    #expect(kept.output.contains("\nkept      \(bench)/store, "), "\(kept.output)")
    #expect(try folder.entries("bench") == ["BENCH", "BENCH.filled", "store"])
    let again = try run(["--keep", "--seconds", "0.1", "--workload", "ycsb-d"])
    #expect(!again.errors.contains("filling"))
    #expect(again.output.contains("2 000 keys × (16 + 200 B)"))
    #expect(try run(["--keys", "3000"], code: 64).errors.contains("filled with 2000"))
    #expect(try run(["--value-size", "100"], code: 64).errors.contains("filled with 200"))
    #expect(try run(["--key-order", "ascending"], code: 64).errors.contains("scattered"))
    #expect(try run(["--workload", "fill"], code: 3).errors.contains("name a new one"))
    let last = try run(["--seconds", "0.1"])
    #expect(!last.output.contains("kept  ") && last.output.contains("kept from an earlier run"))
    #expect(try folder.entries() == [])
  }

  @Test("fills anew what was cut short, and removes what it made")
  func cutShort() throws {
    try run(["--keep"] + Self.brief)
    try FileManager.default.removeItem(atPath: folder.path("bench/BENCH.filled"))
    let again = try run(Self.brief)
    #expect(again.errors.contains("cut short") && again.errors.contains("filling"))
    #expect(try folder.entries() == [])
  }

  @Test("leaves a folder that was there, also where an earlier run had kept its store in it")
  func ownFolder() throws {
    _ = try folder.folder("bench")
    try run(Self.brief)
    #expect(try folder.entries() == ["bench"] && folder.entries("bench") == [])
    try run(["--keep"] + Self.brief)
    try run(["--seconds", "0.1"])
    #expect(try folder.entries() == ["bench"] && folder.entries("bench") == [])
  }

  @Test(
    "measures a drive in the folder where it is mounted, and names no other drive instead",
    .enabled(if: LoopDisk.isUsable, "mounts a file system: needs root"))
  func mountedDrive() throws {
    let disk = try LoopDisk(.ext4, in: folder.url.path, mebibytes: 512)
    func run(code: Int32) throws -> String {
      let ending = try StorebenchProgram.run(["bench", "store", disk.path] + Self.brief)
      #expect(ending.code == code, "\(ending.text)")
      return ending.errors
    }
    _ = try run(code: 0)
    #expect(try folder.entries("disk") == ["lost+found"])
    _ = try folder.write("mine", to: "disk/letter")
    let refusal = try run(code: 3)
    #expect(refusal.contains("such as \(disk.path)/bench,"), "\(refusal)")
    // Beside a link lies another drive.
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: disk.path)
    let linked = try StorebenchProgram.run(["bench", "store", link] + Self.brief)
    #expect(linked.errors.contains("such as \(link)/bench,"), "\(linked.text)")
  }

  @Test("names the drive that was measured, and memory that passes for one")
  func drive() throws {
    let ending = try run(["--out", folder.path("record")] + Self.brief)
    let line = try #require(
      ending.output.split(separator: "\n").first { $0.hasPrefix("drive     ") })
    let written = try record(String(contentsOfFile: folder.path("record"), encoding: .utf8))
    let device = try #require(written["device"] as? [String: Any])
    let name = try #require(device["name"] as? String)
    #expect(line.contains(name), "\(line)")
    #expect(line.contains("live in memory") == (written["memory"] != nil), "\(line)")
  }

  @Test(
    "refuses a store that somebody put where a benchmark's was", arguments: ["moved", "linked"])
  func exchangedStore(way: String) throws {
    try run(["--keep"] + Self.brief)
    let mine = folder.path("mine")
    for arguments in [["create", mine, "--memory", "64MiB"], ["put", mine, "key", "value"]] {
      #expect(try StorebenchProgram.run(["store"] + arguments).code == 0)
    }
    let files = FileManager.default
    try files.removeItem(atPath: bench + "/store")
    if way == "moved" {
      try files.moveItem(atPath: mine, toPath: bench + "/store")
    } else {
      try files.createSymbolicLink(atPath: bench + "/store", withDestinationPath: mine)
    }
    for flags in [[], ["--keep"], ["--workload", "random-write"], ["--workload", "fill"]] {
      #expect(try run(flags + ["--seconds", "0.1"], code: 3).errors.contains("move it away"))
    }
    let kept = try StorebenchProgram.run(["store", "get", bench + "/store", "key"])
    #expect(kept.output == "value", "\(kept.text)")
    let count = try StorebenchProgram.run(["store", "scan", bench + "/store", "--keys-only"])
    #expect(count.output == "key\n", "\(count.text)")
  }

  @Test(
    "refuses what stands without a file STORE where its store was, unless its own making was cut short",
    arguments: [true, false])
  func storeWithoutMark(isFilled: Bool) throws {
    try run(["--keep"] + Self.brief)
    let files = FileManager.default
    if !isFilled { try files.removeItem(atPath: bench + "/BENCH.filled") }
    // As a run leaves it that is killed before the store is whole.
    for name in ["STORE", "HEAT"] where files.fileExists(atPath: bench + "/store/" + name) {
      try files.removeItem(atPath: bench + "/store/" + name)
    }
    let again = try run(["--keep"] + Self.brief, code: isFilled ? 3 : 0)
    if isFilled {
      // It was whole once, so something has happened to it.
      #expect(again.errors.contains("it has no file STORE"))
    } else {
      #expect(again.errors.contains("cut short") && again.errors.contains("filling"))
    }

    try files.removeItem(atPath: bench + "/store")
    if !isFilled { try files.removeItem(atPath: bench + "/BENCH.filled") }
    for place in ["bench/store", "bench/store/hot"] {
      _ = try folder.folder(place)
      let letter = try folder.write("mine", to: place + "/letter")
      #expect(try run(Self.brief, code: 3).errors.contains("it has no file STORE"), "\(place)")
      #expect(try String(contentsOfFile: letter, encoding: .utf8) == "mine")
      try files.removeItem(atPath: letter)
    }
    // A drive that answers with an error is no store that was cut short.
    try files.removeItem(atPath: bench + "/store")
    _ = try folder.folder("bench/store/STORE")
    #expect(try run(Self.brief, code: 4).errors.contains("bench/store/STORE"))
    #expect(try folder.entries("bench/store") == ["STORE"])
    // Whoever has it moved away gets a new one.
    try files.removeItem(atPath: bench + "/store")
    try run(Self.brief)
    #expect(try folder.entries() == [])
  }

  @Test("refuses the kept store of a version that did not note its name, and says why")
  func olderDescription() throws {
    try run(["--keep"] + Self.brief)
    let description = try String(contentsOfFile: bench + "/BENCH", encoding: .utf8)
    let lines = description.split(separator: "\n").filter { !$0.contains("storeIdentity") }
    #expect(lines.count + 1 == description.split(separator: "\n").count)
    _ = try folder.write(lines.joined(separator: "\n"), to: "bench/BENCH")
    #expect(try run(Self.brief, code: 3).errors.contains("by an older storebench"))
    #expect(try folder.entries("bench") == ["BENCH", "BENCH.filled", "store"])
  }

  @Test("removes what an earlier run could not end to remove")
  func removalCutShort() throws {
    try run(["--keep"] + Self.brief)
    let text = try String(contentsOfFile: bench + "/BENCH", encoding: .utf8)
    let identity = try #require(try record(text)["storeIdentity"] as? String)
    let files = FileManager.default
    try files.removeItem(atPath: bench + "/BENCH.filled")
    try files.moveItem(atPath: bench + "/store", toPath: bench + "/removed-" + identity)
    try files.removeItem(atPath: bench + "/removed-" + identity + "/STORE")
    #expect(try run(Self.brief).errors.contains("filling"))
    #expect(try folder.entries() == [])
  }

  @Test("fails by what was measured, also where the record cannot be written")
  func failsFirst() throws {
    try run(["--keep", "--keys", "100", "--seconds", "0.1", "--memory", "64MiB"])
    let store = folder.path("bench/store")
    let scan = try StorebenchProgram.run(
      ["store", "scan", store, "--keys-only", "--hex", "--limit", "1", "--memory", "64MiB"])
    let key = scan.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(
      try StorebenchProgram.run(["store", "delete", store, key, "--hex", "--memory", "64MiB"]).code
        == 0)
    // A link into nothing: nobody sees it beforehand.
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("record"), withDestinationPath: folder.path("no/where"))
    let ending = try run(
      ["--workload", "random-read", "--seconds", "0.3", "--out", folder.path("record")], code: 1)
    #expect(ending.errors.contains("is not there") && ending.errors.contains("--out"))
  }

  @Test("touches nothing of anybody else's")
  func foreign() throws {
    _ = try folder.folder("bench")
    _ = try folder.write("mine", to: "bench/letter")
    #expect(try run(Self.brief, code: 3).errors.contains("did not make"))
    #expect(try folder.entries("bench") == ["letter"])
    try FileManager.default.removeItem(atPath: bench)

    let made = try StorebenchProgram.run(["store", "create", bench, "--memory", "64MiB"])
    #expect(made.code == 0)
    let before = try folder.entries("bench")
    #expect(try run(Self.brief, code: 3).errors.contains("is a store that"))
    #expect(try folder.entries("bench") == before)
    try FileManager.default.removeItem(atPath: bench)

    _ = try folder.write("a file", to: "bench")
    #expect(try run(Self.brief, code: 3).errors.contains("is no folder"))
    _ = try folder.write("BENCH", to: "not-ours")
    try FileManager.default.removeItem(atPath: bench)
    _ = try folder.folder("bench")
    _ = try folder.write("not json", to: "bench/BENCH")
    #expect(try run(Self.brief, code: 3).errors.contains("not readable"))
    #expect(try folder.entries("bench") == ["BENCH"])
  }

  @Test("looks at the place of --out before it measures", arguments: ["nodir/x", "file/x", "x/"])
  func outputPlace(out: String) throws {
    _ = try folder.write("a file", to: "file")
    let ending = try run(["--out", folder.url.path + "/" + out] + Self.brief, code: 64)
    #expect(ending.errors.contains("--out") && !ending.errors.contains("filling"))
    #expect(ending.output.isEmpty, "nothing was measured: \(ending.output)")
    #expect(try folder.entries() == ["file"])
  }

  @Test("leaves a file alone that somebody put beside its store")
  func beside() throws {
    try run(["--keep"] + Self.brief)
    _ = try folder.write("mine", to: "bench/letter")
    try run(["--seconds", "0.1"])
    #expect(try folder.entries("bench") == ["letter"])
  }

  @Test(
    "fails with what is wrong where the store does not return what was put",
    arguments: [
      (["put", "bad"], "another length"), (["delete"], "is not there"),
    ] as [([String], String)])
  func wrong(change: [String], words: String) throws {
    try run(["--keep", "--keys", "100", "--seconds", "0.1", "--memory", "64MiB"])
    let store = folder.path("bench/store")
    let scan = try StorebenchProgram.run(
      ["store", "scan", store, "--keys-only", "--hex", "--limit", "1", "--memory", "64MiB"])
    let key = scan.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(key.count == 32, "\(scan.text)")
    let value = change.dropFirst().map { _ in "bad0" }
    let changed = try StorebenchProgram.run(
      ["store", change[0], store, key] + value + ["--hex", "--memory", "64MiB"])
    #expect(changed.code == 0, "\(changed.text)")
    let ending = try run(["--workload", "random-read", "--seconds", "0.3"], code: 1)
    #expect(ending.errors.contains(words), "\(ending.text)")
    #expect(ending.output.contains("wrong     "), "\(ending.output)")
  }

  @Test("is refused while another one has the store")
  func inUse() throws {
    try run(["--keep"] + Self.brief)
    let first = try StorebenchProgram.start(
      ["bench", "store", bench, "--seconds", "20", "--memory", "64MiB"])
    // Until it has opened the store; a second one that comes too early only runs for a moment.
    usleep(2_000_000)
    var refused = false
    for _ in 0..<20 where !refused {
      let second = try StorebenchProgram.run(
        ["bench", "store", bench, "--seconds", "0.01", "--ramp", "0", "--keep"])
      refused = second.code == 3 && second.errors.contains("is open elsewhere")
    }
    #expect(refused)
    kill(first.process.processIdentifier, SIGINT)
    let ending = try first.ending()
    #expect(ending.code == 130 && ending.errors.contains("stopped by SIGINT"), "\(ending.text)")
    #expect(ending.output.contains(" of 20 s"), "\(ending.text)")
    #expect(try folder.entries() == [])
  }
}
