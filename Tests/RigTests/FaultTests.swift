import Foundation
import Measurements
import TestSupport
import Testing

extension RigSuite {
  @Suite("A drive that goes wrong")
  struct Faults {
    @Test("fails with a verdict that says how, in good time")
    func verdicts() throws {
      let script = try String(
        contentsOf: Rig.fixtures.appending(path: "faults.sh"), encoding: .utf8)
      let run = try Rig.run(
        [
          "--nvme", "64M", "--sata-ssd", "32M", "--hdd", "64M",
          "--fault", "sata-ssd:read:20M", "--fault", "sata-ssd:write:10M",
        ],
        images: [
          "nvme": Data(SeededGenerator.bytes(count: 64 << 20, seed: 1)),
          "sata-ssd": Data(SeededGenerator.bytes(count: 32 << 20, seed: 2)),
          "hdd": Data(SeededGenerator.bytes(count: 64 << 20, seed: 3)),
        ],
        timeout: 220, script: script)

      let wrongKind = try run.reached("hdd-as-hot")
      #expect(wrongKind.exit == 1, "\(wrongKind)")
      #expect(wrongKind.seconds < 10, "\(wrongKind)")
      // A few reads to know who it is; no load.
      #expect(Int(wrongKind.facts["reads"] ?? "") ?? .max < 100, "\(wrongKind)")

      // The control of the refusals: what QEMU counts shows writes where they are allowed.
      let written = try run.reached("written")
      // That it wrote is the question, not how fast.
      #expect([0, 2].contains(written.exit), "\(written)")
      #expect(Int(written.facts["writes"] ?? "") ?? 0 > 1000, "\(written)")

      for (name, outcome) in [
        ("read-error", PhaseOutcome.failed), ("write-error", .failed), ("stall", .stalled),
        ("unplug", .lost),
      ] {
        let found = try run.reached(name)
        #expect(found.exit == 1, "\(found)")
        do {
          let outcomes = try found.record().phases.map(\.outcome)
          #expect(outcomes.contains(outcome), "\(outcomes) \(found)")
        } catch {
          Issue.record("\(error)")
        }
      }
      // The stall limit of 5 s, the drain and the end of the program.
      let stall = try run.reached("stall")
      #expect(Int(stall.facts["after"] ?? "") ?? .max < 15_000, "\(stall)")
      let unplug = try run.reached("unplug")
      #expect(Int(unplug.facts["after"] ?? "") ?? .max < 10_000, "\(unplug)")
      // What a missing drive answers is not I/O done: no round may outrun the emulation.
      let loaded = try unplug.record().phases.filter { $0.kind == .scenario }
      #expect(!loaded.isEmpty)
      for round in loaded.flatMap(\.rounds) {
        #expect(round.iops < 60_000, "\(round.iops) IOPS counted on a drive that is gone")
      }
    }
  }
}
