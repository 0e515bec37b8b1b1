internal import LinuxIO
internal import RocksDB
internal import Synchronization

/// The newest committed values of single keys, in a fixed number of bytes, for many threads.
///
/// Keys are spread over shards, each under a lock of its own. Every entry carries its version. A lookup of one
/// key takes no lock where the value is short and the shard does not change meanwhile: a copy is lent.
///
/// Its memory comes from the kernel by a thread of its own: each shard's index whole, a tenth of the
/// cache, at its first use, and that of entries page by page ahead of theirs. Fills that are faster are
/// refused, so that no reader waits for a page to be cleared.
final class HotCache: Sendable {
  /// What a lookup found.
  enum Answer<R: Sendable>: Sendable {
    case hit(R)
    /// The key is not cached; the ticket admits one fill, and is nil where none would be taken.
    case miss(ticket: UInt32?)
  }

  private final class Shard: Sendable {
    let state: Mutex<HotCacheShard>
    /// Tells readers without the lock that something changed meanwhile.
    private let changes = ChangeCount()

    init(byteCount: Int) throws(SystemError) {
      state = Mutex(try HotCacheShard(byteCount: byteCount))
    }

    /// Changes what readers without the lock may be looking at.
    func change<R: Sendable>(_ body: (inout HotCacheShard) -> R) -> R {
      state.withLock { shard in changes.change { body(&shard) } }
    }

    /// What readers without the lock need; the shard must outlive it.
    var view: View {
      View(lookup: state.withLock { $0.lookup }, changes: changes.reader)
    }

    /// Takes pages, and what is wanted by then, from the kernel.
    func take(_ first: (HotCacheShard.Part, MappedPages)) {
      var next = Optional(first)
      while let (part, pages) = next {
        pages.take()
        next = state.withLock {
          $0.took(part)
          return $0.pagesToTake()
        }
      }
    }
  }

  /// A shard as readers without its lock see it.
  fileprivate struct View: Sendable, BitwiseCopyable {
    let lookup: ShardLookup
    let changes: ChangeCount.Reader
  }

  /// Looks keys up without locks, and without counting references to the cache, which must outlive it.
  ///
  /// Either would be an addition to a number that all threads share, where they wait for one another.
  struct Front: Sendable, BitwiseCopyable {
    fileprivate let views: FixedTable<View>.View
    fileprivate let mask: Int
    fileprivate let lookups: ThreadCounts.Adder

    /// Lends a copy of a short value, where nobody changes the shard; nil, and nothing is counted, where
    /// somebody does, where the value is long, and where the key is not where most are.
    @inline(__always)
    func read<R: Sendable>(
      hash: UInt64, key: Span<UInt8>, _ body: (Span<UInt8>, Version) -> R
    ) -> R? {
      let view = views[place(hash)]
      guard let turn = view.changes.turn,
        let found = view.lookup.findLikely(hash: UInt32(truncatingIfNeeded: hash), key: key),
        found.header.valueCount <= EntryRing.Entries.copiedMax
      else { return nil }
      let entries = found.isMain ? view.lookup.main : view.lookup.small
      return entries.withCopiedValue(at: found.offset, found.header) { value -> R? in
        guard view.changes.isUnchanged(since: turn) else { return nil }
        view.lookup.lines.countUse(of: found.slot)
        lookups.add(to: LookupCount.hits)
        return body(value, found.header.version)
      }
    }

