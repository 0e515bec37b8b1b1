internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

/// A store of keys and values in three tiers, for many threads.
///
/// Writes land in the hot tier and are acknowledged at the configured ``Durability``. Reads go to
/// the hot cache and then from the hot tier down, and stop at the first tier that has the key.
///
/// ```swift
/// let store = try TieredStore.create(at: "/srv/store", configuration: .measured)
/// try store.put(Array("name".utf8), Array("value".utf8))
/// let value = try store.get(Array("name".utf8))
/// try store.close()
/// ```
///
/// Every call may come from any thread, and waits where it must; forms with a completion do not
/// wait for the drive. A store that is dropped without ``close()`` closes in the background a little
/// later, its errors unseen; close it before the process exits.
public final class TieredStore: Sendable {
  /// The folder.
  public let path: String
  /// How it was opened.
  public let configuration: StoreConfiguration

  let folder: StoreFolder
  let cache: HotCache?
  let published: PublishedState
  /// Nil where the store is open for reading only.
  let committer: Committer?
  /// Nil where keys stay where they are, as in a store that is open for reading only.
  let placement: Placement?
  /// Nil where nothing is read ahead.
  let prefetch: PrefetchEngine?
  let meter = OperationMeter()
  /// Nil where nobody is told what the store does.
  let metrics: StorageMetrics?
  /// What a lookup passes by before it needs any of these.
  let gates: Gates
  /// What does those steps of a reclassification that commits or readers wait for.
  let moverTurns: MoverTurns
  /// Held while copies of keys move between tiers or leave one.
  let mover = Mutex<Void>(())
  /// Tells this opening of a store from every other in the process.
  let serial = TieredStore.nextSerial.add(1, ordering: .relaxed).newValue
  private static let nextSerial = Atomic<Int>(0)
  /// Whether a thread clears deleted ranges out of the tiers below.
  let isForgetting = Atomic<Bool>(false)
  /// Tiers from which a move deleted something that may not be on their drive yet.
  let owedSyncs = Mutex<Set<Tier>>([])
  let moveCounts = Mutex(MoveCounts())
  /// Counts removals from a tier after a move, so that a reader that passed between notices.
  let retirements = Atomic<UInt64>(0)
  let parallelReader: ParallelReader
  let memoryProbe = MemoryProbe()
  private let slots: [Slot]
  private let isClosed = Atomic<Bool>(false)

  /// What a lookup asks of the store's parts, copied here so that no references are counted on its way.
  struct Gates: Sendable {
    let hashSeed = KeyHash.processSeed
    let cache: HotCache.Front?
    let placement: AccessTap.Gate?
    let prefetch: PrefetchEngine.Gate?
    let meter: OperationMeter.Gate
  }

  /// A place to find the open tiers at; several, so that readers do not meet at one lock.
  private final class Slot: Sendable {
    let tiers: Mutex<OpenTiers?>
    init(_ tiers: OpenTiers) { self.tiers = Mutex(tiers) }
  }

  private init(
    folder: StoreFolder, configuration: StoreConfiguration, access: TierDatabase.Access
  ) throws(StoreError) {
    path = folder.path
    self.folder = folder
    self.configuration = configuration
    metrics = configuration.metrics
    let tiers =
      access == .readOnly
      ? try Self.openTiersToRead(folder, configuration)
      : try Self.openTiers(folder, configuration, access)
    let record = try Self.readRecord(tiers.hot)
    let cache = try Self.makeCache(configuration, path: folder.path)
    let published = PublishedState(record)
    self.cache = cache
    parallelReader = ParallelReader(path: folder.path)
    moverTurns = MoverTurns(path: folder.path)
    self.published = published
    let placement =
      access == .readOnly
      ? nil
      : configuration.placement.map { Placement($0, folder: folder.path, isNew: access == .create) }
    self.placement = placement
    let prefetch =
      cache != nil && configuration.prefetchBytes > 0
      ? PrefetchEngine(
        byteCount: configuration.prefetchBytes, meter: meter,
        awaitCost: configuration.prefetchAwaitCost,
        awaitLongest: configuration.prefetchAwaitLongest) : nil
    self.prefetch = prefetch
    gates = Gates(
      cache: cache?.front, placement: placement?.tap.gate, prefetch: prefetch?.gate,
      meter: meter.gate)
    committer =
      access == .readOnly
      ? nil
      : try Committer(
        path: folder.path, hot: tiers.hot, cache: cache, tap: placement?.tap,
        configuration: configuration,
        record: record, published: published)
    slots = (0..<16).map { _ in Slot(tiers) }
  }

