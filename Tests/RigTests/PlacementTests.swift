import Foundation
import Measurements
import TestSupport
import Testing

extension RigSuite {
  @Suite("A drive on the second NUMA node, of 4096-byte blocks")
  struct Placement {
    @Test("has its workers and their buffers there, without a flag")
    func onTheNode() throws {
      let run = try Rig.run(
        [
          "--numa", "2", "--nvme", "64M", "--nvme-block", "4096", "--sata-ssd", "0", "--hdd", "0",
        ],
        images: ["nvme": Data(SeededGenerator.bytes(count: 64 << 20, seed: 4))], timeout: 90,
        script: """
          qualify placement 80 hot /dev/nvme0n1 --profile $RIG_FIXTURES/rig-read.yaml
          """)
      let found = try run.reached("placement")
      // Where it ran is the question, not how fast: a busy host may leave the rate undecided.
      #expect([0, 2].contains(found.exit), "\(found)")
      let record = try found.record()
      #expect(record.subjects.first?.identity.logicalBlockBytes == 4096)
      #expect(record.machine.numaNodeCount == 2)
      #expect(record.subjects.first?.identity.numaNode == 1)
      // The null target of the headroom phase has no buffers.
      let placements = record.phases.filter { $0.kind == .scenario }
        .flatMap(\.rounds).flatMap(\.placement)
      #expect(!placements.isEmpty, "\(found)")
      for placement in placements {
        #expect(placement.node == 1, "worker \(placement.worker) on node \(placement.node)")
        #expect(placement.bufferNodes == [1], "buffers on nodes \(placement.bufferNodes)")
      }
    }
  }
}