    @inline(__always)
    fileprivate func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> 56) & mask }
  }

  /// Which of a thread's counts.
  private enum LookupCount {
    static var hits: Int { 0 }
    static var misses: Int { 1 }
  }

  /// What it counted; a lookup that was made again counts once, by its last answer.
  struct Counts: Sendable, Equatable {
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var fills: UInt64 = 0
    var refusedFills: UInt64 = 0
    var fillsBeforeMemory: UInt64 = 0
    var evictions: UInt64 = 0
  }

  /// The bytes that it may take.
  let byteLimit: Int
  private let shards: [Shard]
  private let views: FixedTable<View>
  private let lookupCounts = ThreadCounts()
  /// Looks keys up without locks.
  let front: Front
  private let entryBytesMax: Int
  /// Takes memory from the kernel before readers need it.
  private let memory = JobThreads(name: "store-memory", count: 1, turn: .yielding)

  /// A cache of at most `byteLimit` bytes.
  ///
  /// Up to 64 shards, each of at least 32 MiB, so that its tables fill huge pages and values of
  /// some MiB fit; small caches have up to 8.
  ///
  /// - Throws: `SystemError` where there is no room in the address space.
  init(byteLimit: Int) throws(SystemError) {
    let wanted = max(min(8, byteLimit >> 22), min(64, byteLimit >> 25), 1)
    let shardCount = 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
    self.byteLimit = byteLimit
    var made: [Shard] = []
    for _ in 0..<shardCount { made.append(try Shard(byteCount: byteLimit / shardCount)) }
    shards = made
    views = FixedTable(made.map(\.view))
    front = Front(views: views.view, mask: shardCount - 1, lookups: lookupCounts.adder)
    entryBytesMax = shards[0].state.withLock { $0.entryBytesMax }
  }

  deinit { memory.close() }

  /// Whether an entry of this size can be cached at all.
  func admits(keyCount: Int, valueCount: Int) -> Bool {
    EntryRing.entryBytes(keyCount: keyCount, valueCount: valueCount) <= entryBytesMax
  }

  /// Lends the value of a key: `body` must be short and must not come back, as the shard may be locked.
  ///
  /// The same lookup made `again` counts as one.
  @inline(__always)
  func read<R: Sendable>(
    hash: UInt64, key: Span<UInt8>, again: Bool = false, _ body: (Span<UInt8>, Version) -> R
  ) -> Answer<R> {
    guard let result = front.read(hash: hash, key: key, body) else {
      return readUnderLock(hash: hash, key: key, again: again, body)
    }
    if again { takeMissBack() }
    return .hit(result)
  }

  /// Lends the value of a key where ``Front`` did not.
  @inline(never)
  func readUnderLock<R: Sendable>(
    hash: UInt64, key: Span<UInt8>, again: Bool = false, _ body: (Span<UInt8>, Version) -> R
  ) -> Answer<R> {
    let answer = shard(hash).state.withLock { shard -> Answer<R> in
      if let result = shard.read(hash: hash, key: key, body) { return .hit(result) }
      return .miss(ticket: shard.ticket(hash: hash))
    }
    if case .hit = answer {
      lookupCounts.adder.add(to: LookupCount.hits)
      if again { takeMissBack() }
    } else if !again {
      lookupCounts.adder.add(to: LookupCount.misses)
    }
    return answer
  }

  /// What was counted as a miss is none.
  private func takeMissBack() { lookupCounts.adder.add(UInt64.max, to: LookupCount.misses) }

  /// A ticket for a key that is not cached, and that nobody asked for; nil where none is needed or to
  /// be had.
  func ticketIfMissing(hash: UInt64, key: Span<UInt8>) -> UInt32? {
    shard(hash).state.withLock { $0.ticketIfMissing(hash: hash, key: key) }
  }

  /// Whether a key is cached; nobody asked for it.
  func holds(hash: UInt64, key: Span<UInt8>) -> Bool {
    shard(hash).state.withLock { $0.holds(hash: hash, key: key) }
  }

  /// Looks many keys up, shard by shard, so that each lock is taken once and the memory that the
  /// lookups of a shard need is fetched at the same time.
  ///
  /// - Parameters:
  ///   - hashes: Of the keys.
  ///   - keys: What to look up.
  ///   - found: Takes the index of a key with its value, under the shard's lock.
  ///   - missed: Takes the index of a key with the ticket for a fill, under the shard's lock.
  func readMany(
    hashes: [UInt64], keys: [[UInt8]], found: (Int, Span<UInt8>, Version) -> Void,
    missed: (Int, UInt32?) -> Void
  ) {
    let sorted = ShardOrder.sorted(hashes.count, shards.count) { place(hashes[$0]) }
    let (order, starts) = (sorted.order, sorted.starts)
    var missCount = 0
    for shard in shards.indices where starts[shard] < starts[shard + 1] {
      shards[shard].state.withLock { state in
        let range = starts[shard]..<starts[shard + 1]
        state.fetch(order[range].lazy.map { hashes[$0] })
        for index in order[range] {
          let hash = hashes[index]
          let key = keys[index]
          let isFound: Void? = state.read(hash: hash, key: key.span) { value, version in
            found(index, value, version)
          }
          guard isFound == nil else { continue }
          missCount += 1
          missed(index, state.ticket(hash: hash))
        }
      }
    }
    lookupCounts.adder.add(UInt64(hashes.count - missCount), to: LookupCount.hits)
    lookupCounts.adder.add(UInt64(missCount), to: LookupCount.misses)
  }

  /// Takes in what a reader found, unless a writer was faster.
  func fill(
    hash: UInt64, key: Span<UInt8>, value: Span<UInt8>, version: Version, from tier: Tier,
    ticket: UInt32
  ) {
    guard admits(keyCount: key.count, valueCount: value.count) else { return }
    let shard = shard(hash)
    let wanted = shard.change {
      $0.fill(
        hash: hash, key: key, value: value, version: version, from: tier, ticket: ticket)
      return $0.pagesToTake()
    }
    take(wanted, for: shard)
  }

  /// Has pages taken from the kernel, and what is wanted by then.
  private func take(_ wanted: (HotCacheShard.Part, MappedPages)?, for shard: Shard) {
    guard let wanted else { return }
    // Without a thread for it the caller waits, as whoever touches new memory does.
    if (try? memory.submit { shard.take(wanted) }) != true { shard.take(wanted) }
  }

  /// Says that changes are being committed; ``endChanges(_:in:areCommitted:)`` must follow.
  ///
  /// - Returns: The changes shard by shard, so that each lock is taken once.
  func beginChanges(_ changes: EncodedChanges) -> ShardOrder {
    let order = ShardOrder.sorted(changes.keys.count, shards.count) {
      place(changes.keys[$0].hash)
    }
    for shard in shards.indices where order.starts[shard] < order.starts[shard + 1] {
      shards[shard].state.withLock { state in
        for index in order.order[order.starts[shard]..<order.starts[shard + 1]] {
          state.beginChange(hash: changes.keys[index].hash)
        }
      }
    }
    return order
  }

  /// Says that changes are committed, or have failed: then their keys are dropped.
  func endChanges(_ changes: EncodedChanges, in order: ShardOrder, areCommitted: Bool) {
    changes.batch.withSpan { bytes in
      for shard in shards.indices where order.starts[shard] < order.starts[shard + 1] {
        let wanted = shards[shard].change { state in
          let range = order.starts[shard]..<order.starts[shard + 1]
          state.fetch(order.order[range].lazy.map { changes.keys[$0].hash })
          for index in order.order[range] {
            end(changes.keys[index], of: bytes, areCommitted: areCommitted, in: &state)
          }
          // Values of another length came anew; where nothing is cached there is nothing to replace.
          return state.entryCount > 0 ? state.pagesToTake() : nil
        }
        take(wanted, for: shards[shard])
      }
    }
  }

  private func end(
    _ change: EncodedChanges.KeyChange, of bytes: Span<UInt8>, areCommitted: Bool,
    in shard: inout HotCacheShard
  ) {
    let key = bytes.extracting(Int(change.key)..<Int(change.key) + Int(change.keyCount))
    let header = Int(change.header)
    let version = Version(
      epoch: bytes.halfWord(at: header + ValueHeader.epochOffset),
      sequence: bytes.word(at: header + ValueHeader.sequenceOffset))
    let start = header + ValueHeader.byteCount
    let isKept =
      areCommitted && change.kind == .value
      && admits(keyCount: key.count, valueCount: Int(change.valueCount))
    let value = bytes.extracting(start..<start + Int(change.valueCount))
    shard.endChange(hash: change.hash, key: key, value: isKept ? value : nil, version: version)
  }

  /// Says that a change of a key is being committed; ``endChange`` must follow.
  func beginChange(hash: UInt64) {
    shard(hash).state.withLock { $0.beginChange(hash: hash) }
  }

  /// Says that the change is committed, or, without a value, that the key must be dropped.
  func endChange(hash: UInt64, key: [UInt8], value: [UInt8]?, version: Version) {
    shard(hash).change {
      $0.endChange(hash: hash, key: key.span, value: value?.span, version: version)
    }
  }

  /// Says in which tier the value of a key lies now, if that version of it is cached.
  func noteTier(_ tier: Tier, hash: UInt64, key: Span<UInt8>, version: Version) {
    shard(hash).change { $0.noteTier(tier, hash: hash, key: key, version: version) }
  }

  /// Where a walk over the cache has come to.
  struct Place: Sendable {
    fileprivate var shard: Int
    fileprivate var slot: Int
  }

  /// Where a walk over the cache begins.
  var firstPlace: Place? { shards.isEmpty ? nil : Place(shard: 0, slot: 0) }

  /// Cached keys whose values lie below the hot tier, and where, among some slots; entries that come, go or
  /// change meanwhile may be left out.
  ///
  /// - Parameter place: Where the slots begin.
  /// - Returns: The keys, and where the next slots begin; nil after the last.
  func keysBelow(from place: Place) -> (keys: [(key: [UInt8], tier: Tier)], next: Place?) {
    let shard = shards[place.shard]
    var keys: [(key: [UInt8], tier: Tier)] = []
    var slot = place.slot
    // A few at a time, so that readers do not wait.
    for _ in 0..<Self.lockingsAtOnce {
      let slotCount = shard.state.withLock { state in
        let slotCount = state.slotCount
        keys += state.keysBelow(
          slots: min(slot, slotCount)..<min(slotCount, slot + Self.slotsAtOnce))
        return slotCount
      }
      slot += Self.slotsAtOnce
      guard slot < slotCount else {
        let next = place.shard + 1
        return (keys, next < shards.count ? Place(shard: next, slot: 0) : nil)
      }
    }
    return (keys, Place(shard: place.shard, slot: slot))
  }

  private static let slotsAtOnce = 128
  private static let lockingsAtOnce = 16

  /// Forgets everything; fills under way are refused.
  func removeAll() {
    for shard in shards { shard.change { $0.removeAll() } }
  }

  /// Counts over all shards.
  var counts: Counts {
    let lookups = Counts(
      hits: lookupCounts.total(of: LookupCount.hits),
      misses: lookupCounts.total(of: LookupCount.misses))
    return shards.reduce(into: lookups) { sum, shard in
      let counts = shard.state.withLock { $0.counts }
      sum.fills += counts.fills
      sum.refusedFills += counts.refusedFills
      sum.fillsBeforeMemory += counts.fillsBeforeMemory
      sum.evictions += counts.evictions
    }
  }

  /// Entries now.
  var entryCount: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.entryCount } } }
  /// Bytes now.
  var byteCount: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.byteCount } } }

  @inline(__always)
  private func shard(_ hash: UInt64) -> Shard { shards[place(hash)] }

  @inline(__always)
  private func place(_ hash: UInt64) -> Int { front.place(hash) }
}

/// Items in the order of their shards, which keeps those of one shard as they were: a counting sort.
struct ShardOrder: Sendable {
  /// Indices of the items.
  private(set) var order: [Int]
  /// Where each shard's items begin, and where the last one's end.
  private(set) var starts: [Int]

  static func sorted(_ count: Int, _ shardCount: Int, shard: (Int) -> Int) -> ShardOrder {
    var starts = [Int](repeating: 0, count: shardCount + 1)
    for index in 0..<count { starts[shard(index) + 1] += 1 }
    for shard in 0..<shardCount { starts[shard + 1] += starts[shard] }
    var order = [Int](repeating: 0, count: count)
    var next = starts
    for index in 0..<count {
      let place = shard(index)
      order[next[place]] = index
      next[place] += 1
    }
    return ShardOrder(order: order, starts: starts)
  }
}