  deinit {
    guard !isShut else { return }
    // Not here: the last to let go may be a completion on the very thread that closing waits for.
    let (placement, committer, parallelReader, moverTurns, slots) =
      (placement, committer, parallelReader, moverTurns, slots)
    _ = try? PinnedThread(name: "store-close", cpu: nil) {
      _ = try? Self.close(placement, committer, parallelReader, moverTurns, slots)
    }
  }

  // MARK: Opening and closing

  /// Makes a store in a folder that is new or empty, and opens it.
  ///
  /// The parents of its folder and of its tiers' folders must be there.
  ///
  /// - Throws: ``StoreError/exists(path:)`` where something is there, and what ``open(_:configuration:)``
  ///   throws. Nothing of the store is left then.
  public static func create(
    at path: String, configuration: StoreConfiguration = .measured
  ) throws(StoreError) -> TieredStore {
    try create(at: path, configuration: configuration, identity: newIdentity())
  }

  /// Makes a store of a name that its maker knows beforehand (``newIdentity()``), as ``create(at:configuration:)``
  /// does.
  package static func create(
    at path: String, configuration: StoreConfiguration, identity: String
  ) throws(StoreError) -> TieredStore {
    guard !configuration.readOnly else { throw .readOnly(path: path) }
    try check(configuration, at: path)
    let folder = try StoreFolder(
      creating: path, tierFolders: configuration.tierFolders, identity: identity)
    do throws(StoreError) {
      let store = try TieredStore(folder: folder, configuration: configuration, access: .create)
      do throws(StoreError) {
        try folder.seal()
        try store.startPlacement()
      } catch {
        try? store.close()
        throw error
      }
      return store
    } catch {
      folder.takeBack()
      throw error
    }
  }

  /// Opens the store in a folder.
  ///
  /// - Throws: ``StoreError/notAStore(path:reason:)``, ``StoreError/damagedFormat(path:cause:)``,
  ///   ``StoreError/newerFormat(path:found:known:)``, ``StoreError/wrongFolder(tier:path:reason:)``,
  ///   ``StoreError/inUse(path:)``,
  ///   ``StoreError/noMemory(neededBytes:allowedBytes:explanation:)``, or what is wrong with a tier.
  public static func open(
    _ path: String, configuration: StoreConfiguration = .measured
  ) throws(StoreError) -> TieredStore {
    let folder = try StoreFolder(opening: path)
    try check(configuration, at: path)
    let store = try TieredStore(
      folder: folder, configuration: configuration,
      access: configuration.readOnly ? .readOnly : .write)
    do throws(StoreError) {
      try store.startPlacement()
    } catch {
      try? store.close()
      throw error
    }
    return store
  }

  /// Begins to move keys now and then; the thread for it keeps no store alive.
  private func startPlacement() throws(StoreError) {
    do throws(SystemError) {
      try placement?.start { [weak self] in self?.reclassifyInTime() }
    } catch {
      throw .system(path: path, cause: "\(error)")
    }
  }

