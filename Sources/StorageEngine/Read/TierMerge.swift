internal import RocksDB

/// Walks over the tiers as one: each key once, with its newest version.
///
/// Where several tiers stand on the same key, the newest version counts and the others are passed
/// over; deleted keys are left out. With three tiers at most, three comparisons a step do what a
/// loser tree would.
struct TierMerge: ~Copyable {
  /// A tier's iterator and where its errors belong.
  struct Cursor: ~Copyable {
    let place: TierPlace
    var iterator: Iterator
    /// Whether it is at its end, too, where it would have to pass over too much.
    var mayEndEarly = false

    /// Tells the end of a walk from a failed read, which look the same until asked.
    func checkEnd() throws(StoreError) {
      do throws(RocksDBError) {
        try iterator.status()
      } catch {
        if mayEndEarly, error.code == .busy { return }
        throw place.storeError(error)
      }
    }

    mutating func start(_ direction: ScanDirection) throws(StoreError) {
      switch direction {
      case .forward: iterator.seekToFirst()
      case .backward: iterator.seekToLast()
      }
      if !iterator.isValid { try checkEnd() }
    }

    /// Goes on to the next key.
    ///
    /// - Throws: What failed: the other tiers alone would show what this one hides.
    mutating func advance(_ direction: ScanDirection) throws(StoreError) {
      switch direction {
      case .forward: iterator.next()
      case .backward: iterator.previous()
      }
      if !iterator.isValid { try checkEnd() }
    }

    /// The version under the cursor; nil where the stored value has no header.
    func version() -> Version? {
      iterator.withValue { value in
        value.withBytes { bytes in (try? ValueHeader(reading: bytes))?.version }
      }
    }

