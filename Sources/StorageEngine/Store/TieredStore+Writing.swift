extension TieredStore {
  /// Sets a key to a value, and returns when that is acknowledged.
  ///
  /// - Returns: The version that the value got.
  @discardableResult
  public func put(_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Version {
    try commit(CollectionOfOne(.put(key: key, value: value)))
  }

  /// Removes a key, whether it is there or not.
  @discardableResult
  public func delete(_ key: [UInt8]) throws(StoreError) -> Version {
    try commit(CollectionOfOne(.delete(key: key)))
  }

  /// Removes every key of a range, in all tiers, at one moment.
  @discardableResult
  public func deleteRange(_ range: KeyRange) throws(StoreError) -> Version {
    guard !range.isEmpty else { return published.lastVersion }
    // Each range costs readers a search; what the tiers below no longer hold needs none.
    if let ranges = published.tombstones, ranges.fragments.count >= Self.rangesMax {
      try forgetRanges()
    }
    return try commit(
      CollectionOfOne(.deleteRange(lower: range.lowerBound, upper: range.upperBound)))
  }

  /// Deleted ranges that are remembered before they are cleared out of the tiers below.
  static var rangesMax: Int { 256 }

  /// Commits a batch: after a crash all of it is there, or none.
  @discardableResult
  public func write(_ batch: StoreBatch) throws(StoreError) -> Version {
    guard !batch.isEmpty else { return published.lastVersion }
    return try commit(batch.changes)
  }

  /// Sets a key to a value, without waiting for the drive.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - value: To what.
  ///   - completion: Called when the change is acknowledged, or has failed, on the committing
  ///     thread. It must be short and must not wait for the store.
  public func put(
    _ key: [UInt8], _ value: [UInt8],
    completion: @escaping @Sendable (Result<Version, StoreError>) -> Void
  ) {
    commit(CollectionOfOne(.put(key: key, value: value)), completion)
  }

  /// Removes a key, without waiting for the drive; the rest as with `put`.
  public func delete(
    _ key: [UInt8], completion: @escaping @Sendable (Result<Version, StoreError>) -> Void
  ) {
    commit(CollectionOfOne(.delete(key: key)), completion)
  }

  /// Commits a batch, without waiting for the drive; the rest as with `put`.
  public func write(
    _ batch: StoreBatch, completion: @escaping @Sendable (Result<Version, StoreError>) -> Void
  ) {
    guard !batch.isEmpty else { return completion(.success(published.lastVersion)) }
    commit(batch.changes, completion)
  }

  /// The newest version that is committed and that readers see.
  public var lastVersion: Version { published.lastVersion }

  /// The newest version that the drive is known to hold, with all before it.
  public var durableVersion: Version { committer?.durableVersion ?? published.lastVersion }

  func commit(_ changes: some Collection<StoreBatch.Change>) throws(StoreError) -> Version {
    guard let committer else { throw .readOnly(path: path) }
    let byteCount = try Self.check(changes)
    if let failure = committer.roomFailure(for: byteCount) { throw failure }
    return try committer.commit(changes, byteCount: byteCount)
  }

  private func commit(
    _ changes: some Collection<StoreBatch.Change>, _ completion: @escaping CommitGroup.Completion
  ) {
    do throws(StoreError) {
      guard let committer else { throw .readOnly(path: path) }
      let byteCount = try Self.check(changes)
      if let failure = committer.roomFailure(for: byteCount) { throw failure }
      committer.commit(changes, byteCount: byteCount, completion: completion)
    } catch {
      completion(.failure(error))
    }
  }

  /// Refuses changes that cannot be stored, all of them before the first is taken.
  private static func check(
    _ changes: some Collection<StoreBatch.Change>
  ) throws(StoreError) -> Int {
    var byteCount = 0
    for change in changes {
      try change.check()
      byteCount += change.byteCount
    }
    guard byteCount <= KeyRule.batchBytesMax else {
      throw .tooLarge(what: "batch", bytes: byteCount, bytesMax: KeyRule.batchBytesMax)
    }
    return byteCount
  }
}
