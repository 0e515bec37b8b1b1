import Foundation
import StorageEngine
import StoreWriter
import TestSupport
import Testing

@Suite(
  "A power cut takes only what durability allows",
  .enabled(
    if: WriterProcess.binary != nil && LoopDisk.isUsable,
    "mounting needs root, mkfs.ext4 and mkfs.xfs, and the test the program StoreWriter"))
struct PowerCutTests {
  /// STORE_CUTS makes the loop longer; so many on each file system in each mode.
  private static let cutCount = number("STORE_CUTS").map { Int($0) } ?? 4

  @Test(
    "at random moments, again and again", arguments: LoopDisk.Kind.allCases,
    ["sync", "grouped", "async"])
  func cuts(kind: LoopDisk.Kind, mode: String) throws {
    let seed = number("STORE_SEED") ?? UInt64.random(in: 0 ... .max)
    print("power cuts on \(kind.rawValue) in mode \(mode): seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let fixture = try StoreFixture()
    let disk = try LoopDisk(kind, in: fixture.folder)
    var path = ""
    var next = 0
    var highest = Version.zero
    var acknowledgedCount = 0
    for cut in 0..<Self.cutCount {
      let place: Comment = "seed \(seed), cut \(cut), \(kind.rawValue), \(mode)"
      if cut % 10 == 0 {
        // A new store is on the drive once it is created.
        if cut > 0 { try FileManager.default.removeItem(atPath: path) }
        path = disk.path + "/store-\(cut)"
        try TieredStore.create(at: path, configuration: StoreFixture.small).close()
        (next, highest) = (0, .zero)
      }
      let writer = try WriterProcess(
        store: path, mode: mode, from: next, moving: cut % 2 == 1,
        output: fixture.folder + "/out")
      writer.waitUntilOpen()
      usleep(UInt32.random(in: 0..<250_000, using: &generator))
      let cutAt = try disk.cutPower()
      let signal = writer.waitForEnd()
      let output = writer.output
      #expect(signal == 0, "the writer was ended by it: \(output.suffix(5)), \(place)")
      let errors = output.filter { $0.hasPrefix("error") }
      let told = ["tier in '", "takes no more writes", "is closed"]
      #expect(
        errors.count >= 1 && errors.allSatisfy { error in told.contains { error.contains($0) } },
        "\(output.suffix(3)), \(place)")
      try disk.unmount()
      try disk.mount()
      let store = try TieredStore.open(path, configuration: StoreFixture.small)
      defer { try? store.close() }
      let found = try WriterProcess.check(store, place)
      let acknowledged = WriterProcess.acknowledged(in: output)
      Self.expect(found, of: acknowledged.filter { $0.acknowledged < cutAt }, mode, place)
      if cut % 4 == 0 { #expect(try store.verify() == [], place) }
      let version = try store.put(bytes("probe"), [])
      #expect(version > highest, place)
      // Those that were lost are given out again, those that were kept are not.
      if let kept = acknowledged.last(where: { $0.number <= found }) {
        #expect(version.sequence > kept.sequence, place)
      }
      highest = version
      next = found + 1
      acknowledgedCount += acknowledged.count
      try store.close()
    }
    #expect(acknowledgedCount > 0)
  }

  /// What may be missing in each mode.
  private static func expect(
    _ found: Int, of acknowledged: [AcknowledgedBatch], _ mode: String, _ place: Comment
  ) {
    let lost = acknowledged.filter { $0.number > found }
    // What the store said the drive has is there in every mode.
    if let durable = acknowledged.last?.durable {
      #expect(lost.allSatisfy { $0.sequence > durable }, "what was durable is lost: \(place)")
    }
    guard let first = lost.first, let last = lost.last else { return }
    switch mode {
    case "sync":
      Issue.record("\(lost.count) acknowledged batches are lost, from \(first): \(place)")
    case "grouped":
      // Commits wait while one is older than that and not on the drive.
      let span = last.begun < first.acknowledged ? 0 : last.begun - first.acknowledged
      #expect(span <= 5_000_000, "lost over \(span) ns: \(place)")
    default: break
    }
  }
}