  /// Commits what was taken, puts the log on the drive and closes the tiers; calling it again does
  /// nothing.
  ///
  /// Waits for calls under way. While a ``StoreSnapshot`` is held, the folder stays in use.
  ///
  /// - Throws: What kept acknowledged changes from the drive, now or earlier.
  public func close() throws(StoreError) {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    try Self.close(placement, committer, parallelReader, moverTurns, slots) {
      // What walks over tiers may hold them by their iterators alone.
      placement?.turn.withLock { _ in }
      mover.withLock { _ in }
    }
  }

  private static func close(
    _ placement: Placement?, _ committer: Committer?, _ parallelReader: ParallelReader,
    _ moverTurns: MoverTurns, _ slots: [Slot], afterMoves waitForMoves: () -> Void = {}
  ) throws(StoreError) {
    placement?.stop()
    parallelReader.close()
    var failure: StoreError?
    do throws(StoreError) { try committer?.close() } catch { failure = error }
    var last: OpenTiers?
    for slot in slots {
      slot.tiers.withLock { tiers in
        last = tiers
        tiers = nil
      }
    }
    waitForMoves()
    moverTurns.close()
    while last != nil, !isKnownUniquelyReferenced(&last) {
      MonotonicClock.sleep(Nanoseconds(50_000))
    }
    if failure == nil { placement?.keep() }
    if failure == nil, committer != nil, let last {
      for tier in Tier.allCases { last[tier].markDurable() }
    }
    last = nil
    if let failure { throw failure }
  }

  /// Whether it was closed.
  @inline(__always)
  var isShut: Bool { isClosed.load(ordering: .relaxed) }

  /// The open tiers, which stay open as long as they are held.
  func tiers(_ hash: UInt64 = 0) throws(StoreError) -> OpenTiers {
    let slot = slots[Int(truncatingIfNeeded: hash & 15)]
    guard let tiers = slot.tiers.withLock({ $0 }) else { throw .closed(path: path) }
    return tiers
  }

  // MARK: Details

  private static func makeCache(
    _ configuration: StoreConfiguration, path: String
  ) throws(StoreError) -> HotCache? {
    guard configuration.hotCacheBytes > 0 else { return nil }
    do throws(SystemError) {
      return try HotCache(byteLimit: configuration.hotCacheBytes)
    } catch {
      throw .system(path: path, cause: "\(error)")
    }
  }

  private static func check(
    _ configuration: StoreConfiguration, at path: String
  ) throws(StoreError) {
    try configuration.placement?.check()
    do throws(SystemError) {
      try ThreadRoom.require(configuration.threadCount)
    } catch {
      throw .system(path: path, cause: "\(error)")
    }
    guard let machine = MachineMemory.usableBytes() else { return }
    let budget = MemoryBudget(of: configuration, machineBytes: machine)
    guard budget.isMet else {
      throw .noMemory(
        neededBytes: budget.neededBytes, allowedBytes: budget.allowedBytes,
        explanation: MemoryBudget.explanation(of: configuration))
    }
  }

