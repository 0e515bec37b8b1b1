internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

/// The one place where versions are given out and the hot tier is changed by callers.
///
/// 1. A caller encodes its changes into the open group, under one lock that also gives out
///    versions: so the order in the log is the order of versions.
/// 2. While no commit is under way, that caller leads: it takes the group and commits it. Others
///    follow: their changes gather in the next group.
/// 3. A commit, under the barrier that snapshots take too: tell the cache what will change, write
///    the batch (and sync it), publish the new versions, tell the cache what has changed.
/// 4. The leader hands what has gathered meanwhile to the committing thread, which goes on until
///    nothing is left.
///
/// A write that fails takes the store out of service for writing: for good, except where the disk
/// is full.
final class Committer: Sendable {
  /// Whether changes are taken.
  private enum Mode: Sendable {
    case open
    /// The disk is full; tried again at a moment, by the first who comes then.
    case full(StoreError, retryAt: Nanoseconds)
    case poisoned(StoreError)
    case closed
  }

  private struct State: ~Copyable {
    /// Groups that are full, the oldest first.
    var full: [CommitGroup] = []
    /// The group that takes changes.
    var open = CommitGroup(changes: EncodedChanges())
    /// Room of groups that were committed, for the next.
    var spares: [EncodedChanges] = []
    var nextSequence: UInt64
    /// The store's record with all changes of open and taken groups.
    var record: StoreRecord
    /// The store's record as it is in the log.
    var logged: StoreRecord
    var isCommitting = false
    var mode = Mode.open
    /// Callers that wait for the next group to open.
    var roomWaiterCount = 0
    var counts = Counts()

    init(record: StoreRecord) {
      nextSequence = record.reservedSequence
      self.record = record
      logged = record
    }

    var isEmpty: Bool { open.isEmpty && full.isEmpty }

    /// The open group, in whose place comes an empty one.
    mutating func exchangeOpen() -> CommitGroup {
      var group = CommitGroup(changes: spares.popLast() ?? EncodedChanges())
      swap(&open, &group)
      return group
    }

    private mutating func raise(above version: Version) {
      guard version >= Version(epoch: record.epoch, sequence: nextSequence) else { return }
      record.epoch = version.epoch
      nextSequence = version.sequence + 1
      record.reservedSequence = nextSequence + StoreRecord.reservation
      open.record = record
    }

    /// Takes changes into the open group and gives them their versions.
    mutating func add(_ changes: Changes, count: Int, hash: UInt64) {
      if case .raise(let version) = changes { raise(above: version) }
      if nextSequence + UInt64(count) > record.reservedSequence {
        record.reservedSequence = nextSequence + UInt64(count) + StoreRecord.reservation
        open.record = record
      }
      let first = Version(epoch: record.epoch, sequence: nextSequence)
      nextSequence += UInt64(count)
      open.lastVersion = Version(epoch: record.epoch, sequence: nextSequence - 1)
      let (firstKey, firstRange) = (open.changes.keys.count, open.changes.ranges.count)
      switch changes {
      case .key(let key, let value?): open.changes.add(key.span, hash: hash, value.span, .value)
      case .key(let key, nil): open.changes.delete(key.span, hash: hash)
      case .batch(let batch): open.changes.append(batch)
      case .forgetRanges(let versions):
        record.tombstones.remove(versions)
        open.record = record
      case .raise: break
      }
      open.changes.number(firstKey: firstKey, firstRange: firstRange, from: first) {
        range, version in
        record.tombstones.insert(lower: range.lower, upper: range.upper, version: version)
        open.record = record
      }
    }
  }

  /// What was committed since the store was opened.
  struct Counts: Sendable, Equatable {
    var commits: UInt64 = 0
    var changes: UInt64 = 0
    var bytes: UInt64 = 0
  }

  /// What a caller does once its changes are in a group.
  private enum Role: Sendable {
    case lead(Version)
    case follow(GroupOutcome, Version)
    case complete(ringing: Bool)
    case waitForRoom
    case retry(StoreError)
  }

  let published: PublishedState
  /// Held while a commit changes what readers see; snapshots of all tiers are taken under it.
  let barrier = Mutex<Void>(())
  private let path: String
  private let hot: TierHold
  private let cache: HotCache?
  private let tap: AccessTap?
  private let limits: StoreConfiguration.WriteBufferLimits
  private let state: Mutex<State>
  private let committed = Atomic<UInt64>(0)
  private let room = Doorbell()
  private let work = Doorbell()
  private let isStopping = Atomic<Bool>(false)
  private let thread = Mutex<PinnedThread?>(nil)
  private let log: LogSynchronizer?

