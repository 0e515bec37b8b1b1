internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

extension TieredStore {
  /// The value of a key; nil where the key is not there.
  ///
  /// - Throws: ``StoreError``, naming tier and file where one failed; never nil for a failure.
  public func get(_ key: [UInt8]) throws(StoreError) -> [UInt8]? {
    try get(key) { $0.copied() }
  }

  /// Lends the value of a key; nil where the key is not there.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - body: Takes the value, which is lent for the call only. It must be short and must not call
  ///     the store, as part of the cache may be locked meanwhile.
  /// - Returns: What `body` made of the value.
  /// - Throws: ``StoreError``, as ``get(_:)`` does.
  @inlinable
  public func get<R>(_ key: [UInt8], _ body: (Span<UInt8>) -> R) throws(StoreError) -> R? {
    try get(key.span, body)
  }

  /// Lends the value of a key, as the form that takes an array does.
  @inlinable
  public func get<R>(_ key: Span<UInt8>, _ body: (Span<UInt8>) -> R) throws(StoreError) -> R? {
    var result: R?
    try lend(key) { result = body($0) }
    return result
  }

  /// What ``get(_:_:)`` is made of: not generic, so that callers in other modules need no copy of it.
  @usableFromInline
  func lend(_ key: Span<UInt8>, _ body: (Span<UInt8>) -> Void) throws(StoreError) {
    // The gates hold addresses of what the store owns.
    defer { extendLifetime(self) }
    guard gates.meter.noteGet(), let metrics else { return try look(key, body) }
    let began = MonotonicClock.now()
    defer { metrics.noteGet(began) }
    try look(key, body)
  }

  private func look(
    _ key: Span<UInt8>, mayWait: Bool = true, _ body: (Span<UInt8>) -> Void
  ) throws(StoreError) {
    try KeyRule.check(keyCount: key.count)
    guard !isShut else { throw .closed(path: path) }
    let hash = KeyHash.hash(key, seed: gates.hashSeed)
    if let gate = gates.placement, gate.counts(hash) { placement?.tap.keep(key, hash: hash) }
    let tombstones = published.tombstones
    if let front = gates.cache {
      let found: Void? = front.read(hash: hash, key: key) { value, version in
        if let tombstones, tombstones.hides(key, version) { return }
        body(value)
      }
      if found != nil {
        _ = watch(key, hash: hash, wasCached: true)
        return
      }
    }
    try lookFurther(key, hash: hash, tombstones: tombstones, mayWait: mayWait, body)
  }

  /// Looks a key up that was not found without a lock.
  @inline(never)
  private func lookFurther(
    _ key: Span<UInt8>, hash: UInt64, tombstones: RangeTombstones?, mayWait: Bool,
    _ body: (Span<UInt8>) -> Void
  ) throws(StoreError) {
    var ticket: UInt32?
    if let cache {
      let answer = cache.readUnderLock(hash: hash, key: key) { value, version in
        if let tombstones, tombstones.hides(key, version) { return }
        body(value)
      }
      switch answer {
      case .hit:
        _ = watch(key, hash: hash, wasCached: true)
        return
      case .miss(let found): ticket = found
      }
      if watch(key, hash: hash, wasCached: false, mayWait: mayWait) {
        let answer = cache.read(hash: hash, key: key, again: true) { value, version in
          if let tombstones, tombstones.hides(key, version) { return }
          body(value)
        }
        switch answer {
        case .hit: return
        case .miss(let found): ticket = found
        }
      }
    }
    guard let prefetch else { return try lendFromTiers(key, hash: hash, ticket: ticket, body) }
    let began = MonotonicClock.now()
    defer { prefetch.noteRead(MonotonicClock.now() - began, client: PrefetchEngine.client()) }
    try lendFromTiers(key, hash: hash, ticket: ticket, body)
  }

  /// Looks a key up; what memory tells of it is answered at once on this thread, any other by a reader's.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - completion: Takes what ``get(_:)`` would have returned or thrown, maybe before this returns:
  ///     a lock that it takes must not be held by the caller. It must be short and must not wait for
  ///     the store.
  public func get(
    _ key: [UInt8], completion: @escaping @Sendable (Result<[UInt8]?, StoreError>) -> Void
  ) {
    var cached: [UInt8]?
    if get(key, ifCached: { cached = $0.copied() }, completion: completion) {
      completion(.success(cached))
    }
  }

  /// Looks a key up: a value in memory is lent at once; where only files tell, a reader's thread reads.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - ifCached: Takes a value that the caches or write buffers have, lent for the call only, before
  ///     this returns. It must be short and must not call the store.
  ///   - completion: Takes what ``get(_:)`` would have returned or thrown, where `ifCached` was not
  ///     called: on a reader's thread, or before this returns where memory tells that the key is not
  ///     there. It must be short and must not wait for the store.
  /// - Returns: Whether `ifCached` was called; `completion` is then not called.
  public func get(
    _ key: [UInt8], ifCached: (Span<UInt8>) -> Void,
    completion: @escaping @Sendable (Result<[UInt8]?, StoreError>) -> Void
  ) -> Bool {
    guard gates.meter.noteGet(), let metrics else {
      return look(key, ifCached: ifCached, completion: completion)
    }
    let began = MonotonicClock.now()
    let wasCached = look(key, ifCached: ifCached) { [metrics] result in
      metrics.noteGet(began)
      completion(result)
    }
    if wasCached { metrics.noteGet(began) }
    return wasCached
  }

