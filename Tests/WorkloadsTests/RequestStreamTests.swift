import Testing
import Workloads

@Suite("A request stream") struct RequestStreamTests {
  private static func requests(
    _ spec: WorkloadSpec, count: Int, worker: Int = 0, workers: Int = 1, seed: UInt64 = 1
  ) -> [Request] {
    var stream = RequestStream(spec: spec, worker: worker, workers: workers, seed: seed)
    return (0..<count).map { stream.next(slot: UInt32($0)) }
  }

  private static func text(_ requests: [Request]) -> String {
    requests.map { request in
      "\(request.operation == .read ? "r" : "w")\(request.offset / 512)+\(request.length / 512)"
    }.joined(separator: " ")
  }

  /// Requests in sectors; a change here changes every run that is repeated by its seed.
  @Test(
    "yields these first requests for seed 1",
    arguments: [
      (
        WorkloadKind.randomRead, "4k", "uniform", 0,
        "r411328+8 r2007600+8 r1094808+8 r277504+8 r1171656+8 r1782400+8 r1712232+8 r242960+8"
      ),
      (
        .randomRead, "4k", "uniform", 1,
        "r1947936+8 r1310928+8 r388904+8 r706048+8 r2081744+8 r176008+8 r159600+8 r21112+8"
      ),
      (
        .randomMix, "4k/60:16k/30:128k/10", "uniform", 0,
        "r1094656+256 r1782400+8 w1749552+8 r1886208+32 r324256+32 r1007488+32 w1647800+8 r2036480+256"
      ),
      (
        .randomWrite, "4k", "zipf:0.99", 0,
        "w1530264+8 w623672+8 w2008536+8 w891776+8 w795328+8 w421432+8 w1383936+8 w970144+8"
      ),
      (
        .randomMix, "4k/50:12k/50", "hotcold:20/80", 0,
        "r1545168+24 w1005552+24 r35904+24 r1024464+24 w1633824+24 w863952+24 w578760+8 w1691832+8"
      ),
      (
        .sequentialWrite, "128k", "uniform", 1,
        "w1050624+256 w1050880+256 w1051136+256 w1051392+256 w1051648+256 w1051904+256 w1052160+256 w1052416+256"
      ),
    ])
  func golden(
    kind: WorkloadKind, blocks: String, distribution: String, worker: Int, expected: String
  ) throws {
    let spec = WorkloadSpec(
      kind: kind, blocks: try BlockSplit(parsing: blocks), readPercent: 70,
      distribution: try Distribution(parsing: distribution), rangeStartBytes: 1 << 20,
      rangeBytes: 1 << 30)
    let requests = Self.requests(spec, count: 8, worker: worker, workers: 2)
    #expect(Self.text(requests) == expected)
  }

  @Test("repeats itself for the same seed and worker only")
  func repeats() {
    let spec = WorkloadSpec(
      kind: .randomMix, blocks: BlockSplit(bytes: 4096), readPercent: 50, rangeBytes: 1 << 30)
    let first = Self.text(Self.requests(spec, count: 100, workers: 2))
    #expect(Self.text(Self.requests(spec, count: 100, workers: 2)) == first)
    #expect(Self.text(Self.requests(spec, count: 100, workers: 2, seed: 2)) != first)
    #expect(Self.text(Self.requests(spec, count: 100, worker: 1, workers: 2)) != first)
  }

