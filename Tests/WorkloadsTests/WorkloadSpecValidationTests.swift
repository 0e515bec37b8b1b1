import Testing
import Workloads

@Suite("A workload is refused") struct WorkloadSpecValidationTests {
  private static let good = WorkloadSpec(
    kind: .randomMix, blocks: BlockSplit(bytes: 4096), readPercent: 70, rangeStartBytes: 4096,
    rangeBytes: 1 << 30)

  @Test("not at all where it is sound", arguments: [512, 4096])
  func sound(logical: Int) throws {
    try Self.good.validate(logicalBlockBytes: logical)
    try WorkloadSpec(
      kind: .sequentialWrite, blocks: BlockSplit(bytes: 128 << 10), rangeBytes: (128 << 10) + 4096,
      startBytes: 4096
    ).validate(logicalBlockBytes: logical)
  }

  @Test(
    "with the value that is wrong",
    arguments: [
      (changed { $0.blocks = BlockSplit(bytes: 512) }, 4096, "512 is not a multiple of the device"),
      (changed { $0.blocks = BlockSplit(bytes: 1000) }, 512, "1000"),
      (changed { $0.blocks = BlockSplit(bytes: 128 << 20) }, 512, "128m"),
      (changed { $0.rangeStartBytes = 512 }, 4096, "start of 512"),
      (changed { $0.rangeBytes = 8192 + 512 }, 4096, "length of 8704"),
      (changed { $0.rangeBytes = 2048 }, 512, "range of 2048"),
      (
        changed {
          $0.rangeStartBytes = 512; $0.rangeBytes = 7168
        }, 512, "holds no aligned block"
      ),
      (changed { $0.rangeBytes = .max - 4095 }, 512, "beyond the largest offset"),
      (changed { $0.rangeBytes = 1 << 63 }, 512, "beyond the largest offset"),
      (changed { $0.readPercent = 101 }, 512, "101 %"),
      (changed { $0.distribution = .zipf(theta: 0) }, 512, "zipf:0.0"),
      (changed { $0.startBytes = 4096 }, 512, "random-mix has no first offset"),
      (
        changed {
          $0.kind = .sequentialRead; $0.distribution = .zipf(theta: 1)
        }, 512, "zipf:1.0"
      ),
      (
        changed {
          $0.kind = .sequentialRead; $0.startBytes = 1 << 30
        }, 512, "outside the range"
      ),
      (good, 0, "logical block of 0"), (good, -4096, "-4096"), (good, 520, "520"),
    ])
  func refused(spec: WorkloadSpec, logical: Int, named: String) {
    do {
      try spec.validate(logicalBlockBytes: logical)
      Issue.record("not refused")
    } catch {
      #expect(error.description.contains(named))
    }
  }

  private static func changed(_ change: (inout WorkloadSpec) -> Void) -> WorkloadSpec {
    var spec = good
    change(&spec)
    return spec
  }
}