  private func look(
    _ key: [UInt8], ifCached: (Span<UInt8>) -> Void,
    completion: @escaping @Sendable (Result<[UInt8]?, StoreError>) -> Void
  ) -> Bool {
    do throws(StoreError) {
      try KeyRule.check(key: key)
      guard !isShut else { throw .closed(path: path) }
      let hash = KeyHash.hash(key.span)
      placement?.tap.note(key.span, hash: hash)
      let tombstones = published.tombstones
      var ticket: UInt32?
      if let cache {
        let answer = cache.read(hash: hash, key: key.span) { value, version -> Bool in
          if let tombstones, tombstones.hides(key, version) { return false }
          ifCached(value)
          return true
        }
        switch answer {
        case .hit(true):
          _ = watch(key.span, hash: hash, wasCached: true)
          return true
        case .hit(false): break
        case .miss(let found): ticket = found
        }
        // It does not wait for who may be reading the key ahead: nor may its caller.
        _ = watch(key.span, hash: hash, wasCached: false, mayWait: false)
      }
      if memoryProbe.isDue {
        let answer = try lendFromMemory(
          key.span, hash: hash, ticket: ticket, ifCached)
        memoryProbe.note(answered: answer != .unknown)
        switch answer {
        case .lent: return true
        case .absent:
          completion(.success(nil))
          return false
        case .unknown: break
        }
      }
      let (client, began) = (PrefetchEngine.client(), MonotonicClock.now())
      try parallelReader.submit { [self, ticket] in
        var value: [UInt8]?
        do throws(StoreError) {
          try lendFromTiers(key.span, hash: hash, ticket: ticket) {
            value = $0.copied()
          }
          prefetch?.noteRead(MonotonicClock.now() - began, client: client)
          completion(.success(value))
        } catch {
          completion(.failure(error))
        }
      }
    } catch {
      completion(.failure(error))
    }
    return false
  }

  /// Looks many keys up on a reader's thread.
  ///
  /// - Parameters:
  ///   - keys: Which.
  ///   - completion: Takes what ``multiGet(_:)`` would have returned or thrown. It must be short and
  ///     must not wait for the store.
  public func multiGet(
    _ keys: [[UInt8]], completion: @escaping @Sendable (Result<[[UInt8]?], StoreError>) -> Void
  ) {
    meter.noteMultiGet(keyCount: keys.count)
    do throws(StoreError) {
      try parallelReader.submit { [self] in
        do throws(StoreError) {
          var values = [[UInt8]?](repeating: nil, count: keys.count)
          try lookMany(keys) { index, value in values[index] = value.copied() }
          completion(.success(values))
        } catch {
          completion(.failure(error))
        }
      }
    } catch {
      completion(.failure(error))
    }
  }

  /// The values of many keys, in their order; nil for each that is not there.
  ///
  /// Cached keys are answered first; the rest is looked up together in one tier after the other.
  ///
  /// - Throws: The first failure.
  public func multiGet(_ keys: [[UInt8]]) throws(StoreError) -> [[UInt8]?] {
    var values = [[UInt8]?](repeating: nil, count: keys.count)
    try multiGet(keys) { index, value in values[index] = value.copied() }
    return values
  }

  /// Lends the values of many keys.
  ///
  /// - Parameters:
  ///   - keys: Which.
  ///   - each: Takes the index of a key and its value, once for each key that is there, in any
  ///     order. The value is lent for the call only, which must be short and must not call the
  ///     store, as part of the cache may be locked meanwhile.
  /// - Throws: The first failure; some values may have been lent by then.
  public func multiGet(
    _ keys: [[UInt8]], _ each: (Int, Span<UInt8>) -> Void
  ) throws(StoreError) {
    meter.noteMultiGet(keyCount: keys.count)
    try lookMany(keys, each)
  }

