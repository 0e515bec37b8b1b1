internal import RocksDB

/// Looks up many keys together, tier by tier.
struct TierLookup: Sendable {
  /// A key that the cache did not have.
  struct Miss: Sendable {
    var index: Int
    var hash: UInt64
    var ticket: UInt32?
  }

  private let keys: [[UInt8]]
  private let published: PublishedState
  /// When the deleted ranges were looked at.
  private let turn: Int
  private let tombstones: RangeTombstones?
  private let cache: HotCache?
  private let placement: Placement?
  private var open: [Miss]

  init(
    keys: [[UInt8]], misses: [Miss], published: PublishedState, cache: HotCache?,
    placement: Placement?
  ) {
    self.keys = keys
    self.published = published
    turn = published.rangeTurn()
    tombstones = published.tombstones
    self.cache = cache
    self.placement = placement
    open = misses
  }

  /// Keys that must be looked up again, as ranges were deleted meanwhile.
  private(set) var unsettledIndices: [Int] = []

  /// The keys that no tier had so far.
  var absentIndices: [Int] { open.map(\.index) }

  /// Cuts misses into lookups of about as many neighbouring keys each, which lie in the same blocks
  /// more often than others.
  static func lanes(
    keys: [[UInt8]], misses: [Miss], published: PublishedState, cache: HotCache?,
    placement: Placement?, count: Int
  ) -> [TierLookup] {
    let sorted = misses.sorted { keys[$0.index].lexicographicallyPrecedes(keys[$1.index]) }
    return (0..<count).map { lane in
      let part = sorted[sorted.count * lane / count..<sorted.count * (lane + 1) / count]
      return TierLookup(
        keys: keys, misses: Array(part), published: published, cache: cache, placement: placement)
    }
  }

  /// Looks in one tier after the other.
  ///
  /// - Parameters:
  ///   - tiers: In which.
  ///   - each: Takes the index of each key that is there, and its value, lent for the call.
  /// - Throws: The first failure.
  mutating func look(
    in tiers: OpenTiers, _ each: (Int, Span<UInt8>) -> Void
  ) throws(StoreError) {
    for tier in Tier.allCases where !open.isEmpty {
      try look(in: tiers[tier].database, at: tiers[tier].place, each)
    }
  }

  /// Looks in one tier for what is still open.
  private mutating func look<Source: ValueSource & ~Copyable>(
    in source: borrowing Source, at place: TierPlace, _ each: (Int, Span<UInt8>) -> Void
  ) throws(StoreError) {
    let asked = open
    let list = KeyList(asked.map { keys[$0.index] })
    var stillOpen: [Miss] = []
    var failure: StoreError?
    do throws(RocksDBError) {
      try source.multiGet(list, sorted: false) { position, stored in
        let miss = asked[position]
        let key = keys[miss.index]
        if stored != nil, place.tier != .hot, !published.isUnchanged(since: turn) {
          unsettledIndices.append(miss.index)
          return
        }
        let found = Found<Void>(stored, key: key.span, tombstones: tombstones) { value, version in
          if let cache, let ticket = miss.ticket {
            cache.fill(
              hash: miss.hash, key: key.span, value: value, version: version, from: place.tier,
              ticket: ticket)
          }
          each(miss.index, value)
        }
        switch found {
        case .absent: stillOpen.append(miss)
        case .deleted: break
        case .value: placement?.noteFound(key.span, hash: miss.hash, in: place.tier)
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
