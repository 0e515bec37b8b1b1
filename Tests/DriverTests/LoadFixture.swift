import Driver
import LinuxIO
import Measurements
import Testing
import Workloads

/// The seed of all tests that draw; a failure names it with the test's arguments.
let testSeed: UInt64 = 20_251

extension LoadPlan {
  /// A short way to say what a test loads.
  static func of(
    _ kind: WorkloadKind, blockBytes: UInt32 = 4096, rangeBytes: UInt64 = 1 << 30,
    readPercent: Int = 100, depth: Int = 1, threads: Int = 1, end: LoadEnd, seed: UInt64 = testSeed
  ) -> LoadPlan {
    LoadPlan(
      workload: WorkloadSpec(
        kind: kind, blocks: BlockSplit(bytes: blockBytes), readPercent: readPercent,
        rangeBytes: rangeBytes),
      depth: depth, threads: threads, end: end, seed: seed, runID: RunID(high: 1, low: 2))
  }
}

extension LoadEnd {
  /// So many seconds.
  static func seconds(_ count: Double) -> LoadEnd { .after(Nanoseconds(seconds: count)) }
}

extension Double {
  /// Whether it lies within so many percent of `expected`.
  func isWithin(_ percent: Double, of expected: Double) -> Bool {
    abs(self - expected) <= abs(expected) * percent / 100
  }
}

/// A file past the page cache, gone with its folder when the test lets go of it.
final class ScratchTarget {
  let file: ScratchFile
  private let folder: TemporaryFolder

  var descriptor: Int32 { file.file.descriptor }
  var path: String { file.path.description }
  var factory: BlockTargetFactory {
    BlockTargetFactory(descriptor: descriptor, name: path, numaNode: nil)
  }

  init(mebibytes: UInt64) throws {
    folder = try TemporaryFolder()
    file = try ScratchFile(
      at: FileSystemPath(folder.path), name: "scratch", requestedBytes: mebibytes << 20,
      reserveBytes: 0)
  }
}
