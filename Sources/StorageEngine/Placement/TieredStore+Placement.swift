internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

extension TieredStore {
  /// Moves each key to the tier where it belongs by its use: what should sink first, then what should rise.
  ///
  /// Keys that sink are found by walking over hot and warm, keys that rise by what readers found below.
  /// The store goes on meanwhile; copies are spread over time by ``PlacementSettings/bytesPerSecond`` and
  /// ``PlacementSettings/processorShare``, and wait while writes are stalled. A store that was opened knows nothing of earlier uses, and lets nothing
  /// sink for as long as a key may be idle and warm.
  ///
  /// - Returns: What moved; where a tier failed, why, while the rest was moved.
  /// - Throws: ``StoreError/readOnly(path:)``, ``StoreError/closed(path:)``, or
  ///   ``StoreError/invalidArgument(_:)`` for a store without ``StoreConfiguration/placement``.
  @discardableResult
  public func reclassify() throws(StoreError) -> ReclassifyReport {
    guard committer != nil else { throw .readOnly(path: path) }
    guard let placement else {
      throw .invalidArgument("the store was opened without placement, which reclassifying needs")
    }
    _ = try tiers()
    moverTurns.start()
    return try inBackground {
      placement.turn.withLock { memory -> ReclassifyReport in
        var run = Reclassification(of: self, by: placement, from: memory)
        run.carryOut()
        memory = run.memory
        // Of a store that is being closed, who closes it keeps it: another process may have it by now.
        if placement.goesOn { placement.keep() }
        placement.lastReport.withLock { $0 = run.report }
        return run.report
      }
    }
  }

  /// What the last reclassification that ended did, by itself or as asked for; nil before the first.
  ///
  /// Where one that was due could not be done, as without a thread for it, its failures tell why.
  public var lastReclassification: ReclassifyReport? {
    placement?.lastReport.withLock { $0 }
  }

  /// Moves keys as their time has come, and keeps for others what hindered it.
  func reclassifyInTime() {
    do throws(StoreError) {
      try reclassify()
    } catch {
      guard !isShut else { return }
      var report = ReclassifyReport()
      report.failures = [error]
      placement?.lastReport.withLock { $0 = report }
    }
  }
}

extension TieredStore {
  /// Does work on a thread that makes way for those of callers, and waits for it.
  private func inBackground<R: Sendable>(
    _ body: @escaping @Sendable () -> R
  ) throws(StoreError) -> R {
    let result = Mutex<R?>(nil)
    do throws(SystemError) {
      let thread = try PinnedThread(name: "store-mover", cpu: nil, turn: .idle) {
        let made = body()
        result.withLock { $0 = made }
      }
      thread.join()
    } catch {
      throw .system(path: path, cause: "\(error)")
    }
    return result.withLock { $0 } ?? body()
  }

  /// The tier in which a reader finds a key, deleted or not; nil where it is nowhere.
  func tier(holding key: [UInt8]) throws(StoreError) -> Tier? {
    let tiers = try tiers()
    for tier in Tier.allCases where try Self.version(of: key, in: tiers[tier]) != nil {
      return tier
    }
    return nil
  }

  /// How many bytes a tier takes of how many it may; nil where no limit is known.
  ///
  /// Without a set capacity that of the file system counts, unless another tier lies on it, too: what
  /// sinks then makes no room.
  func fill(of tier: Tier) throws(StoreError) -> (used: UInt64, capacity: UInt64)? {
    if placement?.settings.capacityBytes[tier] != nil { return try room(of: tier) }
    let tiers = try tiers()
    func number(_ tier: Tier) -> DeviceNumber? {
      (try? FileStatus(path: FileSystemPath(tiers[tier].path)))?.fileSystemNumber
    }
    guard let own = number(tier), Tier.allCases.allSatisfy({ $0 == tier || number($0) != own })
    else { return nil }
    return try room(of: tier)
  }

