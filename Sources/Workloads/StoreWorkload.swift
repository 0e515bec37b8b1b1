/// The order and mix of requests to a store.
public enum StoreWorkloadKind: String, Sendable, CaseIterable, Codable {
  /// Puts every key once, in the order of key numbers.
  case fill
  /// Gets chosen keys.
  case randomRead = "random-read"
  /// Gets chosen keys; meant for an open loop.
  case pointLookup = "point-lookup"
  /// Gets keys that are not there.
  case missingKeys = "missing-keys"
  /// Gets several chosen keys at once.
  case multiGet = "multi-get"
  /// Walks over keys in ascending order, each request on from where its slot's last one ended.
  case scanForward = "scan-forward"
  /// The same in descending order.
  case scanBackward = "scan-backward"
  /// Puts chosen keys that are there.
  case randomWrite = "random-write"
  /// Puts several chosen keys in one batch.
  case batchWrite = "batch-write"
  /// Gets and puts chosen keys, by percentage or by workers of their own.
  case readWhileWriting = "read-while-writing"
  /// YCSB A, update heavy: 50 % get, 50 % put.
  case ycsbA = "ycsb-a"
  /// YCSB B, read mostly: 95 % get, 5 % put.
  case ycsbB = "ycsb-b"
  /// YCSB C, read only.
  case ycsbC = "ycsb-c"
  /// YCSB D, read latest: 95 % get, the newest keys most often, 5 % insert.
  case ycsbD = "ycsb-d"
  /// YCSB E, short ranges: 95 % scan of 1 to so many keys, 5 % insert.
  case ycsbE = "ycsb-e"
  /// YCSB F: 50 % get, 50 % get and put of the same key.
  case ycsbF = "ycsb-f"

  /// Percent of requests that read, by YCSB's definition; nil where it is not fixed.
  var fixedReadPercent: Int? {
    switch self {
    case .fill, .randomWrite, .batchWrite: 0
    case .randomRead, .pointLookup, .missingKeys, .multiGet, .scanForward, .scanBackward, .ycsbC:
      100
    case .ycsbA, .ycsbF: 50
    case .ycsbB, .ycsbD, .ycsbE: 95
    case .readWhileWriting: nil
    }
  }

  /// Whether new keys are put beside those of the fill.
  public var inserts: Bool { self == .ycsbD || self == .ycsbE }

  /// The distribution that belongs to the kind: YCSB's Zipf 0.99, else uniform.
  public var standardDistribution: Distribution {
    switch self {
    case .ycsbA, .ycsbB, .ycsbC, .ycsbD, .ycsbE, .ycsbF: .zipf(theta: 0.99)
    default: .uniform
    }
  }

  /// Keys of each request unless told: 1000 a batch and a multi-get, 1000 a scan, at most 100 in
  /// YCSB E, else 1.
  public var standardEntries: Int {
    switch self {
    case .batchWrite, .multiGet, .scanForward, .scanBackward: 1000
    case .ycsbE: 100
    default: 1
    }
  }
}

/// A workload over the keys of a store; with a seed it determines every request.
public struct StoreWorkload: Sendable, Equatable {
  /// The order and mix.
  public var kind: StoreWorkloadKind
  /// Keys that the fill puts, numbered from 0.
  public var keyCount: UInt64
  /// Bytes of each value.
  public var valueBytes: Int
  /// Keys of each batch (also of the fill), multi-get and scan; the most of a scan in YCSB E.
  public var entries: Int
  /// Percent of reads, for `read-while-writing` without writers of their own.
  public var readPercent: Int
  /// The last so many workers only write and the others only read, for `read-while-writing`; 0
  /// where every worker does both.
  public var writers: Int
  /// How keys are chosen. For YCSB D it is Zipf over the keys by their age, whatever is given.
  public var distribution: Distribution
  /// Chooses which keys are the hot ones; keep it over rounds, or the hot keys move.
  public var scatterSeed: UInt64
  /// About how many keys lie before the one at which `scan-forward` and `scan-backward` begin; slots
  /// begin equally far apart from there.
  public var firstRank: UInt64

  /// A workload over keys, with the distribution and the number of entries that belong to its kind.
  public init(kind: StoreWorkloadKind, keyCount: UInt64, valueBytes: Int) {
    self.kind = kind
    self.keyCount = keyCount
    self.valueBytes = valueBytes
    entries = kind.standardEntries
    readPercent = kind.fixedReadPercent ?? 90
    writers = 0
    distribution = kind.standardDistribution
    scatterSeed = 0
    firstRank = 0
  }

  /// Bytes of a key and its value.
  public var entryBytes: UInt32 {
    UInt32(clamping: UInt64(StoreKeys.byteCount) + UInt64(clamping: valueBytes))
  }

  /// Percent of a worker's requests that read.
  func readPercent(worker: Int, workers: Int) -> Int {
    if let fixed = kind.fixedReadPercent { return fixed }
    if writers > 0 { return worker >= workers - writers ? 0 : 100 }
    return Swift.min(Swift.max(readPercent, 0), 100)
  }

  /// Whether each scan goes on from where its slot's last one ended.
  public var scansOn: Bool { kind == .scanForward || kind == .scanBackward }

  /// Whether any request puts.
  public var writes: Bool {
    kind.fixedReadPercent.map { $0 < 100 } ?? (writers > 0 || readPercent < 100)
  }

  /// Whether any request gets or scans.
  public var reads: Bool {
    kind.fixedReadPercent.map { $0 > 0 } ?? (writers > 0 || readPercent > 0)
  }
}

extension StoreWorkload {
  /// Refuses a workload that cannot be carried out as it is described.
  ///
  /// - Parameter workers: The workers that will share it.
  /// - Throws: `WorkloadError` with the value that is wrong and what to change.
  public func validate(workers: Int) throws(WorkloadError) {
    guard (1...(StoreKeys.countMax / 2)).contains(keyCount) else {
      throw WorkloadError("\(keyCount) keys: must be from 1 to \(StoreKeys.countMax / 2)")
    }
    guard (StoreValues.valueBytesMin...StoreValues.valueBytesMax).contains(valueBytes) else {
      throw WorkloadError(
        "values of \(valueBytes) bytes: must be from \(StoreValues.valueBytesMin), the header that "
          + "verifies them, to \(StoreValues.valueBytesMax)")
    }
    guard entries >= 1, UInt64(entries) <= keyCount else {
      throw WorkloadError(
        "\(entries) keys in each request: must be from 1 to the \(keyCount) keys there are")
    }
    guard UInt64(entries) * UInt64(entryBytes) <= 1 << 30 else {
      throw WorkloadError(
        "\(entries) entries of \(entryBytes) bytes in each request are more than 1 GiB: ask for "
          + "fewer")
    }
    try distribution.validate()
    guard (0...100).contains(readPercent) else {
      throw WorkloadError("\(readPercent) % of reads is not 0 to 100")
    }
    guard (0..<Swift.max(workers, 1)).contains(writers) || writers == 0 else {
      throw WorkloadError(
        "\(writers) writers of \(workers) threads leave no reader: ask for more threads")
    }
    guard !writes || keyCount >= UInt64(Swift.max(workers, 1)) else {
      throw WorkloadError("\(keyCount) keys cannot be shared among \(workers) writing threads")
    }
  }
}
