import Foundation
import StoreWriter
import TestSupport
import Testing

/// A store with each tier on a drive of its own, moving ranges between them, and the power goes.
enum StorePowerCut {
  private static func script(_ name: String, _ settings: [String] = []) throws -> String {
    guard let writer = Rig.builtBeside("StoreWriter") else {
      throw RigFailure(reason: "the program StoreWriter is not there")
    }
    let lines = ["STORE_WRITER=\(writer.path)"] + settings
    return lines.joined(separator: "\n") + "\n"
      + (try String(contentsOf: Rig.fixtures.appending(path: name), encoding: .utf8))
  }

  private static let drives = ["--nvme", "512M", "--sata-ssd", "512M", "--hdd", "512M"]

  /// Writes, cuts the power and looks at what is there.
  ///
  /// - Parameters:
  ///   - mode: `sync`, `grouped` or `async`.
  ///   - seed: Decides the moment, and what of the drives' caches lives.
  ///   - survival: `random`, or `none` for nothing that was not flushed.
  /// - Throws: Where the rig cannot be started.
  static func run(mode: String, seed: UInt64, survival: String) throws {
    let place: Comment = "mode \(mode), seed \(seed), survival \(survival)"
    var generator = SeededGenerator(seed: seed)
    let seconds = Double(UInt64.random(in: 2000...6000, using: &generator)) / 1000
    let first = try Rig.run(
      drives + ["--volatile", "all", "--survive", survival, "--seed", "\(seed)"], timeout: 180,
      script: script(
        "store-writer.sh", ["STORE_MODE=\(mode)", "STORE_SECONDS=\(seconds)"]))
    #expect(first.result.exit == 99, "\(place): \(first.result)")
    let said = first.result.standardOutput.split(separator: "\n")
    // The last line may be cut off.
    let acknowledged = said.dropLast().compactMap { AcknowledgedBatch($0) }
    #expect(!said.contains { $0.hasPrefix("error") }, "\(place): \(said.suffix(3))")
    let second = try Rig.run(drives, after: first, timeout: 180, script: script("store-check.sh"))
    let found = second.result.standardOutput.split(separator: "\n")
    #expect(second.result.exit == 0, "\(place): \(second.result)")
    #expect(
      !found.contains { $0.hasPrefix("fault") || $0.hasPrefix("error") }, "\(place): \(found)")
    let last = found.first { $0.hasPrefix("last ") }.flatMap { Int($0.dropFirst(5)) } ?? -2
    #expect(acknowledged.count > 10, "\(place): \(first.result)")
    let lost = acknowledged.filter { $0.number > last }
    if mode == "sync" { #expect(lost.isEmpty, "\(place): \(lost.count) are lost") }
    // What the store said the drive has is there in every mode.
    let durable = acknowledged.last?.durable ?? 0
    #expect(lost.allSatisfy { $0.sequence > durable }, "\(place): what was durable is lost")
    let probe = found.first { $0.hasPrefix("probe ") }.flatMap { UInt64($0.dropFirst(6)) } ?? 0
    // Those that were lost may be given out again.
    if let kept = acknowledged.last(where: { $0.number <= last }) {
      #expect(probe > kept.sequence, "\(place)")
    }
    print(
      "rig: \(place): \(acknowledged.count) acknowledged in \(seconds) s, \(last + 1) there")
  }
}

extension RigSuite {
  @Suite("A store over three drives")
  struct StorePower {
    @Test("loses nothing to a power cut that it said they had")
    func cut() throws {
      let seed = Soak.seed
      print("rig: power cut of a store, seed \(seed)")
      try StorePowerCut.run(mode: "sync", seed: seed, survival: "random")
    }
  }
}

extension SoakSuite {
  @Suite("A store over three drives", .enabled(if: isSoaking("power")))
  struct StorePower {
    @Test("loses to power cuts only what its durability allows")
    func cuts() throws {
      for (index, mode) in ["sync", "grouped", "async"].enumerated() {
        for survival in ["random", "none"] {
          try StorePowerCut.run(mode: mode, seed: Soak.seed + UInt64(index), survival: survival)
        }
      }
    }
  }
}