  init(
    path: String, hot: TierDatabase, cache: HotCache?, tap: AccessTap?,
    configuration: StoreConfiguration, record: StoreRecord, published: PublishedState
  ) throws(StoreError) {
    self.path = path
    self.hot = TierHold(hot)
    self.cache = cache
    self.tap = tap
    self.published = published
    limits = configuration.writeBuffer
    state = Mutex(State(record: record))
    if let interval = configuration.durability.syncInterval {
      var holdsBack = false
      if case .grouped = configuration.durability { holdsBack = true }
      log = LogSynchronizer(
        hot: self.hot, interval: interval, holdsBack: holdsBack, version: published.lastVersion)
    } else {
      log = nil
    }
    do throws(SystemError) {
      let started = try PinnedThread(name: "store-commit", cpu: nil, turn: .short) { [self] in run()
      }
      thread.withLock { $0 = started }
    } catch {
      throw .system(path: path, cause: "\(error)")
    }
    do throws(StoreError) {
      try log?.start { [self] in poison($0) }
    } catch {
      stopThread()
      throw error
    }
  }

  /// The newest version that the drive is known to hold, with all before it.
  var durableVersion: Version { log?.durableVersion ?? published.lastVersion }

  /// What was committed.
  var counts: Counts {
    var counts = state.withLock { $0.counts }
    counts.bytes = committedBytes
    return counts
  }

  /// Bytes that were committed; takes no lock.
  var committedBytes: UInt64 { committed.load(ordering: .relaxed) }

  /// Why a write of so many bytes is not begun; nil where it may be.
  func roomFailure(for byteCount: Int) -> StoreError? { hot.roomFailure(for: byteCount) }

  // MARK: Callers

  /// What a caller wants changed.
  enum Changes: Sendable {
    case key([UInt8], value: [UInt8]?)
    case batch(EncodedChanges)
    /// Nothing older than these deletions of ranges is left in any tier.
    case forgetRanges(Set<Version>)
    /// Later versions must be above this one, which came from another store.
    case raise(Version)

    var count: Int {
      switch self {
      case .key, .forgetRanges, .raise: 1
      case .batch(let changes): changes.count
      }
    }

    var byteCount: Int {
      switch self {
      case .key(let key, let value): key.count + (value?.count ?? 0)
      case .batch(let changes): changes.byteCount
      case .forgetRanges, .raise: 0
      }
    }
  }

  /// Commits changes and returns when they are acknowledged.
  ///
  /// - Returns: The version of the last change.
  @discardableResult
  func commit(_ changes: Changes) throws(StoreError) -> Version {
    while true {
      switch try enqueue(changes, completion: nil) {
      case .lead(let version):
        let failure = commitNext()
        handOver()
        // Who commits without a pause would else keep those who woke meanwhile waiting for the kernel's tick;
        // only now, when nobody waits for this thread.
        PinnedThread.giveWay()
        if let failure { throw failure }
        return version
      case .follow(let outcome, let version):
        try outcome.wait()
        return version
      case .complete: throw .closed(path: path)
      case .waitForRoom: room.wait()
      case .retry(let failure): try resume(from: failure)
      }
    }
  }

  /// Commits changes; `completion` is called by the committing thread when they are acknowledged.
  ///
  /// Waits only while very much waits to be committed.
  func commit(_ changes: Changes, completion: @escaping CommitGroup.Completion) {
    do throws(StoreError) {
      while true {
        switch try enqueue(changes, completion: completion) {
        case .complete(let ringing):
          if ringing { work.ring() }
          return
        case .waitForRoom: room.wait()
        case .retry(let failure): try resume(from: failure)
        case .lead, .follow: return
        }
      }
    } catch {
      completion(.failure(error))
    }
  }

  /// Takes no more changes, commits those that were taken, and puts the log on the drive.
  func close() throws(StoreError) {
    let mode = state.withLock { state in
      let mode = state.mode
      if case .closed = mode {} else { state.mode = .closed }
      return mode
    }
    if case .closed = mode { return }
    while state.withLock({ $0.isCommitting }) { MonotonicClock.sleep(Nanoseconds(50_000)) }
    stopThread()
    log?.finish()
    defer { hot.release() }
    if case .poisoned(let failure) = mode { throw failure }
    if let failure = hot.perform({ hot throws(RocksDBError) in try hot.database.syncLog() }) {
      throw failure
    }
  }

  // MARK: Groups

  private func enqueue(
    _ changes: Changes, completion: CommitGroup.Completion?
  ) throws(StoreError) -> Role {
    let count = changes.count
    let byteCount = changes.byteCount
    // All that needs no lock is done before it is taken.
    var hash: UInt64 = 0
    if case .key(let key, _) = changes { hash = KeyHash.hash(key.span) }
    return try state.withLock { state throws(StoreError) -> Role in
      switch state.mode {
      case .open: break
      case .poisoned(let failure):
        throw StoreError.poisoned(path: path, cause: "\(failure)")
      case .closed: throw StoreError.closed(path: path)
      case .full(let failure, let retryAt):
        let now = MonotonicClock.now()
        guard now >= retryAt else { throw failure }
        state.mode = .full(failure, retryAt: now + Self.retryInterval)
        return .retry(failure)
      }
      if state.open.isFull(adding: count, bytes: byteCount, limits: limits) {
        guard state.full.count < Self.fullGroupsMax else {
          state.roomWaiterCount += 1
          return .waitForRoom
        }
        let group = state.exchangeOpen()
        state.full.append(group)
      }
      state.add(changes, count: count, hash: hash)
      let version = state.open.lastVersion
      let leads = !state.isCommitting
      state.isCommitting = true
      if let completion {
        state.open.completions.append((completion, version))
        return .complete(ringing: leads)
      }
      if leads { return .lead(version) }
      let outcome = state.open.outcome ?? GroupOutcome()
      state.open.outcome = outcome
      state.open.followerCount += 1
      return .follow(outcome, version)
    }
  }

