internal import RocksDB
internal import Synchronization

/// Looks up many keys side by side: several threads take one lookup after the other until none is
/// left.
///
/// Reads of a drive overlap only where several threads wait for them, as RocksDB reads block by
/// block.
final class LookupLanes: Sendable {
  private struct State {
    /// The first lookup that nobody has taken.
    var next = 0
    /// Lookups that have not ended.
    var openCount: Int
    var found: [(index: Int, value: [UInt8])] = []
    var absent: [Int] = []
    var unsettled: [Int] = []
    var failure: StoreError?
  }

  private let lookups: [TierLookup]
  private let tiers: OpenTiers
  private let state: Mutex<State>
  private let bell = Doorbell()

  /// How many lookups so many keys are cut into: pure.
  ///
  /// Eight keys take as long as a thread takes to wake, where they are in memory; more lanes than
  /// there are readers bring nothing.
  static func count(missCount: Int) -> Int {
    max(1, min(ParallelReader.laneCount, missCount / 8))
  }

  /// Lookups of different keys in tiers that stay open meanwhile.
  init(_ lookups: [TierLookup], in tiers: OpenTiers) {
    self.lookups = lookups
    self.tiers = tiers
    state = Mutex(State(openCount: lookups.count))
  }

  /// Does lookups until none is left to begin.
  func takePart() {
    while let number = nextNumber() { look(number) }
  }

  /// Takes part, waits for those that others do, and lends what was found.
  ///
  /// It never waits for a thread that has not begun, so that readers may call it themselves.
  ///
  /// - Returns: The indices of keys that no tier had, and of those that must be looked up again.
  /// - Throws: The first failure; nothing is then lent.
  func finish(
    _ each: (Int, Span<UInt8>) -> Void
  ) throws(StoreError) -> (absent: [Int], unsettled: [Int]) {
    takePart()
    bell.wait()
    // Jobs that nobody has looked at yet still hold this object: the values must not stay with it.
    let (found, absent, unsettled, failure) = state.withLock { state in
      defer { (state.found, state.absent) = ([], []) }
      return (state.found, state.absent, state.unsettled, state.failure)
    }
    if let failure { throw failure }
    for (index, value) in found { each(index, value.span) }
    return (absent, unsettled)
  }

  private func nextNumber() -> Int? {
    state.withLock { state in
      guard state.next < lookups.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func look(_ number: Int) {
    var lookup = lookups[number]
    var found: [(index: Int, value: [UInt8])] = []
    var failure: StoreError?
    do throws(StoreError) {
      try lookup.look(in: tiers) { found.append(($0, $1.copied())) }
    } catch {
      failure = error
    }
    let isLast = state.withLock { [lookup, found, failure] state in
      state.found += found
      state.absent += lookup.absentIndices
      state.unsettled += lookup.unsettledIndices
      state.failure = state.failure ?? failure
      state.openCount -= 1
      return state.openCount == 0
    }
    if isLast { bell.ring() }
  }
}
