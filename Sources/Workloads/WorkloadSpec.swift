/// The 128 bits that name a run, stamped into every sector that it writes.
public struct RunID: Sendable, Hashable, CustomStringConvertible {
  /// The upper half.
  public var high: UInt64
  /// The lower half.
  public var low: UInt64

  /// Joins two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 32 lower-case hexadecimal digits.
  public var description: String { Self.hex(high) + Self.hex(low) }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The order and mix of requests.
public enum WorkloadKind: String, Sendable, CaseIterable {
  /// Reads at chosen offsets.
  case randomRead = "random-read"
  /// Writes at chosen offsets.
  case randomWrite = "random-write"
  /// Reads and writes at chosen offsets, by percentage.
  case randomMix = "random-mix"
  /// Reads in ascending order ("scan").
  case sequentialRead = "sequential-read"
  /// Writes in ascending order ("batch write" with large blocks and a deep queue).
  case sequentialWrite = "sequential-write"
}

/// A workload over a range of bytes; with a seed it determines every request.
public struct WorkloadSpec: Sendable {
  /// The order and mix.
  public var kind: WorkloadKind
  /// Block sizes with shares.
  public var blocks: BlockSplit
  /// Percent of reads, for the mix.
  public var readPercent: Int
  /// How random offsets are chosen.
  public var distribution: Distribution
  /// First byte of the range; a multiple of the logical block.
  public var rangeStartBytes: UInt64
  /// Length of the range in bytes.
  public var rangeBytes: UInt64
  /// Where within the range a sequential workload begins, in bytes.
  ///
  /// Several workers begin equally far into their shares, so that after a round that moved so many
  /// bytes in all, the next one goes on where it ended.
  public var startBytes: UInt64
  /// Chooses which blocks are the hot ones; keep it over rounds, or the hot blocks move.
  public var scatterSeed: UInt64

  /// A workload over a range.
  public init(
    kind: WorkloadKind, blocks: BlockSplit, readPercent: Int = 100,
    distribution: Distribution = .uniform, rangeStartBytes: UInt64 = 0, rangeBytes: UInt64,
    startBytes: UInt64 = 0, scatterSeed: UInt64 = 0
  ) {
    self.kind = kind
    self.blocks = blocks
    self.readPercent = readPercent
    self.distribution = distribution
    self.rangeStartBytes = rangeStartBytes
    self.rangeBytes = rangeBytes
    self.startBytes = startBytes
    self.scatterSeed = scatterSeed
  }

  /// Whether any request writes.
  public var writes: Bool {
    switch kind {
    case .randomRead, .sequentialRead: false
    case .randomWrite, .sequentialWrite: true
    case .randomMix: readPercent < 100
    }
  }

  /// Whether any request reads.
  public var reads: Bool {
    switch kind {
    case .randomRead, .sequentialRead: true
    case .randomWrite, .sequentialWrite: false
    case .randomMix: readPercent > 0
    }
  }
}
