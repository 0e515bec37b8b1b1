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
  public func get<R: Sendable>(
    _ key: [UInt8], _ body: (Span<UInt8>) -> R
  ) throws(StoreError) -> R? {
    try KeyRule.check(key: key)
    guard !isShut else { throw .closed(path: path) }
    let hash = KeyHash.hash(key.span)
    let tombstones = published.tombstones
    var ticket: UInt32?
    if let cache {
      let answer = cache.read(hash: hash, key: key) { value, version -> R? in
        if let tombstones, tombstones.hides(key, version) { return nil }
        return body(value)
      }
      switch answer {
      case .hit(let result): return result
      case .miss(let found): ticket = found
      }
    }
    return try getFromTiers(key, hash: hash, tombstones: tombstones, ticket: ticket, body)
  }

  /// Looks a key up; a cached value is answered at once on this thread, any other by a reader's.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - completion: Takes what ``get(_:)`` would have returned or thrown. It must be short and
  ///     must not wait for the store.
  public func get(
    _ key: [UInt8], completion: @escaping @Sendable (Result<[UInt8]?, StoreError>) -> Void
  ) {
    do throws(StoreError) {
      try KeyRule.check(key: key)
      guard !isShut else { throw .closed(path: path) }
      let hash = KeyHash.hash(key.span)
      if let cache, published.tombstones == nil,
        case .hit(let value) = cache.read(hash: hash, key: key, { value, _ in value.copied() })
      {
        completion(.success(value))
        return
      }
      try parallelReader.submit { [self] in
        do throws(StoreError) {
          completion(.success(try get(key)))
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
    for key in keys { try KeyRule.check(key: key) }
    guard !isShut else { throw .closed(path: path) }
    let tombstones = published.tombstones
    var values = [[UInt8]?](repeating: nil, count: keys.count)
    var misses: [TierLookup.Miss] = []
    for (index, key) in keys.enumerated() {
      let hash = KeyHash.hash(key.span)
      guard let cache else {
        misses.append(TierLookup.Miss(index: index, hash: hash, ticket: nil))
        continue
      }
      let answer = cache.read(hash: hash, key: key) { value, version -> [UInt8]? in
        if let tombstones, tombstones.hides(key, version) { return nil }
        return value.copied()
      }
      switch answer {
      case .hit(let value): values[index] = value
      case .miss(let ticket):
        misses.append(TierLookup.Miss(index: index, hash: hash, ticket: ticket))
      }
    }
    guard !misses.isEmpty else { return values }
    let tiers = try tiers()
    let before = retirements.load(ordering: .acquiring)
    var lookup = TierLookup(keys: keys, misses: misses, tombstones: tombstones, cache: cache)
    for tier in Tier.allCases where !lookup.isDone {
      try lookup.look(in: tiers[tier].database, at: tiers[tier].place)
    }
    for (index, value) in lookup.values { values[index] = value }
    if !lookup.isDone, retirements.load(ordering: .acquiring) != before {
      // A key moved up while the walk went down, so that it may have passed unseen.
      for index in lookup.absentIndices { values[index] = try get(keys[index]) }
    }
    return values
  }

  private func getFromTiers<R>(
    _ key: [UInt8], hash: UInt64, tombstones: RangeTombstones?, ticket: UInt32?,
    _ body: (Span<UInt8>) -> R
  ) throws(StoreError) -> R? {
    let tiers = try tiers(hash)
    while true {
      let before = retirements.load(ordering: .acquiring)
      for tier in Tier.allCases {
        let place = tiers[tier].place
        let found = try Found<R>.find(
          key, in: tiers[tier].database, at: place, tombstones: tombstones
        ) { value, version in
          if let cache, let ticket {
            cache.fill(hash: hash, key: key, value: value, version: version, ticket: ticket)
          }
          return body(value)
        }
        switch found {
        case .value(let result): return result
        case .deleted: return nil
        case .damaged(let fault): throw place.damage(fault, key: key)
        case .absent: continue
        }
      }
      // A key that moved up while the walk went down would have passed unseen.
      guard retirements.load(ordering: .acquiring) != before else { return nil }
    }
  }
}

/// Looks up many keys together, tier by tier.
struct TierLookup {
  /// A key that the cache did not have.
  struct Miss {
    var index: Int
    var hash: UInt64
    var ticket: UInt32?
  }

  private let keys: [[UInt8]]
  private let tombstones: RangeTombstones?
  private let cache: HotCache?
  private var open: [Miss]
  /// What was found, by the key's index.
  private(set) var values: [(index: Int, value: [UInt8])] = []

  init(keys: [[UInt8]], misses: [Miss], tombstones: RangeTombstones?, cache: HotCache?) {
    self.keys = keys
    self.tombstones = tombstones
    self.cache = cache
    open = misses
  }

  /// Whether every key was found, alive or deleted.
  var isDone: Bool { open.isEmpty }
  /// The keys that no tier had so far.
  var absentIndices: [Int] { open.map(\.index) }

  /// Looks in one tier for what is still open.
  mutating func look<Source: ValueSource & ~Copyable>(
    in source: borrowing Source, at place: TierPlace
  ) throws(StoreError) {
    let asked = open
    let list = KeyList(asked.map { keys[$0.index] })
    var stillOpen: [Miss] = []
    var failure: StoreError?
    do throws(RocksDBError) {
      try source.multiGet(list, sorted: false) { position, stored in
        let miss = asked[position]
        let key = keys[miss.index]
        let found = Found<[UInt8]>(stored, key: key, tombstones: tombstones) { value, version in
          if let cache, let ticket = miss.ticket {
            cache.fill(hash: miss.hash, key: key, value: value, version: version, ticket: ticket)
          }
          return value.copied()
        }
        switch found {
        case .absent: stillOpen.append(miss)
        case .deleted: break
        case .value(let value): values.append((miss.index, value))
        case .damaged(let fault): failure = failure ?? place.damage(fault, key: key)
        }
      }
    } catch {
      throw place.storeError(error)
    }
    if let failure { throw failure }
    open = stillOpen
  }
}
