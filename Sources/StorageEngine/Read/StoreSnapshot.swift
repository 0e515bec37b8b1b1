internal import RocksDB

/// The store as it was at one moment, over all tiers, for as long as this is held.
///
/// While it is held, the tiers keep what it sees, and the folder stays in use after the store was
/// closed.
public final class StoreSnapshot: Sendable {
  /// The newest version that it sees.
  public let version: Version

  private let hot: Snapshot
  private let warm: Snapshot
  private let cold: Snapshot
  private let places: [TierPlace]
  private let tombstones: RangeTombstones?
  private let scanRule: ScanCachingRule

  /// To be made only under the committer's barrier.
  init(of tiers: OpenTiers, published: PublishedState, scanRule: ScanCachingRule) {
    self.scanRule = scanRule
    hot = tiers.hot.database.snapshot()
    warm = tiers.warm.database.snapshot()
    cold = tiers.cold.database.snapshot()
    places = [tiers.hot.place, tiers.warm.place, tiers.cold.place]
    tombstones = published.tombstones
    version = published.lastVersion
  }

  /// The value that a key had; nil where the key was not there.
  public func get(_ key: [UInt8]) throws(StoreError) -> [UInt8]? {
    try KeyRule.check(key: key)
    for (tier, place) in zip(Tier.allCases, places) {
      let found =
        switch tier {
        case .hot: try find(key, in: hot, at: place)
        case .warm: try find(key, in: warm, at: place)
        case .cold: try find(key, in: cold, at: place)
        }
      switch found {
      case .absent: continue
      case .deleted: return nil
      case .value(let value): return value
      case .damaged(let fault): throw place.damage(fault, key: key)
      }
    }
    return nil
  }

  private func find(
    _ key: [UInt8], in source: borrowing Snapshot, at place: TierPlace
  ) throws(StoreError) -> Found<[UInt8]> {
    try Found<[UInt8]>.find(key.span, in: source, at: place, tombstones: tombstones) { value, _ in
      value.copied()
    }
  }

  /// Walks over keys of a range as they were.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - direction: Ascending or descending.
  ///   - limit: Most keys; nil for all.
  ///   - body: Takes a key and its value, both lent for the call only; false ends the walk.
  /// - Throws: What failed, naming tier and file; what was walked over before stays true.
  public func scan(
    _ range: KeyRange = .all, _ direction: ScanDirection = .forward, limit: Int? = nil,
    _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(StoreError) {
    guard !range.isEmpty, limit != 0 else { return }
    if let limit, limit < 0 { throw .invalidArgument("a scan of \(limit) keys means nothing") }
    try scan(range, direction, limit: limit, by: plan(range, direction, limit: limit), body)
  }

  /// How a scan of a range reads.
  func plan(
    _ range: KeyRange, _ direction: ScanDirection, limit: Int? = nil
  ) -> ScanCachingRule.Plan {
    scanRule.plan(limit: limit, direction) {
      guard let inRange = storedByteCount(range), let inStore = storedByteCount(.all) else {
        return nil
      }
      return (inRange, inStore)
    }
  }

  /// Walks over keys as it was planned, perhaps for a range of which this one is a part.
  func scan(
    _ range: KeyRange, _ direction: ScanDirection = .forward, limit: Int? = nil,
    by plan: ScanCachingRule.Plan, _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(StoreError) {
    var options = IteratorOptions(from: range.lowerBound, to: range.upperBound)
    options.fillCache = plan.fillsCache
    options.readaheadBytes = plan.readaheadBytes
    options.skippedMax = plan.skippedMax
    let mayEndEarly = plan.skippedMax > 0
    var merge = TierMerge(
      hot: TierMerge.Cursor(
        place: places[0], iterator: hot.iterator(options), mayEndEarly: mayEndEarly),
      warm: TierMerge.Cursor(
        place: places[1], iterator: warm.iterator(options), mayEndEarly: mayEndEarly),
      cold: TierMerge.Cursor(
        place: places[2], iterator: cold.iterator(options), mayEndEarly: mayEndEarly),
      tombstones: tombstones)
    guard let limit else { return try merge.walk(direction, body) }
    var left = limit
    try merge.walk(direction) { key, value in
      left -= 1
      return body(key, value) && left > 0
    }
  }

  /// About how many bytes of files hold the range; nil where a tier does not know.
  private func storedByteCount(_ range: KeyRange) -> UInt64? {
    let (start, end) = (range.lowerBound, range.upperBound)
    guard let hot = try? hot.approximateByteCount(from: start, to: end),
      let warm = try? warm.approximateByteCount(from: start, to: end),
      let cold = try? cold.approximateByteCount(from: start, to: end)
    else { return nil }
    return hot &+ warm &+ cold
  }
}
