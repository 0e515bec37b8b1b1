/// What a client did within a while: pure.
struct AccessMix: Sendable, Equatable {
  /// Keys that it asked for one at a time.
  var gets: UInt64 = 0
  /// Keys that it asked for together with others.
  var multiGetKeys: UInt64 = 0
  /// Scans that it began.
  var scans: UInt64 = 0
  /// Changes that it made one at a time.
  var changes: UInt64 = 0
  /// Changes in batches of more than one.
  var batchedChanges: UInt64 = 0
  /// Of the gets, those that prefetching looked at.
  var watchedGets: UInt64 = 0
  /// Of these, those within a run of keys in their order.
  var runGets: UInt64 = 0

  /// What was done since an earlier moment; counts wrap around.
  func since(_ earlier: AccessMix) -> AccessMix {
    AccessMix(
      gets: gets &- earlier.gets, multiGetKeys: multiGetKeys &- earlier.multiGetKeys,
      scans: scans &- earlier.scans, changes: changes &- earlier.changes,
      batchedChanges: batchedChanges &- earlier.batchedChanges,
      watchedGets: watchedGets &- earlier.watchedGets, runGets: runGets &- earlier.runGets)
  }

  /// Nobody counts the keys that a scan goes by, which would cost more than going by them: it counts for as many
  /// as the longest run that is read ahead.
  static let scanKeys = Double(RunDetector.reachMax)
  /// Accesses that tell a pattern: a share of one in a hundred of fewer would be chance.
  static let accessesMin = 1024.0
  /// A client of which fewer than one access in so many is a change writes rarely; YCSB's B, read mostly, changes
  /// one in twenty.
  static let rareWriteOneIn = 100.0
  /// Watched gets that tell a share.
  static let watchedMin: UInt64 = 64

  /// The pattern, once there is enough to go by: the one that makes up half, batches before runs.
  ///
  /// - Parameter runShare: Of the gets, the share within runs, where too few were looked at in this while.
  /// - Returns: The pattern; nil below ``accessesMin`` accesses.
  func pattern(runShare: Double) -> AccessPattern? {
    let batched = Double(multiGetKeys) + Double(batchedChanges)
    let scanned = Self.scanKeys * Double(scans)
    let all = Double(gets) + Double(changes) + batched + scanned
    guard all >= Self.accessesMin else { return nil }
    if batched >= all / 2 { return .batch }
    if (self.runShare ?? runShare) * Double(gets) + scanned >= all / 2 { return .sequential }
    return Double(changes) + Double(batchedChanges) < all / Self.rareWriteOneIn
      ? .rareWrite : .random
  }

  /// Of the gets, the share within runs; nil where too few were looked at.
  var runShare: Double? {
    watchedGets >= Self.watchedMin ? min(1, Double(runGets) / Double(watchedGets)) : nil
  }
}
