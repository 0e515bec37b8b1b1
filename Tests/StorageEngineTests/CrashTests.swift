import Foundation
import StorageEngine
import TestSupport
import Testing

@Suite("A killed process loses nothing that was acknowledged", .serialized)
struct CrashTests {
  /// STORE_WRITER_BINARY, or what was built together with these tests.
  static let writer: String? = {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "StoreWriter").path
    let path = ProcessInfo.processInfo.environment["STORE_WRITER_BINARY"] ?? beside
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// STORE_KILLS makes the loop longer.
  private static let killCount = number("STORE_KILLS").map { Int($0) } ?? 20

  @Test(
    "killed at random moments, again and again",
    .enabled(if: writer != nil, "no StoreWriter: set STORE_WRITER_BINARY or build it"),
    arguments: ["sync", "grouped", "async"])
  func kills(mode: String) throws {
    let seed = number("STORE_SEED") ?? UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    try fixture.create().close()
    var next = 0
    var acknowledged = -1
    var highest = Version.zero
    for kill in 0..<Self.killCount {
      let output = try run(
        fixture, mode: mode, from: next,
        forMicroseconds: UInt32.random(in: 0..<100_000, using: &generator))
      for line in output.split(separator: "\n").dropLast(output.hasSuffix("\n") ? 0 : 1) {
        #expect(!line.hasPrefix("error"), "seed \(seed), kill \(kill): \(line)")
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        if numbers.count == 2 { acknowledged = max(acknowledged, numbers[0]) }
      }
      let store = try fixture.open()
      defer { try? store.close() }
      let place: Comment = "seed \(seed), kill \(kill), \(mode)"
      let found = try Self.check(store, place)
      // In memory only, async loses what the log did not get; it never has holes.
      if mode != "async" { #expect(found >= acknowledged, place) }
      if kill % 5 == 0 { #expect(try store.verify() == [], place) }
      let version = try store.put(bytes("probe"), [])
      #expect(version > highest, place)
      highest = version
      next = found + 1
      acknowledged = found
    }
    #expect(acknowledged > 0)
  }

  /// Runs the writer for a while, kills it, and gives back what it said.
  private func run(
    _ fixture: StoreFixture, mode: String, from first: Int, forMicroseconds time: UInt32
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: Self.writer ?? "")
    process.arguments = [fixture.path, mode, String(first)]
    let path = fixture.folder + "/out"
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let output = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? output.close() }
    process.standardOutput = output
    try process.run()
    let deadline = Date().addingTimeInterval(30)
    func text() -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    while !text().contains("\n"), process.isRunning, Date() < deadline { usleep(2000) }
    usleep(time)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return text()
  }

  /// Every number up to the last has both its keys, with the right value, and none beyond has one.
  ///
  /// - Returns: The last number that is there whole.
  private static func check(_ store: TieredStore, _ place: Comment) throws -> Int {
    var numbers: [Character: Set<Int>] = ["a": [], "b": []]
    var damaged: [Int] = []
    try store.scan { key, value in
      let text = String(decoding: copy(key), as: UTF8.self)
      guard let kind = text.first, let number = Int(text.dropFirst()) else { return true }
      numbers[kind]?.insert(number)
      let expected = [UInt8](
        repeating: UInt8(truncatingIfNeeded: number), count: number % 700)
      if copy(value) != expected { damaged.append(number) }
      return true
    }
    #expect(damaged == [], place)
    let (first, second) = (numbers["a"] ?? [], numbers["b"] ?? [])
    #expect(first == second, "a batch is half there: \(place)")
    let last = first.max() ?? -1
    #expect(first.count == last + 1, "there are holes: \(place)")
    return last
  }
}
