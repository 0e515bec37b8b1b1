import Foundation
import Testing

@Suite("The store command", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct StoreCommandTests: RunsStoreCommands {
  private let folder: TestFolder
  private var store: String { folder.path("store") }

  init() throws {
    folder = try TestFolder()
    try expect(["create", store])
  }

  @Test(
    "explains itself with examples",
    arguments: [
      [], ["create"], ["stat"], ["get"], ["put"], ["delete"], ["scan"], ["load"], ["dump"],
      ["verify"], ["checkpoint"],
    ])
  func help(command: [String]) throws {
    let ending = try StorebenchProgram.run(["store"] + command + ["--help"])
    #expect(ending.code == 0)
    #expect(ending.output.contains("EXAMPLE"))
  }

  @Test(
    "says in its help what people stumble over",
    arguments: [
      ("create", "--memory hold for this command only"),
      ("get", "a line feed follows, as it does with --hex"),
      ("get", "store get /srv/store -- -1"), ("put", "store put /srv/store -- -1 minus"),
      ("delete", "store delete /srv/store -- -1"),
      ("dump", "mapsize=1073741824\\n&/' backup.dump |"),
      ("checkpoint", "All tiers are put below the target"),
    ])
  func advice(command: String, words: String) throws {
    let help = try StorebenchProgram.run(["store", command, "--help"]).output
    let text = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains(words), "\(help)")
  }

  @Test("takes keys and values that begin with a dash behind two of them")
  func dashes() throws {
    func run(_ command: [String], _ rest: [String]) throws -> StorebenchProgram.Ending {
      try StorebenchProgram.run(["store"] + command + ["--memory", "64MiB", "--"] + rest)
    }
    #expect(try run(["put", store], ["-1", "--minus"]).code == 0)
    #expect(try run(["get", store], ["-1"]).output == "--minus")
    #expect(try run(["delete", store], ["-1"]).code == 0)
    #expect(try run(["get", store], ["-1"]).code == 1)
  }

  @Test("puts all tiers below a checkpoint's target")
  func checkpointTiers() throws {
    try expect(["create", folder.path("spread"), "--cold", folder.path("ice")])
    try expect(["checkpoint", folder.path("spread"), folder.path("copy")])
    #expect(Set(["hot", "warm", "cold"]).isSubset(of: try folder.entries("copy")))
  }

  @Test(
    "refuses a checkpoint within the store, however it is named",
    arguments: [
      "store/copy", "store/hot/copy", "ice/copy", "link/copy", "store/../store/copy", "ice", "way",
    ])
  func checkpointInside(target: String) throws {
    try FileManager.default.removeItem(atPath: store)
    try expect(["create", store, "--cold", folder.path("ice")])
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: store)
    try FileManager.default.createDirectory(
      atPath: folder.path("store/empty"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("way"), withDestinationPath: folder.path("store/empty"))
    let ending = try StorebenchProgram.run(["store", "checkpoint", store, folder.path(target)])
    #expect(ending.code == 64 && ending.errors.contains("name one outside of it"), "\(ending)")
    #expect(try !folder.entries("store").contains("copy"))
    // A name that only begins alike is another folder.
    try expect(["checkpoint", store, folder.path("store-copy")])
  }

  @Test(
    "refuses folders without a name", arguments: [["create", ""], ["checkpoint", "STORE", ""]])
  func emptyNames(arguments: [String]) throws {
    let ending = try StorebenchProgram.run(
      ["store"] + arguments.map { $0 == "STORE" ? store : $0 })
    #expect(ending.code == 64 && ending.errors.contains("is empty; name a"), "\(ending)")
  }

  @Test("lays a tier whose folder is relative below the store's, and its help says so")
  func relativeTier() throws {
    let help = try StorebenchProgram.run(["store", "create", "--help"]).output
    let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("a relative path begins in the store's."), "\(help)")
    try expect(["create", folder.path("other"), "--cold", "ice"])
    #expect(try folder.entries("other").contains("ice"))
    for (index, folder) in ["./snow", "../beside"].enumerated() {
      try expect(["create", self.folder.path("near\(index)"), "--cold", folder])
    }
    #expect(try folder.entries("near0").contains("snow"))
    #expect(try folder.entries().contains("beside"))
    // Who made its parent first would make a folder that is no longer empty.
    let deep = try expect(["create", folder.path("deep"), "--cold", "far/ice"], code: 64)
    #expect(deep.errors.contains("write it from the root on"), "\(deep.errors)")
    #expect(try !folder.entries().contains("deep"))
  }

  @Test("keeps what it was given, from one command to the next")
  func keys() throws {
    try expect(["put", store, "user:1", "Ada"])
    try expect(["put", store, "user:2", "Grace"])
    try expect(["put", store, "00ff0a", "c3a9", "--hex"])
    #expect(try expect(["get", store, "user:1"]).output == "Ada")
    #expect(try expect(["get", store, "00ff0a", "--hex"]).output == "c3a9\n")
    #expect(
      try expect(["scan", store]).output
        == "\\x00\\xff\\x0a\t\\xc3\\xa9\nuser:1\tAda\nuser:2\tGrace\n")
    #expect(
      try expect(["scan", store, "--prefix", "user:", "--reverse", "--limit", "1", "--keys-only"])
        .output == "user:2\n")
    #expect(try expect(["scan", store, "--from", "a", "--to", "user:2"]).output == "user:1\tAda\n")
    try expect(["delete", store, "user:1", "user:9"])
    let gone = try expect(["get", store, "user:1"], code: 1)
    #expect(gone.output.isEmpty && gone.errors.contains("no such key: user:1"))
    #expect(try expect(["verify", store]).output == "every checksum is right\n")
    let stat = try JSONSerialization.jsonObject(
      with: Data(try expect(["stat", store, "--json"]).output.utf8))
    let figures = try #require(stat as? [String: Any])
    #expect((figures["tiers"] as? [[String: Any]])?.count == 3)
    #expect(try expect(["stat", store]).output.hasPrefix("hot   2 keys, "))
    try expect(["delete", store, "user:2"])
    #expect(try expect(["stat", store]).output.hasPrefix("hot   1 key, "))
  }

  @Test("leaves no more files after many commands than after a few")
  func fileCount() throws {
    func puts(_ numbers: Range<Int>) throws -> Int {
      for number in numbers {
        try expectPut("key \(number)", "value")
        try expect(["get", store, "key \(number)"])
      }
      return try FileManager.default.subpathsOfDirectory(atPath: store).count
    }
    let few = try puts(0..<3)
    let many = try puts(3..<30)
    // Of each put one small table is made, and eight of them are merged.
    #expect(many <= few + 9, "\(few) and then \(many)")
  }

  @Test("dumps and loads everything, and a checkpoint holds the same")
  func transfer() throws {
    for number in 0..<50 { try expectPut("key \(number)", "value \(number) \\ é") }
    let all = try expect(["scan", store]).output
    #expect(all.split(separator: "\n").count == 50)
    try expect(["dump", store, folder.path("dump")])
    try expect(["dump", store, folder.path("dump")], code: 64)
    #expect(
      try expect(["dump", store]).output
        == (try String(contentsOfFile: folder.path("dump"), encoding: .utf8)))

    // A single dash is the standard stream, as elsewhere, and never a file of that name.
    let dashed = try StorebenchProgram.run(
      ["store", "dump", store, "-", "--memory", "64MiB"], in: folder.url)
    #expect(dashed.output == (try expect(["dump", store]).output))
    let loaded = try StorebenchProgram.run(
      ["store", "load", store, "-", "--memory", "64MiB"], in: folder.url)
    #expect(loaded.code == 64 && loaded.errors.contains("standard input, line 1: is no dump"))
    #expect(try !folder.entries().contains("-"))

    try expect(["create", folder.path("other")])
    #expect(
      try expect(["load", folder.path("other"), folder.path("dump")]).errors == "loaded 50 keys\n")
    #expect(try expect(["scan", folder.path("other")]).output == all)

    try expect(["checkpoint", store, folder.path("copy")])
    try expect(["delete", store, "key 1"])
    #expect(try expect(["scan", folder.path("copy")]).output == all)
  }

  private func expectPut(_ key: String, _ value: String) throws {
    try expect(["put", store, key, value])
  }

  @Test("refuses whoever opens it at the same moment as in use, never as damaged")
  func race() throws {
    // Each opening leaves a log of RocksDB's doings, of which the next one removes the oldest.
    for number in 0..<12 { try expectPut("before", "\(number)") }
    for round in 0..<6 {
      let runs = try (0..<4).map {
        try StorebenchProgram.start(["store", "put", store, "key \($0)", "\(round)"])
      }
      for run in runs {
        let ending = try run.ending()
        #expect([0, 3].contains(ending.code), "\(ending.errors)")
      }
    }
    #expect(try expect(["verify", store]).output == "every checksum is right\n")
  }

  @Test("loads the printable form of a dump, too")
  func printable() throws {
    let dump = try folder.write(
      "VERSION=3\nformat=print\ntype=btree\nmapsize=1048576\ndb_pagesize=4096\nHEADER=END\n"
        + " a\\\\b\n x\\00y\n c\n \nDATA=END\n", to: "dump")
    try expect(["load", store, dump])
    #expect(try expect(["scan", store]).output == "a\\\\b\tx\\x00y\nc\t\n")
  }

  @Test(
    "says which line of a dump is wrong",
    arguments: [
      ("", "line 1: is no dump"), ("VERSION=2\n", "line 1: VERSION=2: only version 3"),
      ("VERSION=3\nformat=bytevalue\n", "ends before HEADER=END"),
      ("VERSION=3\ntype=recno\nHEADER=END\n", "line 2: type=recno"),
      ("VERSION=3\nduplicates=1\nHEADER=END\n", "line 2: duplicates=1"),
      ("VERSION=3\nHEADER=END\n 61\n", "the dump is not whole"),
      ("VERSION=3\nHEADER=END\n 61\nDATA=END\n", "line 4: a key without a value"),
      ("VERSION=3\nHEADER=END\n 6\n 61\nDATA=END\n", "line 3: must be pairs"),
      ("VERSION=3\nHEADER=END\n61\n 61\nDATA=END\n", "line 3: must begin with a space"),
      ("VERSION=3\nformat=print\nHEADER=END\n a\\zz\n b\nDATA=END\n", "line 4: a backslash needs"),
      (
        "VERSION=3\nHEADER=END\n 61\n 62\n \n 61\nDATA=END\n",
        "line 5: a key has at least 1 byte; this one is empty; nothing was loaded"
      ),
      (
        "VERSION=3\nHEADER=END\n 61\n 62\n \(String(repeating: "61", count: 65_537))\n 61\nDATA=END\n",
        "line 5: a key of 65537 bytes"
      ),
    ])
  func wrongDump(text: String, message: String) throws {
    let dump = try folder.write(text, to: "dump")
    let ending = try expect(["load", store, dump], code: 64)
    #expect(ending.errors.contains(message), "\(ending.errors)")
  }

  @Test("refuses keys, values and folders that are not UTF-8, which Swift would repair")
  func unreadable() throws {
    let shell = ["/bin/sh", "-c", "exec \"$@\" \"$(printf 'k\\377')\" --memory 64MiB", "sh"]
    for arguments in [["put", store, "key"], ["get", store], ["create"], ["dump", store]] {
      let ending = try StorebenchProgram.run(["store"] + arguments, prefix: shell)
      #expect(ending.code == 64, "\(ending.text)")
      #expect(ending.errors.contains("'k\\xff', is not UTF-8"), "\(ending.errors)")
    }
    try expect(["get", store, "key"], code: 1)
  }

  @Test("does not wait for the other end of a pipe that lies in a file's place")
  func pipe() throws {
    for name in ["STORE", "hot/TIER", "hot/DURABLE"] {
      try expectPut("key", "value")
      let path = store + "/" + name
      let contents = try Data(contentsOf: URL(filePath: path))
      try FileManager.default.removeItem(atPath: path)
      #expect(mkfifo(path, 0o600) == 0)
      let ending = try StorebenchProgram.run(
        ["store", "verify", store, "--memory", "64MiB"], prefix: ["timeout", "20"])
      #expect(ending.code != 124 && ending.code != 0, "\(name): \(ending.text)")
      #expect(ending.errors.contains(name), "\(name): \(ending.text)")
      try FileManager.default.removeItem(atPath: path)
      try contents.write(to: URL(filePath: path))
    }
  }

  @Test(
    "tells a limit of this process from a drive that fails",
    arguments: [
      "ulimit -n 20", "chmod 000 \"$STORE/hot\"; exec setpriv --reuid 65534 --clear-groups",
    ])
  func limits(limit: String) throws {
    try expectPut("key", "value")
    chmod(store, 0o777)
    let ending = try StorebenchProgram.run(
      ["store", "put", store, "key", "other", "--memory", "64MiB"],
      prefix: ["/bin/sh", "-c", "\(limit)\(limit.contains("exec") ? "" : "; exec") \"$@\"", "sh"],
      environment: ["STORE": store])
    chmod(store + "/hot", 0o755)
    #expect(ending.code == 4, "\(ending.text)")
    #expect(!ending.errors.contains("look at the device"), "\(ending.text)")
    try expect(["verify", store])
  }

  @Test(
    "says so where threads cannot be started, neither ending with a signal nor waiting for ever",
    .enabled(if: geteuid() == 0, "the limit does not hold for root, and only root becomes another"),
    arguments: [1, 2, 3, 4, 5, 6, 8, 12, 20])
  func fewThreads(limit: Int) throws {
    try expectPut("key", "value")
    _ = try script("chown -R 65534 '\(store)'")
    for arguments in [["put", store, "key", "other"], ["get", store, "key"]] {
      let ending = try StorebenchProgram.run(
        ["store"] + arguments + ["--memory", "64MiB"],
        prefix: [
          "timeout", "20", "setpriv", "--reuid", "65534", "--clear-groups", "prlimit",
          "--nproc=\(limit)", "--",
        ])
      #expect(ending.code == 4, "\(ending.text)")
      #expect(ending.errors.contains("pthread_create"), "\(ending.text)")
      #expect(ending.errors.contains("ulimit -u"), "\(ending.text)")
    }
    try expect(["verify", store])
  }

  @Test("names the file whose bytes were changed, and answers nothing wrong")
  func damage() throws {
    for number in 0..<20 {
      try expectPut("key \(number)", String(repeating: "value \(number) ", count: 50))
    }
    // A checkpoint has its memory in files.
    try expect(["checkpoint", store, folder.path("copy")])
    let hot = folder.url.appending(path: "copy/hot")
    let table = try #require(
      try FileManager.default.contentsOfDirectory(atPath: hot.path).first { $0.hasSuffix(".sst") })
    var bytes = try Data(contentsOf: hot.appending(path: table))
    bytes[40] ^= 0xFF
    try bytes.write(to: hot.appending(path: table))

    let found = try expect(["verify", folder.path("copy")], code: 1)
    #expect(found.output.contains(table), "\(found.text)")
    #expect(found.output.split(separator: "\n").count == 1, "told once: \(found.output)")
    #expect(found.errors.contains("1 place is damaged"), "\(found.errors)")
    let scan = try expect(["scan", folder.path("copy")], code: 1)
    #expect(scan.errors.contains("damaged"), "\(scan.text)")
  }

  @Test("verifies the tiers that open beside those that do not")
  func verifiesOtherTiers() throws {
    for number in 0..<20 {
      try expectPut("key \(number)", String(repeating: "value \(number) ", count: 50))
    }
    try expect(["checkpoint", store, folder.path("copy")])
    let copy = folder.path("copy")
    // The wrong disk is no damage.
    let label = try Data(contentsOf: URL(filePath: copy + "/warm/TIER"))
    try FileManager.default.removeItem(atPath: copy + "/warm/TIER")
    var found = try expect(["verify", copy], code: 4)
    #expect(found.output == "", "\(found.text)")
    #expect(found.errors.contains("is not the warm tier of this store"), "\(found.errors)")

    try FileManager.default.removeItem(atPath: copy + "/cold/CURRENT")
    found = try expect(["verify", copy], code: 1)
    #expect(found.errors.contains("is not the warm tier of this store"), "\(found.errors)")
    #expect(found.errors.contains("the cold tier is damaged in"), "\(found.errors)")

    let table = try #require(
      try folder.entries("copy/hot").first { $0.hasSuffix(".sst") })
    var bytes = try Data(contentsOf: URL(filePath: copy + "/hot/" + table))
    bytes[40] ^= 0xFF
    try bytes.write(to: URL(filePath: copy + "/hot/" + table))
    found = try expect(["verify", copy], code: 1)
    #expect(found.output.contains(table), "\(found.text)")
    #expect(found.errors.contains("1 place is damaged"), "\(found.errors)")
    #expect(found.errors.contains("the cold tier is damaged in"), "\(found.errors)")
    try label.write(to: URL(filePath: copy + "/warm/TIER"))
    found = try expect(["verify", copy], code: 1)
    #expect(!found.errors.contains("warm tier"), "\(found.errors)")
  }

  @Test(
    "tells a broken file STORE beside its tiers as damage",
    arguments: [
      "", "\0\0\0\0", "tiered-store\n", "tiered-store\nformat: 1\nidentity: a\nhot: hot\n",
    ])
  func brokenStoreFile(text: String) throws {
    try expectPut("a", "1")
    let whole = try String(contentsOfFile: folder.path("store/STORE"), encoding: .utf8)
    _ = try folder.write(text, to: "store/STORE")
    let found = try expect(["verify", store], code: 1)
    #expect(found.errors.contains("is damaged: its file STORE"), "\(found.errors)")
    try expect(["put", store, "a", "2"], code: 1)
    // One of a newer version is no damage.
    _ = try folder.write("tiered-store\nformat: 2\n", to: "store/STORE")
    try expect(["verify", store], code: 64)
    _ = try folder.write(whole, to: "store/STORE")
    try expect(["verify", store])
    #expect(try expect(["get", store, "a"]).output == "1")
    // Without tiers it is no store at all.
    _ = try folder.folder("other")
    _ = try folder.write(text, to: "other/STORE")
    try expect(["verify", folder.path("other")], code: 64)
  }

  @Test("answers mistakes with what to do")
  func mistakes() throws {
    #expect(
      try expect(["get", folder.path("none"), "a"], code: 64).errors.contains("holds no store"))
    #expect(try expect(["create", store], code: 3).errors.contains("is not empty"))
    let lost = try expect(
      ["create", folder.path("new"), "--cold", folder.path("unmounted/cold")], code: 64)
    #expect(lost.errors.contains("'\(folder.path("unmounted"))'"), "\(lost.errors)")
    #expect(try folder.entries() == ["store"])
    #expect(try expect(["put", store, "", "a"], code: 64).errors.contains("a key has at least"))
    #expect(try expect(["put", store, "xyz", "00", "--hex"], code: 64).errors.contains("'xyz'"))
    try expect(["scan", store, "--prefix", "a", "--from", "b"], code: 64)
    try expect(["scan", store, "--limit", "-1"], code: 64)
    try expect(["get", store, "a", "--settings", "fast"], code: 64)
    let tiny = try StorebenchProgram.run(["store", "get", store, "a", "--memory", "12"])
    #expect(tiny.code == 64 && tiny.errors.contains("--memory 12"))
    let little = try StorebenchProgram.run(["store", "get", store, "a", "--memory", "8MiB"])
    #expect(little.code == 4 && little.errors.contains("may use 8.0 MiB"), "\(little.errors)")
    // The advice is one that helps.
    let advised = try #require(little.errors.firstMatch(of: /give --memory (\d+MiB) or more/)).1
    let enough = try StorebenchProgram.run(["store", "get", store, "a", "--memory", "\(advised)"])
    #expect(enough.code == 1 && enough.errors.contains("no such key"), "\(enough.errors)")
  }
}