  /// How many bytes a tier, or all that shares its file system, takes of how many it may.
  func room(of tier: Tier) throws(StoreError) -> (used: UInt64, capacity: UInt64)? {
    let opened = try tiers()[tier]
    if let capacity = placement?.settings.capacityBytes[tier] {
      let used = opened.database.integerProperty("rocksdb.total-sst-files-size") ?? 0
      return (used, capacity)
    }
    guard let room = try? FileSystemRoom(at: FileSystemPath(opened.path)) else { return nil }
    return (room.totalBytes - min(room.totalBytes, room.freeBytes), room.totalBytes)
  }
}

/// One reclassification under way.
struct Reclassification {
  private let store: TieredStore
  private let placement: Placement
  private let began = MonotonicClock.now()
  private var pace: MovePace
  private var stalled: UInt64 = 0
  private(set) var report = ReclassifyReport()
  private(set) var memory: ReclassificationMemory
  /// The newest version when the last one began; nil for the first since the store was opened.
  private let versionAtLastStart: Version?
  /// Bytes that each tier may hold; none where no limit is known.
  private var allowedBytes: [Tier: Double] = [:]

  private static let partBytes = 1 << 20
  private static let partKeys = 4096

  init(of store: TieredStore, by placement: Placement, from memory: ReclassificationMemory) {
    self.store = store
    self.placement = placement
    self.memory = memory
    versionAtLastStart = memory.versionAtStart
    self.memory.versionAtStart = store.published.lastVersion
    pace = MovePace(
      bytesPerSecond: placement.settings.bytesPerSecond,
      rests: MoveRests(
        processorShare: placement.settings.processorShare,
        processorCount: placement.processorCount))
  }

  /// Moves what should move; what fails is in the report.
  mutating func carryOut() {
    attempt { run throws(StoreError) in run.report.totalKeys += try run.coldKeys() }
    for tier in Tier.allCases { beginLevel(of: tier) }
    let knowsAll = placement.tap.withClassifier { $0.knowsAll(at: $1) }
    // From below, so that what comes down from hot is not looked at again.
    for source in [Tier.warm, .hot] {
      sink(from: source, byRule: knowsAll)
      attempt { run throws(StoreError) in try run.relieve(source) }
    }
    raise()
    report.isComplete = placement.goesOn
    report.seconds = (MonotonicClock.now() - began).seconds
  }

  /// Does a step; one that fails hinders no other.
  private mutating func attempt(_ step: (inout Reclassification) throws(StoreError) -> Void) {
    guard placement.goesOn else { return }
    do throws(StoreError) { try step(&self) } catch { report.failures.append(error) }
  }

  private func coldKeys() throws(StoreError) -> UInt64 {
    try store.tiers().cold.database.integerProperty("rocksdb.estimate-num-keys") ?? 0
  }

  // MARK: Down

  /// Moves down what does not belong to a tier any more; without a rule to go by, only counts.
  private mutating func sink(from source: Tier, byRule: Bool) {
    let targets: [Tier] = source == .hot ? [.cold, .warm] : [.cold]
    for target in targets where byRule || target == targets[0] {
      attempt { run throws(StoreError) in
        var seen: UInt64 = 0
        defer { run.report.totalKeys += target == targets[0] ? seen : 0 }
        try run.moveAll(from: source, to: target) { placement, key, _ in
          seen += 1
          guard byRule else { return false }
          let hash = placement.tap.heatHash(key)
          return placement.tap.glance { $0.tier(of: hash, in: source, at: $1) } == target
        }
      }
    }
  }

  /// Moves what is used least out of a tier that is too full; rare writes count, see ``ReliefChoice``.
  private mutating func relieve(_ source: Tier) throws(StoreError) {
    guard let excess = excessShare(of: source) else { return }
    let target: Tier = source == .hot && excessShare(of: .warm) == nil ? .warm : .cold
    // Callers write to the hot tier alone; in the others nothing comes back by itself.
    let versionAtLastStart = source == .hot ? versionAtLastStart : nil
    func use(
      _ placement: Placement, _ key: Span<UInt8>, _ version: Version
    ) -> ReliefChoice.Use {
      let hash = placement.tap.heatHash(key)
      return ReliefChoice.Use(
        perDay: placement.tap.glance { $0.use(of: hash, at: $1).perDay },
        isRarelyWritten: versionAtLastStart.map { version <= $0 } ?? true)
    }
    var choice = ReliefChoice()
    try forEachKey(in: source) { placement, key, version in
      // What is damaged stays where it is.
      if let version { choice.add(use(placement, key, version)) }
    }
    choice.choose(share: excess)
    try moveAll(from: source, to: target, until: { choice.isDone }) { placement, key, version in
      guard let version else { return false }
      return choice.takes(use(placement, key, version))
    }
  }

