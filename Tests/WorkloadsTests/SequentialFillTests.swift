import Testing
import Workloads

@Suite("A sequential fill") struct SequentialFillTests {
  /// What all workers hand out until their shares are covered, in the order of offsets.
  private static func pieces(_ spec: WorkloadSpec, workers: Int) -> [Range<UInt64>] {
    var pieces: [Range<UInt64>] = []
    for worker in 0..<workers {
      var stream = RequestStream(spec: spec, worker: worker, workers: workers, seed: 3)
      while !stream.covered, pieces.count < 100_000 {
        let request = stream.next(slot: 0)
        pieces.append(request.offset..<(request.offset + UInt64(request.length)))
      }
    }
    return pieces.sorted { $0.lowerBound < $1.lowerBound }
  }

  @Test(
    "covers every byte exactly once",
    arguments: [1, 2, 3, 7, 16],
    ["128k", "4k", "512", "12k", "4k/60:16k/30:128k/10", "4k/50:12k/50"])
  func once(workers: Int, blocks: String) throws {
    for rangeBytes: UInt64 in [512, 4096, 131_072, 131_584, 1_000_448, 3 << 20] {
      for startBytes: UInt64 in [0, 512, 65536, 999_936] where startBytes < rangeBytes {
        let spec = WorkloadSpec(
          kind: .sequentialWrite, blocks: try BlockSplit(parsing: blocks),
          rangeStartBytes: 512 * 77, rangeBytes: rangeBytes, startBytes: startBytes)
        let pieces = Self.pieces(spec, workers: workers)
        var next = spec.rangeStartBytes
        var gaps = 0
        for piece in pieces {
          if piece.lowerBound != next || piece.isEmpty { gaps += 1 }
          next = piece.upperBound
        }
        #expect(gaps == 0)
        #expect(next == spec.rangeStartBytes + rangeBytes)
      }
    }
  }

  @Test("ascends, wraps at its end, and begins where it is told")
  func order() {
    let spec = WorkloadSpec(
      kind: .sequentialRead, blocks: BlockSplit(bytes: 4096), rangeStartBytes: 8192,
      rangeBytes: 4096 * 4 + 512, startBytes: 8192)
    var stream = RequestStream(spec: spec, worker: 0, workers: 1, seed: 1)
    var offsets: [UInt64] = []
    var lengths: [UInt32] = []
    var covered: [Bool] = []
    for _ in 0..<6 {
      let request = stream.next(slot: 0)
      offsets.append(request.offset - 8192)
      lengths.append(request.length)
      covered.append(stream.covered)
    }
    #expect(offsets == [8192, 12288, 16384, 0, 4096, 8192])
    #expect(lengths == [4096, 4096, 512, 4096, 4096, 4096])
    #expect(covered == [false, false, false, false, true, true])
  }

  @Test("gives each worker a share of its own, the last with what is left over")
  func shares() {
    let spec = WorkloadSpec(
      kind: .sequentialWrite, blocks: BlockSplit(bytes: 4096), rangeBytes: 4096 * 7 + 1024)
    let first = (0..<3).map { worker in
      var stream = RequestStream(spec: spec, worker: worker, workers: 3, seed: 1)
      return stream.next(slot: 0).offset / 4096
    }
    #expect(first == [0, 3, 5])
  }

  @Test("has nothing to cover for a worker without a share")
  func empty() {
    let spec = WorkloadSpec(
      kind: .sequentialWrite, blocks: BlockSplit(bytes: 4096), rangeBytes: 8192)
    let covered = (0..<4).map { worker in
      RequestStream(spec: spec, worker: worker, workers: 4, seed: 1).covered
    }
    #expect(covered == [false, false, true, true])
  }

  @Test("is never said of a random workload")
  func random() {
    let spec = WorkloadSpec(
      kind: .randomWrite, blocks: BlockSplit(bytes: 4096), rangeBytes: 8192)
    var stream = RequestStream(spec: spec, worker: 0, workers: 1, seed: 1)
    for _ in 0..<100 { _ = stream.next(slot: 0) }
    #expect(!stream.covered)
  }
}
