internal import RocksDB
internal import Synchronization

/// The changes of all callers that go to the log together, in the order of their versions.
struct CommitGroup: Sendable {
  typealias Completion = @Sendable (Result<Version, StoreError>) -> Void

  var changes: EncodedChanges
  var completions: [(Completion, Version)] = []
  /// What followers wait on; nil while there is none.
  var outcome: GroupOutcome?
  var followerCount = 0
  var lastVersion = Version.zero
  /// Why it must not be committed: a group before it failed.
  var doom: StoreError?
  /// The store's record as this group changes it; nil where it does not.
  var record: StoreRecord?

  init(changes: EncodedChanges) { self.changes = changes }

  /// Whether nothing waits for it.
  var isEmpty: Bool { changes.isEmpty && record == nil }

  /// Whether `count` more must wait for the next group; one too large for any goes alone.
  func isFull(adding count: Int, bytes: Int, limits: StoreConfiguration.WriteBufferLimits) -> Bool {
    !isEmpty
      && (changes.count + count > limits.entries || changes.byteCount + bytes > limits.bytes)
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