  /// The share of a tier's data that must leave it, a little more than needed; nil where it is not too full.
  private func excessShare(of tier: Tier) -> Double? {
    guard let (used, allowed) = level(of: tier), used > allowed, used > 0 else { return nil }
    return min(1, (used - 0.95 * allowed) / used)
  }

  /// Bytes that a tier takes, and how many it may; nil where no limit is known.
  private func level(of tier: Tier) -> (used: Double, allowed: Double)? {
    guard var level = memory.levels[tier], let allowed = allowedBytes[tier] else { return nil }
    level.advance(written: written(to: tier))
    return (Double(level.bytes), allowed)
  }

  /// Looks at a tier before anything moves.
  private mutating func beginLevel(of tier: Tier) {
    guard let fill = try? store.fill(of: tier), fill.capacity > 0 else {
      memory.levels[tier] = nil
      return
    }
    allowedBytes[tier] = placement.settings.fullShare * Double(fill.capacity)
    let written = written(to: tier)
    var level = memory.levels[tier] ?? TierLevel(stored: fill.used, written: written)
    level.advance(written: written)
    level.limit(toStored: fill.used)
    memory.levels[tier] = level
  }

  /// Bytes that callers have written to a tier since the store was opened.
  private func written(to tier: Tier) -> UInt64 {
    tier == .hot ? store.committer?.committedBytes ?? 0 : 0
  }

  /// Whether a tier may take more.
  private func hasRoom(_ tier: Tier) -> Bool {
    guard let (used, allowed) = level(of: tier) else { return true }
    return used <= allowed
  }

  private mutating func moveAll(
    from source: Tier, to target: Tier, until isDone: () -> Bool = { false },
    where isDue: (Placement, Span<UInt8>, Version?) -> Bool
  ) throws(StoreError) {
    var left = KeyRange.all
    while placement.goesOn, !isDone() {
      let mayMove = hasRoom(target)
      var isHeldBack = false
      let part = try store.movePart(left, from: source, to: target, byteLimit: Self.partBytes) {
        guard isDue(placement, $0, $1) else { return false }
        if !mayMove { isHeldBack = true }
        return mayMove
      }
      if isHeldBack { throw try full(target) }
      try end(part.movedCount, part.byteCount, part.damage, from: source, to: target)
      guard let next = part.next else { return }
      left.lower = next
    }
  }

  /// Why nothing goes into a tier.
  private func full(_ tier: Tier) throws(StoreError) -> StoreError {
    let share = Int((100 * placement.settings.fullShare).rounded())
    return .noSpace(
      tier: tier, path: try store.tiers()[tier].path,
      cause: "it is more than \(share) % full, and takes no keys from other tiers until it is not")
  }

  /// Looks at all keys of a tier that is too full.
  private mutating func forEachKey(
    in tier: Tier, _ body: (Placement, Span<UInt8>, Version?) -> Void
  ) throws(StoreError) {
    var left = KeyRange.all
    while placement.goesOn {
      let part = try store.export(left, from: tier, byteLimit: TieredStore.exportBytes) {
        body(placement, $0, $1)
        return false
      } damaged: { _ in
        true
      }
      guard let next = part.next else { return }
      left.lower = next
      try rest(afterCopying: 0, isUrgent: true)
    }
  }

  // MARK: Up

