internal import LinuxIO
internal import RocksDB
internal import Synchronization

/// The newest committed values of single keys, in a fixed number of bytes, for many threads.
///
/// Keys are spread over shards, each under a lock of its own. Every entry carries its version.
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
    init(byteCount: Int) throws(SystemError) {
      state = Mutex(try HotCacheShard(byteCount: byteCount))
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

  /// The bytes that it may take.
  let byteLimit: Int
  private let shards: [Shard]
  private let mask: Int
  private let entryBytesMax: Int
  /// Takes memory from the kernel before readers need it.
  private let memory = JobThreads(name: "store-memory", count: 1, turn: .short)

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
    mask = shardCount - 1
    entryBytesMax = shards[0].state.withLock { $0.entryBytesMax }
  }

  deinit { memory.close() }

  /// Whether an entry of this size can be cached at all.
  func admits(keyCount: Int, valueCount: Int) -> Bool {
    EntryRing.entryBytes(keyCount: keyCount, valueCount: valueCount) <= entryBytesMax
  }

  /// Lends the value of a key under the shard's lock: `body` must be short and must not come back.
  ///
  /// The same lookup made `again` counts as one.
  @inline(__always)
  func read<R: Sendable>(
    hash: UInt64, key: Span<UInt8>, again: Bool = false, _ body: (Span<UInt8>, Version) -> R
  ) -> Answer<R> {
    shard(hash).state.withLock { shard in
      if let result = shard.read(hash: hash, key: key, again: again, body) { return .hit(result) }
      return .miss(ticket: shard.ticket(hash: hash))
    }
  }

  /// A ticket for a key that is not cached, and that nobody asked for; nil where none is needed or to
  /// be had.
  func ticketIfMissing(hash: UInt64, key: Span<UInt8>) -> UInt32? {
    shard(hash).state.withLock { $0.ticketIfMissing(hash: hash, key: key) }
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
          if isFound == nil { missed(index, state.ticket(hash: hash)) }
        }
      }
    }
  }

  /// Takes in what a reader found, unless a writer was faster.
  func fill(
    hash: UInt64, key: Span<UInt8>, value: Span<UInt8>, version: Version, from tier: Tier,
    ticket: UInt32
  ) {
    guard admits(keyCount: key.count, valueCount: value.count) else { return }
    let shard = shard(hash)
    let wanted = shard.state.withLock {
      $0.fill(
        hash: hash, key: key, value: value, version: version, from: tier, ticket: ticket)
      return $0.pagesToTake()
    }
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
        shards[shard].state.withLock { state in
          let range = order.starts[shard]..<order.starts[shard + 1]
          state.fetch(order.order[range].lazy.map { changes.keys[$0].hash })
          for index in order.order[range] {
            end(changes.keys[index], of: bytes, areCommitted: areCommitted, in: &state)
          }
        }
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
    shard(hash).state.withLock {
      $0.endChange(hash: hash, key: key.span, value: value?.span, version: version)
    }
  }

  /// Says in which tier the value of a key lies now, if that version of it is cached.
  func noteTier(_ tier: Tier, hash: UInt64, key: Span<UInt8>, version: Version) {
    shard(hash).state.withLock { $0.noteTier(tier, hash: hash, key: key, version: version) }
  }

  /// Calls `body` with every cached key whose value lies below the hot tier, and with where it lies;
  /// entries that come, go or move in the index meanwhile may be left out.
  func forEachKeyBelow(_ body: ([UInt8], Tier) -> Void) {
    for shard in shards {
      let slotCount = shard.state.withLock { $0.slotCount }
      // A few at a time, so that readers do not wait.
      for start in stride(from: 0, to: slotCount, by: Self.slotsAtOnce) {
        let slots = start..<min(slotCount, start + Self.slotsAtOnce)
        for (key, tier) in shard.state.withLock({ $0.keysBelow(slots: slots) }) {
          body(key, tier)
        }
      }
    }
  }

  private static let slotsAtOnce = 128

  /// Forgets everything; fills under way are refused.
  func removeAll() {
    for shard in shards { shard.state.withLock { $0.removeAll() } }
  }

  /// Counts over all shards.
  var counts: HotCacheShard.Counts {
    shards.reduce(into: HotCacheShard.Counts()) { sum, shard in
      let counts = shard.state.withLock { $0.counts }
      sum.hits += counts.hits
      sum.misses += counts.misses
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
  private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> 56) & mask }
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
