import Foundation
import Testing

@Suite(
  "Moving keys in and out of a store",
  .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct StoreTransferTests: RunsStoreCommands {
  private let folder: TestFolder
  private var store: String { folder.path("store") }

  init() throws {
    folder = try TestFolder()
    try expect(["create", store])
  }

  private static let one = "VERSION=3\nHEADER=END\n 61\n 31\nDATA=END\n"
  private static let two = "VERSION=3\nformat=print\nHEADER=END\n b\n 2\nDATA=END\n"
  private static func named(_ name: String) -> String {
    "VERSION=3\ndatabase=\(name)\nHEADER=END\n 61\n 31\nDATA=END\n"
  }

  private static let mistakes: [(String, String)] = [
    ("\(one)x\n", "line 6: behind DATA=END"),
    ("\(one) 62\n 32\n", "line 6: behind DATA=END"),
    ("\(one)\(two)DATA=END\n", "line 12: behind DATA=END"),
    ("\(one)VERSION=2\n", "line 6: VERSION=2: only version 3"),
    ("\(one)VERSION=3\nHEADER=END\n 62\n 32\n", "the dump is not whole"),
    ("\(named("a"))\(named("b"))", "line 9: here begins database=b"),
    ("\(named("a"))\(one)", "line 8: here begins a database without a name"),
  ]

  @Test(
    "loads dumps that follow one another", arguments: ["", "\n", " \r\n\t\n"], [false, true])
  func joined(between: String, piped: Bool) throws {
    let dump = try folder.write(Self.one + between + Self.two + between, to: "dump")
    let ending =
      piped
      ? try expect(["load", store, "/dev/stdin"], streams: "<'\(dump)'")
      : try expect(["load", store, dump])
    #expect(ending.errors == "loaded 2 keys\n")
    #expect(try expect(["scan", store]).output == "a\t1\nb\t2\n")
  }

  @Test(
    "refuses what follows a dump and is none, before anything is loaded",
    arguments: StoreTransferTests.mistakes)
  func trailing(text: String, message: String) throws {
    let dump = try folder.write(text, to: "dump")
    for file in [[dump], []] {
      let ending = try expect(["load", store] + file, streams: "<'\(dump)'", code: 64)
      #expect(ending.errors.contains(message), "\(ending.errors)")
      #expect(ending.errors.contains("nothing was loaded"), "\(ending.errors)")
      #expect(try expect(["scan", store]).output.isEmpty)
    }
  }

  @Test("tells how many keys of a pipe were loaded before the mistake")
  func brokenPipe() throws {
    let entries = (1000..<2500).map { " k\($0)\n v\n" }.joined()
    let dump = try folder.write(
      "VERSION=3\nformat=print\nHEADER=END\n\(entries)DATA=END\nmore\n", to: "dump")
    let pipe = folder.path("pipe")
    try script("mkfifo '\(pipe)'")
    let feeder = Process()
    feeder.executableURL = URL(filePath: "/bin/sh")
    feeder.arguments = ["-c", "cat '\(dump)' >'\(pipe)'"]
    try feeder.run()
    defer {
      if feeder.isRunning { feeder.terminate() }
      feeder.waitUntilExit()
    }
    let ending = try expect(["load", store, pipe], code: 64)
    #expect(ending.errors.contains("line 3005: behind DATA=END"), "\(ending.errors)")
    #expect(ending.errors.contains("1000 keys had been loaded before"), "\(ending.errors)")
    let keys = try expect(["scan", store, "--keys-only"]).output.split(separator: "\n")
    #expect(keys.count == 1000 && keys.last == "k1999")
  }

  @Test("takes a closed standard input for no value and no dump, and keeps what is there")
  func closedInput() throws {
    try expect(["put", store, "a", "1"])
    let put = try expect(["put", store, "a", "-"], streams: "<&-", code: 4)
    #expect(put.errors.contains("read standard input: Bad file descriptor"), "\(put.errors)")
    #expect(try expect(["get", store, "a"]).output == "1")
    try expect(["load", store], streams: "<&-", code: 4)
    // An empty input that is open is an empty value.
    try expect(["put", store, "a", "-"], streams: "</dev/null")
    #expect(try expect(["get", store, "a"]).output.isEmpty)
  }

  @Test(
    "does not succeed where standard output is closed",
    arguments: [
      ["get", "a"], ["get", "61", "--hex"], ["scan"], ["dump"], ["dump", "-"], ["stat"],
    ])
  func closedOutput(command: [String]) throws {
    try expect(["put", store, "a", "1"])
    let arguments: [String] = [command[0], store] + command.dropFirst()
    let ending = try expect(arguments, streams: ">&-", code: 4)
    #expect(
      ending.errors.contains("standard output is incomplete: Bad file descriptor"),
      "\(ending.errors)")
  }

  @Test(
    "ends with 141, and quietly, where nobody reads standard output to its end",
    arguments: [
      ["store", "get", "STORE", "a"], ["store", "scan", "STORE"], ["store", "dump", "STORE"],
      ["store", "dump", "STORE", "-"], ["store", "stat", "STORE"], ["store", "verify", "STORE"],
      ["profiles", "show", "hot"], ["--help"], ["--version"],
    ])
  func unreadOutput(command: [String]) throws {
    try expect(["put", store, "a", "1"])
    let code = folder.path("code")
    let ending = try StorebenchProgram.run(
      command.map { $0 == "STORE" ? store : $0 },
      // The reader is gone before the first byte comes.
      prefix: ["/bin/sh", "-c", "{ sleep 0.3; \"$@\"; echo $? >'\(code)'; } | true", "sh"])
    #expect(ending.errors.isEmpty, "\(ending.errors)")
    #expect(try String(contentsOfFile: code, encoding: .utf8) == "141\n")
  }

  @Test("names the limit where a value from standard input is longer")
  func longValue() throws {
    try expect(["put", store, "a", "1"])
    let value = folder.path("value")
    try script("truncate -s 67108865 '\(value)'")
    let put = try expect(["put", store, "a", "-"], streams: "<'\(value)'", code: 64)
    #expect(put.errors.contains("at most 67108864 bytes (64.0 MiB)"), "\(put.errors)")
    #expect(try expect(["get", store, "a"]).output == "1")
  }

  @Test("leaves no dump behind that is not whole")
  func failedDump() throws {
    let value = try folder.write(String(repeating: "1", count: 1_000_000), to: "value")
    try expect(["put", store, "a", "-"], streams: "<'\(value)'")
    try FileManager.default.removeItem(atPath: value)
    let dump = folder.path("dump")
    // No file may be longer than some hundred kilobytes, and the signal that comes with it is ignored.
    let limited = try StorebenchProgram.run(
      ["store", "dump", store, dump, "--memory", "64MiB"],
      prefix: ["/bin/sh", "-c", "trap '' XFSZ; ulimit -f 400; exec \"$@\"", "sh"])
    #expect(limited.code == 4, "\(limited.text)")
    #expect(limited.errors.contains("is removed"), "\(limited.errors)")
    #expect(try folder.entries() == ["store"])
    try expect(["dump", folder.path("none"), dump], code: 64)
    #expect(try folder.entries() == ["store"])
    // What was there before stays as it is.
    _ = try folder.write("mine", to: "dump")
    try expect(["dump", store, dump], code: 64)
    #expect(try String(contentsOfFile: dump, encoding: .utf8) == "mine")
  }

  private static let canMount =
    (try? script("unshare -m sh -c 'mount --bind /var/tmp /var/tmp'")) != nil

  @Test(
    "says that the file system is mounted read-only where it is",
    .enabled(if: canMount, "mounting needs root"), arguments: ["put", "delete", "load"])
  func readOnlyMount(command: String) throws {
    try expect(["put", store, "a", "1"])
    let dump = try folder.write(Self.one, to: "dump")
    let rest = ["put": ["a", "2"], "delete": ["a"], "load": [dump]][command] ?? []
    let mounting =
      "mount --bind '\(store)' '\(store)'; mount -o remount,bind,ro '\(store)'; exec \"$@\""
    let ending = try StorebenchProgram.run(
      ["store", command, store] + rest + ["--memory", "64MiB"],
      prefix: ["unshare", "-m", "sh", "-ec", mounting, "sh"])
    #expect(ending.code == 4, "\(ending.text)")
    #expect(ending.errors.contains("is mounted read-only"), "\(ending.errors)")
    #expect(try expect(["get", store, "a"]).output == "1")
  }
}
