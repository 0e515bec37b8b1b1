internal import Glibc
internal import RocksDB
internal import Synchronization

/// Reads keys into the hot cache before they are asked for: those that came after a key before, and those
/// behind one that a client walks by.
///
/// A client is a thread, by default: so the turns of many do not mix.
final class PrefetchEngine: Sendable {
  /// What to read ahead.
  enum Plan: Sendable {
    case keys([(key: [UInt8], hash: UInt64)])
    /// So many keys behind one, in their order, for a client.
    case run(behind: [UInt8], count: Int, client: Int)
  }

  private struct Client {
    var previous: UInt64?
    var run = RunDetector()
  }

  private final class Slot: Sendable {
    let count = Atomic<UInt32>(0)
    let client = Mutex(Client())
  }

  let duty = PrefetchDuty()
  let flights = PrefetchFlights()
  private let slots: [Slot] = (0..<slotCount).map { _ in Slot() }
  private let table: Mutex<SuccessorTable>

  private static let slotCount = 64
  /// A successor must have come in more than half of the times that count.
  private static let share: Float = 0.5

  /// An engine that remembers in so many bytes.
  init(byteCount: Int) { table = Mutex(SuccessorTable(byteCount: byteCount)) }

  /// Looks at an access, unless it is not on duty.
  ///
  /// - Parameters:
  ///   - key: What was asked for.
  ///   - hash: Of the key.
  /// - Returns: Whether it was looked at, and what to read ahead now.
  @inline(__always)
  func note(_ key: Span<UInt8>, hash: UInt64) -> (isWatched: Bool, plan: Plan?) {
    let thread = UInt64(truncatingIfNeeded: pthread_self())
    let client = Int(truncatingIfNeeded: (thread &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    let slot = slots[client]
    let count = slot.count.load(ordering: .relaxed) &+ 1
    slot.count.store(count, ordering: .relaxed)
    guard duty.isWatching(count) else { return (false, nil) }
    return (true, duty.isPlanning(count) ? look(key, hash: hash, client) : nil)
  }

  /// Those of the keys that a client has not come to yet and that nobody reads ahead so far.
  func stillWanted(_ keys: [[UInt8]], by client: Int) -> [[UInt8]] {
    let run = slots[client].client.withLock { client in
      if let last = keys.last { client.run.reached(last) }
      return client.run
    }
    return keys.filter { run.isAhead($0) && duty.issue(KeyHash.hash($0.span)) }
  }

  @inline(never)
  private func look(_ key: Span<UInt8>, hash: UInt64, _ number: Int) -> Plan? {
    let (previous, ahead) = slots[number].client.withLock { client in
      let previous = client.previous
      client.previous = hash
      return (previous, client.run.next(key))
    }
    if let ahead { return .run(behind: ahead.behind, count: ahead.count, client: number) }
    let next = table.withLock { table in
      if let previous { table.learn(previous, then: key, hash: hash) }
      return table.successors(of: hash, atLeast: Self.share)
    }
    let wanted = next.filter { duty.issue($0.hash) }
    return wanted.isEmpty ? nil : .keys(wanted)
  }
}
