internal import RocksDB
internal import Synchronization

/// The newest committed values of single keys, in a fixed number of bytes, for many threads.
///
/// Keys are spread over shards, each under a lock of its own. Every entry carries its version.
final class HotCache: Sendable {
  /// What a lookup found.
  enum Answer<R: Sendable>: Sendable {
    case hit(R)
    /// The key is not cached; the ticket admits one fill, and is nil where none would be taken.
    case miss(ticket: UInt32?)
  }

  private final class Shard: Sendable {
    let state: Mutex<HotCacheShard>
    init(byteCount: Int) { state = Mutex(HotCacheShard(byteCount: byteCount)) }
  }

  /// The bytes that it may take.
  let byteLimit: Int
  private let shards: [Shard]
  private let mask: Int
  private let entryBytesMax: Int

  /// A cache of at most `byteLimit` bytes.
  ///
  /// Up to 64 shards, each of at least 4 MiB, so that values of some hundred KiB fit.
  init(byteLimit: Int) {
    let wanted = min(64, max(1, byteLimit >> 22))
    let shardCount = 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
    self.byteLimit = byteLimit
    shards = (0..<shardCount).map { _ in Shard(byteCount: byteLimit / shardCount) }
    mask = shardCount - 1
    entryBytesMax = shards[0].state.withLock { $0.entryBytesMax }
  }

  /// Whether an entry of this size can be cached at all.
  func admits(keyCount: Int, valueCount: Int) -> Bool {
    EntryRing.entryBytes(keyCount: keyCount, valueCount: valueCount) <= entryBytesMax
  }

  /// Lends the value of a key under the shard's lock: `body` must be short and must not come back.
  @inline(__always)
  func read<R: Sendable>(
    hash: UInt64, key: Span<UInt8>, _ body: (Span<UInt8>, Version) -> R
  ) -> Answer<R> {
    shard(hash).state.withLock { shard in
      if let result = shard.read(hash: hash, key: key, body) { return .hit(result) }
      return .miss(ticket: shard.ticket(hash: hash))
    }
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
    // A counting sort: where each shard's keys begin, then the keys in that order.
    var starts = [Int](repeating: 0, count: shards.count + 1)
    for hash in hashes { starts[place(hash) + 1] += 1 }
    for shard in shards.indices { starts[shard + 1] += starts[shard] }
    var order = [Int](repeating: 0, count: hashes.count)
    var next = starts
    for (index, hash) in hashes.enumerated() {
      order[next[place(hash)]] = index
      next[place(hash)] += 1
    }
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
  func fill(hash: UInt64, key: Span<UInt8>, value: Span<UInt8>, version: Version, ticket: UInt32) {
    guard admits(keyCount: key.count, valueCount: value.count) else { return }
    shard(hash).state.withLock {
      $0.fill(hash: hash, key: key, value: value, version: version, ticket: ticket)
    }
  }

  /// Says that changes are being committed; ``endChanges(_:areCommitted:)`` must follow.
  func beginChanges(_ changes: EncodedChanges) {
    for change in changes.keys {
      shard(change.hash).state.withLock { $0.beginChange(hash: change.hash) }
    }
  }

  /// Says that changes are committed, or have failed: then their keys are dropped.
  func endChanges(_ changes: EncodedChanges, areCommitted: Bool) {
    changes.batch.withSpan { bytes in
      for change in changes.keys {
        let key = bytes.extracting(Int(change.key)..<Int(change.key) + Int(change.keyCount))
        let header = Int(change.header)
        let version = Version(
          epoch: bytes.halfWord(at: header + ValueHeader.epochOffset),
          sequence: bytes.word(at: header + ValueHeader.sequenceOffset))
        let start = header + ValueHeader.byteCount
        let value = bytes.extracting(start..<start + Int(change.valueCount))
        let isKept =
          areCommitted && change.kind == .value
          && admits(keyCount: key.count, valueCount: value.count)
        shard(change.hash).state.withLock {
          $0.endChange(
            hash: change.hash, key: key, value: isKept ? value : nil, version: version)
        }
      }
    }
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