  private static func openTiers(
    _ folder: StoreFolder, _ configuration: StoreConfiguration, _ access: TierDatabase.Access
  ) throws(StoreError) -> OpenTiers {
    let memory = configuration.sharesMemory ? SharedMemory(for: configuration) : nil
    func place(_ tier: Tier) -> TierPlace {
      TierPlace(tier: tier, path: folder.path(of: tier, named: configuration.tierFolders))
    }
    func open(_ tier: Tier, _ lock: TierLock?) throws(StoreError) -> TierDatabase {
      try TierDatabase(
        place(tier), settings: configuration.settings(of: tier), memory: memory,
        directReads: configuration.directReads, access: access, lock: lock)
    }
    // All of them before the first is changed.
    for tier in Tier.allCases { try folder.checkLabel(of: tier, at: place(tier).path) }
    for tier in Tier.allCases {
      if let obstacle = place(tier).obstacle(writing: !access.isReadOnly) { throw obstacle }
    }
    var locks: [Tier: TierLock] = [:]
    if !access.isReadOnly {
      for tier in Tier.allCases { locks[tier] = try TierLock(place(tier)) }
    }
    func checkMoment(
      _ ask: (Tier) throws(StoreError) -> (newest: UInt64?, mark: MoveMark?)
    ) throws(StoreError) {
      var marks: [Tier: MoveMark] = [:]
      var found: [Tier: UInt64] = [:]
      for tier in Tier.allCases { (found[tier], marks[tier]) = try ask(tier) }
      if let fault = MoveMark.fault(marks, found: found, in: { place($0).path }) { throw fault }
    }
    if access == .write {
      try checkMoment { tier throws(StoreError) in
        let place = place(tier)
        return (
          try TierDatabase.check(place, settings: configuration.settings(of: tier)),
          try MoveMark.read(tier, in: place.path)
        )
      }
    }
    let tiers = OpenTiers(
      hot: try open(.hot, locks[.hot]), warm: try open(.warm, locks[.warm]),
      cold: try open(.cold, locks[.cold]))
    // Once more: not every tier could tell before. But beside a writer keys go on moving from one opening to the next.
    if access == .write || access == .readOnly {
      try checkMoment { (tiers[$0].database.latestSequenceNumber, tiers[$0].moveMark) }
    }
    return tiers
  }

  /// Opens the tiers as they are at one moment, also while another process writes to them.
  ///
  /// Its writer removes logs and tables, so that an opening may fail, and keys may move between two
  /// openings: it is done again then. A move writes to warm or to cold at each step.
  ///
  /// - Throws: ``StoreError/inUse(path:)`` where the writer never leaves time enough.
  private static func openTiersToRead(
    _ folder: StoreFolder, _ configuration: StoreConfiguration
  ) throws(StoreError) -> OpenTiers {
    func path(_ tier: Tier) -> FileSystemPath {
      FileSystemPath(folder.path(of: tier, named: configuration.tierFolders))
    }
    func traces() -> [[String]] {
      // RocksDB's messages tell nothing of keys.
      let below = [Tier.warm, .cold].map { path($0).traces().filter { !$0.hasPrefix("LOG") } }
      // The hot tier's logs grow all the time. But one that was flushed after the list of tables was read,
      // and removed before the logs were listed, would be missing from both.
      return below + [path(.hot).traces().filter { $0.hasPrefix("MANIFEST") }]
    }
    for attempt in 1...openingsMax {
      // Asking takes as long as an opening, so never between two traces.
      let access =
        folder.isBeingWritten(configuration) ? TierDatabase.Access.readBesideWriter : .readOnly
      let before = traces()
      do throws(StoreError) {
        let tiers = try openTiers(folder, configuration, access)
        if traces() == before {
          // One that came meanwhile may remove tables that were not opened.
          guard access == .readOnly, folder.isBeingWritten(configuration) else { return tiers }
        }
      } catch {
        // A writer that has gone again may have removed what was being opened, or moved keys meanwhile.
        guard attempt == 1 || traces() != before || folder.isBeingWritten(configuration) else {
          throw error
        }
      }
      MonotonicClock.sleep(Nanoseconds(Int64(attempt) * 10_000_000))
    }
    throw .inUse(path: folder.path)
  }

  /// Openings beside a writer until it is given up; 4 s of waiting together.
  private static let openingsMax = 28

  private static func readRecord(_ hot: TierDatabase) throws(StoreError) -> StoreRecord {
    let record: StoreRecord??
    do throws(RocksDBError) {
      record = try KeyRule.recordKey.withRawSpan { key throws(RocksDBError) in
        try hot.database.get(key) { stored -> StoreRecord?? in
          guard let stored else { return .none }
          return .some(stored.withBytes { StoreRecord(reading: $0) })
        }
      }
    } catch {
      throw hot.storeError(error)
    }
    switch record {
    case .none: return StoreRecord()
    case .some(.some(let record)): return record
    case .some(.none):
      throw .corruption(tier: .hot, file: hot.path, cause: "the store's own record is unreadable")
    }
  }
}