  /// Moves up what readers found below the tier where it belongs.
  private mutating func raise() {
    noteCached()
    let names = placement.rising.take()
    let tap = placement.tap
    let wanted: [(key: [UInt8], tier: Tier)] = tap.withClassifier { classifier, now in
      names.map { ($0, classifier.tier(of: tap.heatHash($0.span), in: .cold, at: now)) }
    }
    for target in [Tier.hot, .warm] {
      let keys = wanted.filter { $0.tier == target }.map(\.key)
        .sorted { $0.lexicographicallyPrecedes($1) }
      for source in target == .hot ? [Tier.warm, .cold] : [.cold] {
        attempt { run throws(StoreError) in try run.raise(keys, from: source, to: target) }
      }
    }
  }

  /// Moves keys up by name while there is room; who is asked for again is remembered again.
  private mutating func raise(
    _ keys: [[UInt8]], from source: Tier, to target: Tier
  ) throws(StoreError) {
    for start in stride(from: 0, to: keys.count, by: Self.partKeys) {
      var part = keys[start..<min(start + Self.partKeys, keys.count)]
      while !part.isEmpty {
        guard placement.goesOn, hasRoom(target) else { return }
        let moved = try store.moveKeys(part, from: source, to: target)
        try end(moved.movedCount, moved.byteCount, moved.damage, from: source, to: target)
        part = moved.left
      }
    }
  }

  /// Remembers keys that readers find in the cache, so that they are not seen to lie below.
  private func noteCached() {
    guard let cache = store.cache else { return }
    let tap = placement.tap
    var next = cache.firstPlace
    while let place = next, placement.goesOn {
      // Readers wait for the locks that it takes; the mover could lose its processor while it holds one.
      let found = try? store.moverTurns.run { () throws(StoreError) in cache.keysBelow(from: place)
      }
      guard let found else { return }
      for (key, tier) in found.keys {
        let hash = tap.heatHash(key.span)
        let wanted = tap.glance { $0.tier(of: hash, in: tier, at: $1) }
        guard wanted == .hot || wanted == .warm && tier == .cold else { continue }
        placement.rising.note(key.span, hash: KeyHash.hash(key.span))
      }
      next = found.next
    }
  }

  // MARK: Pace

  private static let failuresMax = 16

  /// Counts a part that was moved, and waits until the next may be looked at.
  ///
  /// What is damaged is kept for the report, so that it hinders nothing else; the first few tell enough.
  private mutating func end(
    _ count: Int, _ byteCount: Int, _ damage: StoreError?, from source: Tier, to target: Tier
  ) throws(StoreError) {
    if count > 0 { report.movedKeys[target, default: 0] += count }
    report.movedBytes += byteCount
    // As they are before they are compressed: too much came and too much went, but files tell in the end.
    memory.levels[target]?.add(UInt64(byteCount))
    memory.levels[source]?.remove(UInt64(byteCount))
    if let damage, report.failures.count < Self.failuresMax { report.failures.append(damage) }
    try rest(afterCopying: byteCount, isUrgent: !hasRoom(source))
  }

  /// Waits until the next part may be looked at, whether this one moved anything or not.
  private mutating func rest(afterCopying byteCount: Int, isUrgent: Bool) throws(StoreError) {
    pace.wait(
      afterCopying: byteCount, besideCallers: store.meter.accessCount, isUrgent: isUrgent
    ) { placement.goesOn }
    guard byteCount > 0 else { return }
    var waits = 0
    while try isPressed(), waits < Self.waitsMax, placement.goesOn {
      MonotonicClock.sleep(Self.pressureWait)
      waits += 1
    }
    if waits > 0 { pace.begin(besideCallers: store.meter.accessCount) }
  }

  /// Whether writes were held back since the last look.
  private mutating func isPressed() throws(StoreError) -> Bool {
    let now = Tier.allCases.reduce(0) { sum, tier in
      sum + ((try? store.tiers()[tier].database.ticker(.stallMicroseconds)) ?? 0)
    }
    defer { stalled = now }
    return now > stalled
  }

  private static let pressureWait = Nanoseconds(50_000_000)
  /// Five seconds: a store whose writes are always held back must not wait for ever.
  private static let waitsMax = 100
}