  @Test("carries the slot that it was asked for")
  func slots() {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1 << 20)
    #expect(Self.requests(spec, count: 3).map(\.slot) == [0, 1, 2])
  }

  @Test("mixes sizes and operations by their shares")
  func shares() throws {
    let blocks = try BlockSplit(parsing: "4k/60:16k/30:128k/9:512/1")
    let spec = WorkloadSpec(
      kind: .randomMix, blocks: blocks, readPercent: 70, rangeBytes: 1 << 30)
    var stream = RequestStream(spec: spec, worker: 0, workers: 1, seed: 11)
    let draws = 1_000_000
    var sizes: [UInt32: Int] = [:]
    var reads = 0
    for _ in 0..<draws {
      let request = stream.next(slot: 0)
      sizes[request.length, default: 0] += 1
      if request.operation == .read { reads += 1 }
    }
    #expect(sizes.count == 4)
    #expect(
      ChiSquare(
        counts: blocks.parts.map { sizes[$0.bytes, default: 0] },
        expected: blocks.parts.map { Double(draws * $0.percent) / 100 }
      ).isPlausible)
    #expect(ChiSquare(counts: [reads, draws - reads], expected: [700_000, 300_000]).isPlausible)
  }

  @Test("covers a range evenly", arguments: [(0, 1000), (512, 1000), (4096, 37)])
  func uniform(start: UInt64, blocks: Int) {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeStartBytes: start,
      rangeBytes: UInt64(blocks) * 4096)
    var stream = RequestStream(spec: spec, worker: 0, workers: 1, seed: 5)
    var counts: [UInt64: Int] = [:]
    let draws = 200_000
    for _ in 0..<draws { counts[stream.next(slot: 0).offset, default: 0] += 1 }
    // A range that begins between two blocks holds one whole block less.
    let whole = start % 4096 == 0 ? blocks : blocks - 1
    #expect(counts.count == whole)
    #expect(
      ChiSquare(
        counts: Array(counts.values),
        expected: [Double](repeating: Double(draws) / Double(whole), count: whole)
      ).isPlausible)
  }

  @Test("lets all workers, rounds and sizes agree on what is hot")
  func hot() throws {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: try BlockSplit(parsing: "4k/50:64k/50"),
      distribution: .hotCold(spacePercent: 10, accessPercent: 90), rangeBytes: 100 << 16)
    var hits: [Int: [UInt64: Int]] = [:]
    for worker in 0..<2 {
      var stream = RequestStream(
        spec: spec, worker: worker, workers: 2, seed: UInt64(worker) + 77)
      for _ in 0..<20_000 {
        let request = stream.next(slot: 0)
        let key = worker * 2 + (request.length == 4096 ? 0 : 1)
        hits[key, default: [:]][request.offset >> 16, default: 0] += 1
      }
    }
    let hottest = hits.values.map { cells in
      Set(cells.sorted { $0.value > $1.value }.prefix(10).map(\.key))
    }
    #expect(hottest.count == 4)
    #expect(Set(hottest).count == 1)
    let shares = hits.values.map { cells in
      let sorted = cells.values.sorted(by: >)
      return Double(sorted.prefix(10).reduce(0, +)) / Double(sorted.reduce(0, +))
    }
    #expect(shares.allSatisfy { abs($0 - 0.9) < 0.02 })

    var moved = spec
    moved.scatterSeed = 1
    var stream = RequestStream(spec: moved, worker: 0, workers: 1, seed: 77)
    var cells: [UInt64: Int] = [:]
    for _ in 0..<20_000 { cells[stream.next(slot: 0).offset >> 16, default: 0] += 1 }
    #expect(
      Set(cells.sorted { $0.value > $1.value }.prefix(10).map(\.key)) != hottest.first)
  }

  @Test("never asks for anything outside its range", arguments: 0..<200)
  func inside(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let logical: UInt64 = random.next(below: 2) == 0 ? 512 : 4096
    let kind = try #require(WorkloadKind.allCases.randomElement(using: &random))
    let sizes = (0..<(1 + random.next(below: 4))).map { _ in
      UInt32(logical * (1 + random.next(below: 40)))
    }
    let distinct = Array(Set(sizes)).sorted()
    let parts = distinct.enumerated().map { index, bytes in
      BlockSplit.Part(
        bytes: bytes, percent: index == 0 ? 100 - (distinct.count - 1) * 7 : 7)
    }
    let largest = UInt64(distinct.max() ?? 0)
    let isSequential = kind == .sequentialRead || kind == .sequentialWrite
    let distributions: [Distribution] = [
      .uniform, .zipf(theta: 0.5 + random.nextFraction()),
      .hotCold(spacePercent: 20, accessPercent: 80),
    ]
    let range = 2 * largest + logical * random.next(below: 1000)
    let spec = WorkloadSpec(
      kind: kind, blocks: try BlockSplit(parts: parts), readPercent: 30,
      distribution: isSequential
        ? .uniform : distributions[Int(random.next(below: 3))],
      rangeStartBytes: logical * random.next(below: 1 << 40), rangeBytes: range,
      startBytes: isSequential ? logical * random.next(below: range / logical) : 0)
    try spec.validate(logicalBlockBytes: Int(logical))

    let workers = Int(1 + random.next(below: 5))
    var wrong = 0
    for worker in 0..<workers {
      for request in Self.requests(spec, count: 500, worker: worker, workers: workers, seed: seed) {
        let length = UInt64(request.length)
        let isInside =
          length > 0 && request.offset >= spec.rangeStartBytes
          && request.offset + length <= spec.rangeStartBytes + range
        let isAligned =
          isSequential
          ? request.offset % logical == 0 && length % logical == 0
          : request.offset % length == 0 && distinct.contains(request.length)
        if !isInside || !isAligned { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test(
    "stays inside its range even for specs that validation refuses",
    arguments: [
      WorkloadSpec(kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 0),
      WorkloadSpec(kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1000),
      WorkloadSpec(kind: .randomWrite, blocks: BlockSplit(bytes: 0), rangeBytes: 1 << 20),
      WorkloadSpec(kind: .sequentialWrite, blocks: BlockSplit(bytes: 0), rangeBytes: 1 << 20),
      WorkloadSpec(kind: .sequentialWrite, blocks: BlockSplit(bytes: 4096), rangeBytes: 0),
      WorkloadSpec(
        kind: .randomRead, blocks: BlockSplit(bytes: 4096),
        distribution: .zipf(theta: .nan), rangeStartBytes: .max - 10_000, rangeBytes: .max),
      WorkloadSpec(
        kind: .sequentialRead, blocks: BlockSplit(bytes: .max), rangeStartBytes: .max - 10_000,
        rangeBytes: .max, startBytes: .max),
      WorkloadSpec(
        kind: .randomMix, blocks: BlockSplit(bytes: 512), readPercent: -5,
        distribution: .hotCold(spacePercent: -1, accessPercent: 500), rangeBytes: 513),
    ])
  func degenerate(spec: WorkloadSpec) {
    #expect(throws: WorkloadError.self) { try spec.validate(logicalBlockBytes: 512) }
    for (worker, workers) in [(0, 1), (-1, 0), (7, 3)] {
      let requests = Self.requests(spec, count: 100, worker: worker, workers: workers)
      let end = spec.rangeStartBytes.addingReportingOverflow(spec.rangeBytes)
      let limit = end.overflow ? UInt64.max : end.partialValue
      #expect(
        requests.allSatisfy {
          $0.offset >= spec.rangeStartBytes && limit - $0.offset >= UInt64($0.length)
        })
    }
  }
}