  /// Full groups that wait, so that callers with completions need not: 64 MiB at most.
  private static let fullGroupsMax = 64
  private static let sparesMax = 4

  /// How long a full disk is left alone.
  private static let retryInterval = Nanoseconds(1_000_000_000)

  /// Commits the open group; only by whoever holds the committing role.
  private func commitNext() -> StoreError? {
    var group = take()
    var failure = group.doom
    if failure == nil { failure = log?.waitForRoom() }
    if failure == nil { failure = write(&group) }
    settle(&group, failure)
    finish(&group, failure)
    return failure
  }

  private func take() -> CommitGroup {
    state.withLock { state in
      let taken = state.full.isEmpty ? state.exchangeOpen() : state.full.removeFirst()
      room.ring(state.roomWaiterCount)
      state.roomWaiterCount = 0
      return taken
    }
  }

  private func write(_ group: inout CommitGroup) -> StoreError? {
    if let record = group.record { group.changes.putRecord(record.bytes) }
    if let tap { group.changes.note(by: tap) }
    return barrier.withLock { _ -> StoreError? in
      let order = cache?.beginChanges(group.changes)
      let deletesRanges = group.record.map { $0.tombstones != published.tombstones ?? .init() }
      if deletesRanges == true { published.beginRanges() }
      defer { if deletesRanges == true { published.endRanges() } }
      let failure = hot.perform { hot throws(RocksDBError) in
        try group.changes.write(to: hot.database, sync: log == nil)
        if log == nil { hot.noteDurable(sequence: hot.database.latestSequenceNumber) }
      }
      if failure == nil {
        if let record = group.record { published.publish(record.tombstones) }
        published.publish(group.lastVersion)
      }
      if let order {
        cache?.endChanges(group.changes, in: order, areCommitted: failure == nil)
      }
      return failure
    }
  }

  /// Draws the consequences of a commit for those that come after it.
  private func settle(_ group: inout CommitGroup, _ failure: StoreError?) {
    let record = group.record
    let (changes, bytes) = (group.changes.count, group.changes.byteCount)
    state.withLock { state in
      guard let failure else {
        if let record { state.logged = record }
        state.counts.commits += 1
        state.counts.changes += UInt64(changes)
        committed.add(UInt64(bytes), ordering: .relaxed)
        return
      }
      // The open group may build on a record that never came into the log.
      state.record = state.logged
      if !state.open.isEmpty { state.open.doom = failure }
      for index in state.full.indices { state.full[index].doom = failure }
      switch state.mode {
      case .poisoned, .closed: return
      case .open, .full: break
      }
      if case .noSpace = failure {
        state.mode = .full(failure, retryAt: MonotonicClock.now() + Self.retryInterval)
      } else {
        state.mode = .poisoned(failure)
      }
    }
    if failure == nil { log?.committed(group.lastVersion) }
  }

  private func finish(_ group: inout CommitGroup, _ failure: StoreError?) {
    for (completion, version) in group.completions {
      if let failure { completion(.failure(failure)) } else { completion(.success(version)) }
    }
    group.outcome?.finish(failure, count: group.followerCount)
    group.changes.removeAll()
    state.withLock { [changes = group.changes] state in
      if state.spares.count < Self.sparesMax { state.spares.append(changes) }
    }
  }

  /// Gives the committing role to the thread where something has gathered, else to nobody.
  private func handOver() {
    let goesOn = state.withLock { state in
      if state.isEmpty { state.isCommitting = false }
      return state.isCommitting
    }
    if goesOn { work.ring() }
  }

  private func run() {
    while true {
      work.wait()
      if isStopping.load(ordering: .acquiring) { return }
      while true {
        _ = commitNext()
        let goesOn = state.withLock { state in
          if state.isEmpty { state.isCommitting = false }
          return state.isCommitting
        }
        guard goesOn else { break }
      }
    }
  }

  // MARK: Failures

  /// Takes no more changes, for good.
  func poison(_ failure: StoreError) {
    state.withLock { state in
      switch state.mode {
      case .poisoned, .closed: return
      case .open, .full: state.mode = .poisoned(failure)
      }
    }
  }

  /// Goes on after a full disk, where there is room again.
  private func resume(from failure: StoreError) throws(StoreError) {
    guard hot.perform({ hot throws(RocksDBError) in try hot.database.resume() }) == nil else {
      throw failure
    }
    state.withLock { state in
      if case .full = state.mode { state.mode = .open }
    }
  }

  private func stopThread() {
    isStopping.store(true, ordering: .releasing)
    work.ring()
    let ended = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ended?.join()
  }
}
