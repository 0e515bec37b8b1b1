internal import LinuxIO
internal import Measurements
internal import Synchronization

extension TieredStore {
  /// Sets a key to a value, and returns when that is acknowledged.
  ///
  /// - Returns: The version that the value got.
  @discardableResult
  public func put(_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Version {
    try KeyRule.check(key: key)
    try KeyRule.check(value: value)
    return try commit(.key(key, value: value))
  }

  /// Removes a key, whether it is there or not.
  @discardableResult
  public func delete(_ key: [UInt8]) throws(StoreError) -> Version {
    try KeyRule.check(key: key)
    return try commit(.key(key, value: nil))
  }

  /// Removes every key of a range, in all tiers, at one moment.
  @discardableResult
  public func deleteRange(_ range: KeyRange) throws(StoreError) -> Version {
    guard !range.isEmpty else { return published.lastVersion }
    var batch = StoreBatch()
    batch.deleteRange(range)
    return try write(batch)
  }

  /// Deleted ranges that are remembered before they are cleared out of the tiers below.
  static var rangesMax: Int { 256 }

  private var hasManyRanges: Bool {
    published.tombstones.map { $0.fragments.count >= Self.rangesMax } ?? false
  }

  /// Has a reader's thread clear out deleted ranges, unless one is at it.
  private func forgetRangesSoon() throws(StoreError) {
    guard
      isForgetting.compareExchange(
        expected: false, desired: true, ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    do throws(StoreError) {
      try parallelReader.submit { [self] in
        // What fails here fails again for who next deletes a range and waits for it.
        try? forgetRanges()
        isForgetting.store(false, ordering: .releasing)
      }
    } catch {
      isForgetting.store(false, ordering: .releasing)
      throw error
    }
  }

  /// Commits a batch: after a crash all of it is there, or none.
  @discardableResult
  public func write(_ batch: StoreBatch) throws(StoreError) -> Version {
    guard !batch.isEmpty else { return published.lastVersion }
    if let fault = batch.fault { throw fault }
    // Each range costs readers a search; what the tiers below no longer hold needs none.
    if batch.deletesRanges, hasManyRanges { try forgetRanges() }
    return try commit(.batch(batch.changes))
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
    commit(completion) { () throws(StoreError) in
      try KeyRule.check(key: key)
      try KeyRule.check(value: value)
      return .key(key, value: value)
    }
  }

  /// Removes a key, without waiting for the drive; the rest as with `put`.
  public func delete(
    _ key: [UInt8], completion: @escaping @Sendable (Result<Version, StoreError>) -> Void
  ) {
    commit(completion) { () throws(StoreError) in
      try KeyRule.check(key: key)
      return .key(key, value: nil)
    }
  }

  /// Commits a batch, without waiting for the drive; the rest as with `put`.
  public func write(
    _ batch: StoreBatch, completion: @escaping @Sendable (Result<Version, StoreError>) -> Void
  ) {
    guard !batch.isEmpty else { return completion(.success(published.lastVersion)) }
    commit(completion) { () throws(StoreError) in
      if let fault = batch.fault { throw fault }
      if batch.deletesRanges, hasManyRanges { try forgetRangesSoon() }
      return .batch(batch.changes)
    }
  }

  /// The newest version that is committed and that readers see.
  public var lastVersion: Version { published.lastVersion }

  /// The newest version that the drive is known to hold, with all before it.
  public var durableVersion: Version { committer?.durableVersion ?? published.lastVersion }

  func commit(_ changes: Committer.Changes) throws(StoreError) -> Version {
    guard let committer else { throw .readOnly(path: path) }
    if let failure = committer.roomFailure(for: changes.byteCount) { throw failure }
    guard meter.noteCommit(changeCount: changes.count), let metrics else {
      return try committer.commit(changes)
    }
    let began = MonotonicClock.now()
    defer { metrics.noteWrite(began) }
    return try committer.commit(changes)
  }

  /// Commits what `changes` makes, and tells `completion` of all that fails.
  @inline(__always)
  private func commit(
    _ completion: @escaping CommitGroup.Completion,
    _ changes: () throws(StoreError) -> Committer.Changes
  ) {
    do throws(StoreError) {
      guard let committer else { throw .readOnly(path: path) }
      let changes = try changes()
      if let failure = committer.roomFailure(for: changes.byteCount) { throw failure }
      guard meter.noteCommit(changeCount: changes.count), let metrics else {
        return committer.commit(changes, completion: completion)
      }
      let began = MonotonicClock.now()
      committer.commit(changes) { result in
        metrics.noteWrite(began)
        completion(result)
      }
    } catch {
      completion(.failure(error))
    }
  }
}
