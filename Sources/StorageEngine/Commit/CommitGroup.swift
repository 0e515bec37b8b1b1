internal import RocksDB
internal import Synchronization

/// The changes of all callers that go to the log together, in the order of their versions.
struct CommitGroup: ~Copyable, Sendable {
  /// A change as the hot cache is told of it.
  struct Published: Sendable {
    var hash: UInt64
    var key: [UInt8]
    /// Nil where the key was deleted, or where the value is too long for the cache.
    var value: [UInt8]?
    var version: Version
  }

  typealias Completion = @Sendable (Result<Version, StoreError>) -> Void

  var batch: WriteBatch
  var published: [Published] = []
  var completions: [(Completion, Version)] = []
  /// What followers wait on; nil while there is none.
  var outcome: GroupOutcome?
  var followerCount = 0
  var changeCount = 0
  var byteCount = 0
  var lastVersion = Version.zero
  /// Why it must not be committed: a group before it failed.
  var doom: StoreError?
  /// The store's record as this group changes it; nil where it does not.
  var record: StoreRecord?

  init(batch: consuming WriteBatch) { self.batch = batch }

  var isEmpty: Bool { changeCount == 0 }

  /// Whether `changes` more must wait for the next group; one too large for any goes alone.
  func isFull(adding changes: Int, bytes: Int, limits: StoreConfiguration.WriteBufferLimits) -> Bool
  {
    !isEmpty
      && (changeCount + changes > limits.entries || byteCount + bytes > limits.bytes)
  }

  /// Encodes a change.
  mutating func append(_ change: StoreBatch.Change, version: Version, cache: HotCache?) {
    changeCount += 1
    byteCount += change.byteCount
    lastVersion = version
    switch change {
    case .put(let key, let value):
      put(key, ValueHeader(version: version, kind: .value), value)
      guard let cache else { return }
      let fits = cache.admits(keyCount: key.count, valueCount: value.count)
      publish(key, fits ? value : nil, version)
    case .delete(let key):
      // RocksDB's own delete would uncover what the tiers below hold.
      put(key, ValueHeader(version: version, kind: .tombstone), [])
      if cache != nil { publish(key, nil, version) }
    case .deleteRange(let lower, let upper):
      // All that the hot tier holds now is older. The tiers below are hidden by the record.
      batch.deleteRange(from: lower, to: upper)
    case .forgetRanges: break
    }
  }

  private mutating func put(_ key: [UInt8], _ header: ValueHeader, _ value: [UInt8]) {
    var head: [UInt8] = []
    head.reserveCapacity(ValueHeader.byteCount)
    header.append(to: &head)
    key.withRawSpan { key in
      head.withRawSpan { head in value.withRawSpan { batch.put(key, head, $0) } }
    }
  }

  private mutating func publish(_ key: [UInt8], _ value: [UInt8]?, _ version: Version) {
    published.append(
      Published(hash: KeyHash.hash(key.span), key: key, value: value, version: version))
  }
}

/// How a group's commit ended, for the callers that wait for it.
final class GroupOutcome: Sendable {
  private let bell = Doorbell()
  private let failure = Mutex<StoreError?>(nil)

  /// Waits for the end.
  func wait() throws(StoreError) {
    bell.wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Tells `count` callers.
  func finish(_ error: StoreError?, count: Int) {
    failure.withLock { $0 = error }
    bell.ring(count)
  }
}
