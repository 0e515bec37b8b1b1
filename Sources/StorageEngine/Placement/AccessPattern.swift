/// How a client goes through a store, by what it asked for of late.
public enum AccessPattern: String, Sendable, CaseIterable {
  /// One key at a time, here and there. What came after a key before is read ahead of it.
  case random
  /// Keys in their order, by scans or one after the other. Those behind are read ahead.
  case sequential
  /// Many keys at once, by multi-gets or batches. They are read side by side, and nothing is learnt of their
  /// order.
  case batch
  /// One key at a time, and hardly ever a change. Keys that are so used leave a tier that is too full first:
  /// others come back to it with their next change.
  case rareWrite = "rare_write"
}

/// What a client did within a while.
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
  /// Of the gets, those that were looked at for their order.
  var watchedGets: UInt64 = 0
  /// Of the gets that were looked at, those on a walk from key to key.
  var walkedGets: UInt64 = 0

  /// What was done since an earlier moment; counts wrap around.
  func since(_ earlier: AccessMix) -> AccessMix {
    AccessMix(
      gets: gets &- earlier.gets, multiGetKeys: multiGetKeys &- earlier.multiGetKeys,
      scans: scans &- earlier.scans, changes: changes &- earlier.changes,
      batchedChanges: batchedChanges &- earlier.batchedChanges,
      watchedGets: watchedGets &- earlier.watchedGets, walkedGets: walkedGets &- earlier.walkedGets)
  }

  /// Keys that were asked for or changed, as far as is known: a scan counts as ``scanKeys``.
  var accesses: Double {
    Double(gets) + Double(multiGetKeys) + Self.scanKeys * Double(scans) + Double(changes)
      + Double(batchedChanges)
  }

  /// Keys that a scan counts for, as nobody counts those that it goes by.
  static let scanKeys = 64.0
  /// Accesses that tell a pattern.
  static let accessesMin = 1024.0
  /// A client of which fewer than one access in so many is a change writes rarely.
  static let rareWriteOneIn = 100.0

  /// The pattern, once there is enough to go by: the one that makes up half, batches before runs.
  ///
  /// - Parameter walkShare: Of the gets, the share that are walks, where none was looked at in this while.
  /// - Returns: The pattern; nil below ``accessesMin`` accesses.
  func pattern(walkShare: Double) -> AccessPattern? {
    let all = accesses
    guard all >= Self.accessesMin else { return nil }
    if Double(multiGetKeys) + Double(batchedChanges) >= all / 2 { return .batch }
    let walked = (self.walkShare ?? walkShare) * Double(gets) + Self.scanKeys * Double(scans)
    if walked >= all / 2 { return .sequential }
    return Double(changes) + Double(batchedChanges) < all / Self.rareWriteOneIn
      ? .rareWrite : .random
  }

  /// Of the gets that were looked at, the share that are walks; nil where too few were.
  var walkShare: Double? {
    watchedGets >= Self.watchedMin ? min(1, Double(walkedGets) / Double(watchedGets)) : nil
  }

  private static let watchedMin: UInt64 = 64
}

/// The patterns of all clients, each by its latest accesses that tell one.
struct AccessPatternBook: Sendable {
  private struct Client: Sendable {
    var seen = AccessMix()
    var walkShare = 0.0
    var pattern: AccessPattern?
  }

  private var clients: [Int: Client] = [:]

  /// Takes in what a client has done so far.
  mutating func note(_ mix: AccessMix, of number: Int) {
    var client = clients[number] ?? Client()
    let latest = mix.since(client.seen)
    guard let pattern = latest.pattern(walkShare: client.walkShare) else { return }
    client.walkShare = latest.walkShare ?? client.walkShare
    client.pattern = pattern
    client.seen = mix
    clients[number] = client
  }

  /// How many clients go by each pattern.
  var counts: [AccessPattern: Int] {
    clients.values.reduce(into: [:]) { counts, client in
      if let pattern = client.pattern { counts[pattern, default: 0] += 1 }
    }
  }
}
