/// The endless sequence of one worker's requests; the same seed gives the same requests.
///
/// Random kinds draw over the whole range, each offset on the device a multiple of its own
/// request's size. Sequential kinds ascend through the worker's share of the range. No request ever
/// reaches outside the range: where a block does not fit, the request is shortened, to nothing in an
/// empty range, which ``WorkloadSpec/validate(logicalBlockBytes:)`` refuses beforehand.
public struct RequestStream: RequestSource {
  @usableFromInline var random: SeededGenerator
  @usableFromInline var share: SequentialShare
  /// One entry for each percent, or a single one where all requests have one size.
  @usableFromInline let grids: [BlockGrid]
  @usableFromInline let choice: Choice
  @usableFromInline let scatter: RankScatter
  /// What ranks are given to: blocks of the largest size, so that all sizes agree on what is hot.
  @usableFromInline let cells: BlockGrid
  @usableFromInline let isSequential: Bool
  @usableFromInline let readPercent: UInt64

  /// The requests of `worker` (from 0) of `workers`; out-of-range numbers count as the nearest.
  ///
  /// All workers are given the same seed and take different sequences from it.
  public init(spec: WorkloadSpec, worker: Int, workers: Int, seed: UInt64) {
    random = SeededGenerator(
      seed: SeededGenerator.derivedSeed(seed, phase: "requests", worker: worker))
    share = SequentialShare(spec: spec, worker: worker, workers: workers)
    cells = BlockGrid(bytes: spec.blocks.maxBytes, spec: spec)
    grids = Self.grids(spec)
    choice = Choice(spec.distribution, count: cells.blocks)
    scatter = RankScatter(count: cells.blocks, key: spec.scatterSeed)
    isSequential = spec.isSequential
    switch spec.kind {
    case .randomRead, .sequentialRead: readPercent = 100
    case .randomWrite, .sequentialWrite: readPercent = 0
    case .randomMix: readPercent = UInt64(Swift.min(Swift.max(spec.readPercent, 0), 100))
    }
  }

  /// Whether every byte of this worker's share of a sequential workload was handed out.
  ///
  /// True from the start for a worker whose share is empty, so a fill asks before each request;
  /// never true for random kinds.
  @inlinable
  public var covered: Bool { isSequential && share.covered }

  /// The next request, to be carried out in `slot`.
  @inlinable
  public mutating func next(slot: UInt32) -> Request {
    let operation = nextOperation()
    let grid = grids.count == 1 ? grids[0] : nextGrid()
    if isSequential {
      let piece = share.next(bytes: grid.bytes)
      return Request(offset: piece.offset, length: piece.length, operation: operation, slot: slot)
    }
    return Request(
      offset: nextOffset(grid), length: grid.bytes, operation: operation, slot: slot)
  }

  @inlinable @inline(__always)
  mutating func nextOperation() -> Operation {
    if readPercent == 100 { return .read }
    if readPercent == 0 { return .write }
    return random.next(below: 100) < readPercent ? .read : .write
  }

  @inlinable @inline(__always)
  mutating func nextGrid() -> BlockGrid {
    grids[Int(truncatingIfNeeded: random.next(below: UInt64(truncatingIfNeeded: grids.count)))]
  }

  @inlinable @inline(__always)
  mutating func nextOffset(_ grid: BlockGrid) -> UInt64 {
    let rank: UInt64
    switch choice {
    case .uniform: return grid.offset(of: random.next(below: grid.blocks))
    case .zipf(let sampler): rank = sampler.next(&random)
    case .hotCold(let sampler): rank = sampler.next(&random)
    }
    let cell = cells.offset(of: scatter.place(of: rank))
    if grids.count == 1 { return cell }
    return grid.block(around: cell &+ random.next(below: UInt64(cells.bytes)))
  }

  private static func grids(_ spec: WorkloadSpec) -> [BlockGrid] {
    let parts = spec.blocks.parts
    guard parts.count > 1 else { return [BlockGrid(bytes: spec.blocks.maxBytes, spec: spec)] }
    return parts.flatMap { part in
      [BlockGrid](
        repeating: BlockGrid(bytes: part.bytes, spec: spec),
        count: Swift.min(Swift.max(part.percent, 0), 100))
    }
  }

  /// How ranks are drawn.
  @usableFromInline
  enum Choice: Sendable {
    case uniform
    case zipf(ZipfSampler)
    case hotCold(HotColdSampler)

    init(_ distribution: Distribution, count: UInt64) {
      switch distribution {
      case .uniform: self = .uniform
      case .zipf(let theta): self = .zipf(ZipfSampler(count: count, theta: theta))
      case .hotCold(let space, let access):
        self = .hotCold(
          HotColdSampler(count: count, spacePercent: space, accessPercent: access))
      }
    }
  }
}

/// The blocks of one size that lie wholly within a range, each at a multiple of its size.
@usableFromInline
struct BlockGrid: Sendable {
  /// Size of a block; less than asked for where the range holds none.
  @usableFromInline let bytes: UInt32
  /// How many there are, at least 1.
  @usableFromInline let blocks: UInt64
  @usableFromInline let firstOffset: UInt64
  /// Whether the range holds a whole block at a multiple of its size.
  let isAligned: Bool

  init(bytes: UInt32, spec: WorkloadSpec) {
    let size = UInt64(Swift.max(bytes, 1))
    let range = Swift.min(spec.rangeBytes, UInt64.max - spec.rangeStartBytes)
    let gap = (size - spec.rangeStartBytes % size) % size
    isAligned = range >= gap && range - gap >= size
    if isAligned {
      self.bytes = UInt32(size)
      firstOffset = spec.rangeStartBytes + gap
      blocks = (range - gap) / size
    } else {
      self.bytes = UInt32(Swift.min(size, range))
      firstOffset = spec.rangeStartBytes
      blocks = 1
    }
  }

  /// Where a block begins.
  @inlinable @inline(__always)
  func offset(of block: UInt64) -> UInt64 { firstOffset &+ block &* UInt64(bytes) }

  /// Where the block that holds `position` begins, or the nearest block does.
  @inlinable @inline(__always)
  func block(around position: UInt64) -> UInt64 {
    guard position > firstOffset, bytes > 0 else { return firstOffset }
    return offset(of: Swift.min((position &- firstOffset) / UInt64(bytes), blocks &- 1))
  }
}