    /// Hands the entry under the cursor on, unless it is deleted.
    func emit(
      _ tombstones: RangeTombstones?, _ body: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(StoreError) -> Bool {
      let result = iterator.withEntry { key, stored in
        key.withBytes { key in
          stored.withBytes { stored -> Result<Bool, ValueHeader.Fault> in
            let header: ValueHeader
            do throws(ValueHeader.Fault) {
              header = try ValueHeader(reading: stored)
            } catch {
              return .failure(error)
            }
            guard header.kind == .value else { return .success(true) }
            if let tombstones, tombstones.hides(key, header.version) {
              return .success(true)
            }
            let value = stored.extracting(ValueHeader.byteCount..<stored.count)
            return .success(body(key, value))
          }
        }
      }
      switch result {
      case .success(let goesOn): return goesOn
      case .failure(let fault): throw place.damage(fault, key: iterator.keyBytes ?? [])
      }
    }

    /// Walks on to the end, where no other cursor has anything left.
    ///
    /// - Returns: Whether it came to the end, and was not told to stop.
    mutating func walkAlone(
      _ direction: ScanDirection, _ tombstones: RangeTombstones?,
      _ body: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(StoreError) -> Bool {
      while iterator.isValid {
        guard try emit(tombstones, body) else { return false }
        try advance(direction)
      }
      return true
    }
  }

  private var hot: Cursor
  private var warm: Cursor
  private var cold: Cursor
  private let tombstones: RangeTombstones?

  init(
    hot: consuming Cursor, warm: consuming Cursor, cold: consuming Cursor,
    tombstones: RangeTombstones?
  ) {
    self.hot = hot
    self.warm = warm
    self.cold = cold
    self.tombstones = tombstones
  }

  /// Walks until `body` says false, or to the end.
  mutating func walk(
    _ direction: ScanDirection, _ body: (Span<UInt8>, Span<UInt8>) -> Bool
  ) throws(StoreError) {
    try hot.start(direction)
    try warm.start(direction)
    try cold.start(direction)
    while true {
      // Most ranges lie in one tier, or end in one.
      switch (hot.iterator.isValid, warm.iterator.isValid, cold.iterator.isValid) {
      case (true, false, false):
        guard try hot.walkAlone(direction, tombstones, body) else { return }
      case (false, true, false):
        guard try warm.walkAlone(direction, tombstones, body) else { return }
      case (false, false, true):
        guard try cold.walkAlone(direction, tombstones, body) else { return }
      default: break
      }
      let leaders = nextLeaders(direction)
      guard !leaders.isEmpty else { break }
      let goesOn =
        switch newest(of: leaders) {
        case .hot: try hot.emit(tombstones, body)
        case .warm: try warm.emit(tombstones, body)
        case .cold: try cold.emit(tombstones, body)
        }
      guard goesOn else { return }
      if leaders.contains(.hot) { try hot.advance(direction) }
      if leaders.contains(.warm) { try warm.advance(direction) }
      if leaders.contains(.cold) { try cold.advance(direction) }
    }
  }

  /// The tiers that stand on the next key.
  private func nextLeaders(_ direction: ScanDirection) -> TierSet {
    TierSet.leaders(
      hot: hot.iterator.isValid, warm: warm.iterator.isValid, cold: cold.iterator.isValid,
      hotToWarm: { Self.order(hot, warm, direction) },
      hotToCold: { Self.order(hot, cold, direction) },
      warmToCold: { Self.order(warm, cold, direction) })
  }

  /// The one of them with the newest version; the upper one of equals.
  private func newest(of leaders: TierSet) -> Tier {
    if let only = leaders.only { return only }
    var best: (tier: Tier, version: Version?)?
    for tier in Tier.allCases where leaders.contains(TierSet(tier)) {
      let version =
        switch tier {
        case .hot: hot.version()
        case .warm: warm.version()
        case .cold: cold.version()
        }
      // Damage must be told of, so that it goes before every version.
      guard let version else { return tier }
      if let found = best?.version, found >= version { continue }
      best = (tier, version)
    }
    return best?.tier ?? .hot
  }

  /// How two cursors' keys are ordered in the direction of the walk.
  private static func order(
    _ left: borrowing Cursor, _ right: borrowing Cursor, _ direction: ScanDirection
  ) -> Int {
    let order = left.iterator.withKey { first in
      right.iterator.withKey { second in
        first.withBytes { first in second.withBytes { first.order(to: $0) } }
      }
    }
    return direction == .forward ? order : -order
  }
}

/// Which way a scan goes.
public enum ScanDirection: Sendable, CaseIterable {
  /// Ascending keys.
  case forward
  /// Descending keys.
  case backward
}

/// Some of the tiers.
struct TierSet: OptionSet, Sendable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  static let hot = TierSet(rawValue: 1)
  static let warm = TierSet(rawValue: 2)
  static let cold = TierSet(rawValue: 4)

  init(_ tier: Tier) {
    switch tier {
    case .hot: self = .hot
    case .warm: self = .warm
    case .cold: self = .cold
    }
  }

  /// The tier, where it is one alone.
  var only: Tier? {
    switch self {
    case .hot: .hot
    case .warm: .warm
    case .cold: .cold
    default: nil
    }
  }

  /// The tiers whose keys come first: pure.
  ///
  /// The flags say which tiers have a key left. An order is below 0 where the first tier's key comes
  /// before the second's, and 0 where they are equal; it is asked only where both have a key.
  static func leaders(
    hot: Bool, warm: Bool, cold: Bool, hotToWarm: () -> Int, hotToCold: () -> Int,
    warmToCold: () -> Int
  ) -> TierSet {
    switch (hot, warm, cold) {
    case (false, false, false): return []
    case (true, false, false): return .hot
    case (false, true, false): return .warm
    case (false, false, true): return .cold
    case (true, true, false): return pair(.hot, .warm, hotToWarm())
    case (true, false, true): return pair(.hot, .cold, hotToCold())
    case (false, true, true): return pair(.warm, .cold, warmToCold())
    case (true, true, true):
      let upper = pair(.hot, .warm, hotToWarm())
      let order = upper.contains(.hot) ? hotToCold() : warmToCold()
      return pair(upper, .cold, order)
    }
  }

  private static func pair(_ first: TierSet, _ second: TierSet, _ order: Int) -> TierSet {
    order < 0 ? first : order > 0 ? second : [first, second]
  }
}
