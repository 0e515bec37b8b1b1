internal import Glibc
internal import LinuxIO
internal import RocksDB

/// What lies in a tier, and how it is used.
public struct TierReport: Sendable, Equatable {
  /// Bytes of its files.
  public var fileBytes: UInt64
  /// Keys in it.
  public var keyCount: UInt64
  /// Whether they were counted, or are RocksDB's estimate.
  public var keyCountIsExact: Bool
  /// Seconds since its newest file of data was written; nil without one.
  public var newestFileSeconds: Double?
  /// Seconds since its oldest file of data was written; nil without one.
  public var oldestFileSeconds: Double?
  /// How its keys are used; nil where nothing is known of that.
  public var heat: Heat?

  /// How keys are used, by some of them.
  public struct Heat: Sendable, Equatable {
    /// Keys that were looked at, the first in their order.
    public var keyCount: Int
    /// How many of them belong to each tier by their use.
    public var belonging: [Tier: Int]
    /// Half of them are used no more often than so many times a day.
    public var medianPerDay: Double
    /// One in a hundred is used more often.
    public var p99PerDay: Double
  }
}

extension TieredStore {
  /// What lies in each tier, by bytes, keys, age and use.
  ///
  /// - Parameter keysMax: Keys to look at in each tier.
  /// - Returns: A report of each tier.
  /// - Throws: What cannot be read.
  public func tierReports(keysMax: Int = 100_000) throws(StoreError) -> [Tier: TierReport] {
    let statistics = try statistics()
    var reports: [Tier: TierReport] = [:]
    let heat = HeatLook(placement, folder: path)
    for tier in Tier.allCases {
      let figures = statistics.tiers[tier]
      let counted = try keyCount(of: tier, atMost: keysMax)
      let ages = Self.fileAges(in: try tiers()[tier].path)
      reports[tier] = TierReport(
        fileBytes: figures?.fileBytes ?? 0, keyCount: counted ?? figures?.keyCountEstimate ?? 0,
        keyCountIsExact: counted != nil, newestFileSeconds: ages.min(),
        oldestFileSeconds: ages.max(), heat: try self.heat(of: tier, heat, keysMax))
    }
    return reports
  }

  private func heat(
    of tier: Tier, _ look: HeatLook?, _ keysMax: Int
  ) throws(StoreError) -> TierReport.Heat? {
    guard let look else { return nil }
    var uses: [KeyUse] = []
    _ = try export(.all, from: tier, byteLimit: 1) { key in
      if uses.count < keysMax { uses.append(look.use(of: key)) }
      return false
    }
    guard !uses.isEmpty else { return nil }
    let rates = uses.map(\.perDay).sorted()
    return TierReport.Heat(
      keyCount: uses.count,
      belonging: Dictionary(grouping: uses) { look.rule.tier(for: $0, in: tier) }
        .mapValues(\.count),
      medianPerDay: rates[rates.count / 2], p99PerDay: rates[rates.count * 99 / 100])
  }

  /// Seconds since each file of data in a folder was written.
  private static func fileAges(in folder: String) -> [Double] {
    FileSystemPath(folder).traces().compactMap { trace in
      let fields = trace.split(separator: " ")
      guard let name = fields.first, name.hasSuffix(".sst"),
        let time = fields.last.flatMap({ Double($0) })
      else { return nil }
      return max(0, WallClock.seconds() - time)
    }
  }
}

/// What is known of the use of keys, from an open store or from what a closed one left.
private final class HeatLook {
  let rule: PlacementRule
  private let tap: AccessTap?
  private var classifier: DataClassifier?
  private let seed: UInt64
  /// A file of 1 GiB: what a classifier was made for stands in the file itself.
  private static let wordsMax = 1 << 27

  init?(_ placement: Placement?, folder: String) {
    if let placement {
      rule = placement.settings.rule
      tap = placement.tap
      seed = placement.tap.seed
      return
    }
    guard let file = HeatFile(in: folder, wordsMax: Self.wordsMax),
      let classifier = DataClassifier(words: file.words, secondsAgo: file.secondsAgo, now: 0)
    else { return nil }
    rule = classifier.rule
    self.classifier = classifier
    tap = nil
    seed = file.seed
  }

  func use(of key: Span<UInt8>) -> KeyUse {
    let hash = KeyHash.hash(key, seed: seed)
    if let tap { return tap.glance { $0.use(of: hash, at: $1) } }
    return classifier?.use(of: hash, at: 0) ?? .none
  }
}