  /// Looks many keys up, which were counted.
  private func lookMany(
    _ keys: [[UInt8]], _ each: (Int, Span<UInt8>) -> Void
  ) throws(StoreError) {
    let began = metrics == nil ? nil : MonotonicClock.now()
    defer { if let began { metrics?.noteMultiGet(began) } }
    for key in keys { try KeyRule.check(key: key) }
    guard !isShut else { throw .closed(path: path) }
    let tombstones = published.tombstones
    let hashes = keys.map { KeyHash.hash($0.span) }
    if let placement {
      for (key, hash) in zip(keys, hashes) { placement.tap.note(key.span, hash: hash) }
    }
    var misses: [TierLookup.Miss] = []
    if let cache {
      cache.readMany(hashes: hashes, keys: keys) { index, value, version in
        if let tombstones, tombstones.hides(keys[index], version) { return }
        each(index, value)
      } missed: { index, ticket in
        misses.append(TierLookup.Miss(index: index, hash: hashes[index], ticket: ticket))
      }
    } else {
      misses = keys.indices.map { TierLookup.Miss(index: $0, hash: hashes[$0], ticket: nil) }
    }
    guard !misses.isEmpty else { return }
    let tiers = try tiers()
    let before = retirements.load(ordering: .acquiring)
    let laneCount = LookupLanes.count(missCount: misses.count)
    let (absent, unsettled): ([Int], [Int])
    if laneCount > 1 {
      let lanes = LookupLanes(
        TierLookup.lanes(
          keys: keys, misses: misses, published: published, cache: cache, placement: placement,
          count: laneCount),
        in: tiers)
      // Whoever is free helps; this thread does what nobody else takes, all of it if need be.
      for _ in 1..<laneCount { try? parallelReader.submit { lanes.takePart() } }
      (absent, unsettled) = try lanes.finish(each)
    } else {
      var lookup = TierLookup(
        keys: keys, misses: misses, published: published, cache: cache, placement: placement)
      try lookup.look(in: tiers, each)
      (absent, unsettled) = (lookup.absentIndices, lookup.unsettledIndices)
    }
    // Where a key moved up while the walk went down it may have passed unseen.
    let unseen = retirements.load(ordering: .acquiring) == before ? [] : absent
    for index in unsettled + unseen {
      let key = keys[index]
      // A reader's thread must not wait for what other readers are to do.
      try look(key.span, mayWait: false) { each(index, $0) }
    }
  }

  /// What memory alone tells of a key: the caches, the write buffers, and the tables' filters.
  private enum MemoryLook {
    case lent
    case absent
    case unknown
  }

  /// Lends a value that a tier has in memory, where no tier above it can hide it.
  ///
  /// - Returns: ``MemoryLook/absent`` where every tier knows without its files that it does not have
  ///   the key, or where the key is deleted. A key that is damaged is for those who read files.
  private func lendFromMemory(
    _ key: Span<UInt8>, hash: UInt64, ticket: UInt32?, _ body: (Span<UInt8>) -> Void
  ) throws(StoreError) -> MemoryLook {
    let tiers = try tiers(hash)
    let before = retirements.load(ordering: .acquiring)
    guard let turn = published.settledRangeTurn else { return .unknown }
    let tombstones = published.tombstones
    for tier in Tier.allCases {
      var told = MemoryLook.unknown
      let answer = key.withRawSpan { raw in
        tiers[tier].database.getFromMemory(raw) { stored in
          guard tier == .hot || published.isUnchanged(since: turn) else { return }
          let found = Found<Void>(stored, key: key, tombstones: tombstones) { value, version in
            if let cache, let ticket {
              cache.fill(
                hash: hash, key: key, value: value, version: version, from: tier, ticket: ticket)
            }
            body(value)
          }
          switch found {
          case .value: told = .lent
          case .deleted, .absent: told = .absent
          case .damaged: told = .unknown
          }
        }
      }
      switch answer {
      case .found:
        if told == .lent { placement?.noteFound(key, hash: hash, in: tier) }
        return told
      case .unknown: return .unknown
      case .absent: continue
      }
    }
    // A key that moved up while the walk went down would have passed unseen.
    return retirements.load(ordering: .acquiring) == before ? .absent : .unknown
  }

  private func lendFromTiers(
    _ key: Span<UInt8>, hash: UInt64, ticket: UInt32?, _ body: (Span<UInt8>) -> Void
  ) throws(StoreError) {
    for _ in 0..<Self.walksMax {
      guard try !walk(key, hash: hash, ticket: ticket, body) else { return }
    }
    // Others delete ranges, or move keys up, faster than the tiers answer: now they wait.
    try atOneMoment { () throws(StoreError) in
      _ = try walk(key, hash: hash, ticket: ticket, body)
    }
  }

  private static var walksMax: Int { 16 }

  /// Looks a key up in one tier after the other.
  ///
  /// - Returns: Whether what was found, or nothing, is how the key stood at one moment.
  private func walk(
    _ key: Span<UInt8>, hash: UInt64, ticket: UInt32?, _ body: (Span<UInt8>) -> Void
  ) throws(StoreError) -> Bool {
    let tiers = try tiers(hash)
    let before = retirements.load(ordering: .acquiring)
    let turn = published.rangeTurn()
    let tombstones = published.tombstones
    for tier in Tier.allCases {
      let place = tiers[tier].place
      let found = try Found<Bool>.find(
        key, in: tiers[tier].database, at: place, tombstones: tombstones
      ) { value, version in
        guard tier == .hot || published.isUnchanged(since: turn) else { return false }
        if let cache, let ticket {
          cache.fill(
            hash: hash, key: key, value: value, version: version, from: tier, ticket: ticket)
        }
        body(value)
        return true
      }
      switch found {
      case .value(false): return false
      case .value(true):
        placement?.noteFound(key, hash: hash, in: tier)
        return true
      case .deleted: return true
      case .damaged(let fault): throw place.damage(fault, key: key.copied())
      case .absent: continue
      }
    }
    // A key that moved up while the walk went down would have passed unseen.
    return retirements.load(ordering: .acquiring) == before
  }
}
