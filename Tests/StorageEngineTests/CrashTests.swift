import Foundation
import StorageEngine
import StoreWriter
import TestSupport
import Testing

@Suite("A killed process loses nothing that was acknowledged", .serialized)
struct CrashTests {
  /// STORE_KILLS makes the loop longer.
  private static let killCount = number("STORE_KILLS").map { Int($0) } ?? 17

  @Test(
    "killed at random moments, again and again",
    .enabled(
      if: WriterProcess.binary != nil, "no StoreWriter: set STORE_WRITER_BINARY or build it"),
    arguments: ["sync", "grouped", "async"])
  func kills(mode: String) throws {
    let seed = number("STORE_SEED") ?? UInt64.random(in: 0 ... .max)
    print("killed in mode \(mode): seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var next = 0
    var highest = Version.zero
    var fixture = try StoreFixture()
    var ended = 0
    for kill in 0..<Self.killCount {
      if kill % 20 == 0 {
        fixture = try StoreFixture()
        try fixture.create().close()
        (next, highest) = (0, .zero)
      }
      let place: Comment = "seed \(seed), kill \(kill), \(mode)"
      let writer = try WriterProcess(
        store: fixture.path, mode: mode, from: next, moving: kill % 2 == 1,
        output: fixture.folder + "/out")
      writer.waitUntilOpen()
      usleep(UInt32.random(in: 0..<100_000, using: &generator))
      writer.kill()
      let output = writer.output
      #expect(output.filter { $0.hasPrefix("error") } == [], place)
      let acknowledged = WriterProcess.acknowledged(in: output)
      let store = try fixture.open()
      defer { try? store.close() }
      let found = try WriterProcess.check(store, place)
      // The process alone loses nothing: the log is with the kernel in every mode.
      #expect(found >= acknowledged.last?.number ?? next - 1, place)
      #expect(store.lastVersion.sequence >= acknowledged.last?.sequence ?? 0, place)
      if kill % 5 == 0 { #expect(try store.verify() == [], place) }
      let version = try store.put(bytes("probe"), [])
      #expect(version > highest, place)
      highest = version
      next = found + 1
      ended += acknowledged.count
    }
    #expect(ended > 0)
  }
}
