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
    hash: UInt64, key: [UInt8], _ body: (Span<UInt8>, Version) -> R
  ) -> Answer<R> {
    shard(hash).state.withLock { shard in
      if let result = shard.read(hash: hash, key: key.span, body) { return .hit(result) }
      return .miss(ticket: shard.ticket(hash: hash))
    }
  }

  /// Takes in what a reader found, unless a writer was faster.
  func fill(hash: UInt64, key: [UInt8], value: Span<UInt8>, version: Version, ticket: UInt32) {
    guard admits(keyCount: key.count, valueCount: value.count) else { return }
    shard(hash).state.withLock {
      $0.fill(hash: hash, key: key.span, value: value, version: version, ticket: ticket)
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
  private func shard(_ hash: UInt64) -> Shard {
    shards[Int(truncatingIfNeeded: hash &>> 56) & mask]
  }
}
