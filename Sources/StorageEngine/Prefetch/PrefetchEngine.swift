internal import LinuxIO
internal import Measurements
internal import RocksDB
internal import Synchronization

/// Reads keys into the hot cache before they are asked for: those that came after a key before, and those
/// behind one that a client walks by.
///
/// A client is a thread, or some that share one of 64 slots: so the turns of most do not mix.
final class PrefetchEngine: Sendable {
  /// What to read ahead.
  enum Plan: Sendable {
    case keys([(key: [UInt8], hash: UInt64)])
    /// So many keys behind one, in their order, for a client.
    case run(behind: [UInt8], count: Int, client: Int)
  }

  private struct Client {
    var duty = PrefetchDuty()
    var previous: UInt64?
    var run = RunDetector()
  }

  /// What comes of an access.
  struct Advice: Sendable {
    /// What to read ahead now; nil for nothing.
    var plan: Plan?
    /// Whether what is being read behind the client's run may be what it asks for, and is worth waiting for.
    var awaitsRun = false
  }

  /// What an access tells, at which something may be read ahead.
  private struct Look {
    /// The key before it, after which it is to be learnt.
    var previous: UInt64?
    /// Behind which key so many should be read ahead.
    var ahead: (behind: [UInt8], count: Int)?
    var isRun: Bool
    var awaitsRun: Bool
  }

  private final class Slot: Sendable {
    let client = Mutex(Client())
  }

  private final class Table: Sendable {
    let successors: Mutex<SuccessorTable>

    init(byteCount: Int) { successors = Mutex(SuccessorTable(byteCount: byteCount)) }
  }

  /// Tells which accesses are looked at, without counting references to the engine, which must outlive it.
  struct Gate: Sendable, BitwiseCopyable {
    /// Accesses to let pass before a client is looked at again.
    fileprivate let rests: Countdowns.View

    /// Whether an access of a client passes unseen; it counts as one of those that may.
    @inline(__always)
    func rests(_ client: Int) -> Bool { !rests.isDue(client) }
  }

  let ledger = PrefetchLedger()
  let flights: PrefetchFlights
  private let rests = Countdowns(count: slotCount)
  private let slots: [Slot] = (0..<slotCount).map { _ in Slot() }
  /// What came after which key, in one of them by the hash of the key before.
  private let tables: [Table]
  private let meter: OperationMeter
  /// Nanoseconds a read from which on a client waits for what is read behind its run.
  private let awaitCost: Double

  private static let slotCount = 64
  /// With one table, gets by 16 threads on two processors spent a seventh of their time waiting for its lock.
  private static let tableCount = 16
  /// A successor must have come in more than half of the times that count.
  private static let share: Float = 0.5

  /// An engine that remembers in so many bytes, and tells a meter how clients go by keys.
  init(byteCount: Int, meter: OperationMeter, awaitCost: Double, awaitLongest: Nanoseconds) {
    self.awaitCost = awaitCost
    flights = PrefetchFlights(longest: awaitLongest)
    tables = (0..<Self.tableCount).map { _ in Table(byteCount: byteCount / Self.tableCount) }
    self.meter = meter
  }

  /// The slot of the calling thread.
  @inline(__always)
  static func client() -> Int {
    ThreadNumber.current & (slotCount - 1)
  }

  private func table(of hash: UInt64) -> Table {
    tables[Int(truncatingIfNeeded: hash) & (Self.tableCount - 1)]
  }

  /// Tells which accesses are looked at.
  var gate: Gate { Gate(rests: rests.view) }

  /// Looks at an access.
  ///
  /// - Parameters:
  ///   - key: What was asked for.
  ///   - hash: Of the key.
  ///   - wasCached: Whether the cache had it.
  ///   - number: The client's.
  ///   - isMissing: Whether the cache lacks a key.
  /// - Returns: What comes of it.
  func note(
    _ key: Span<UInt8>, hash: UInt64, wasCached: Bool, client number: Int,
    isMissing: ([UInt8], UInt64) -> Bool
  ) -> Advice {
    // More than the readers get done would only stand in line, before what somebody waits for.
    let hasRoom = flights.hasRoom
    // Who walks over what the cache has of its own accord needs nothing read ahead.
    let isDue = hasRoom && (!wasCached || ledger.isOpen(hash))
    let slot = slots[number]
    let look = slot.client.withLock { client -> Look? in
      let part = client.duty.next(wasCached: wasCached) { ledger.precision }
      rests.view.start(number, from: Int(client.duty.rest))
      guard part == .plan else {
        client.previous = nil
        return nil
      }
      let ahead = client.run.next(key, isDue: isDue)
      // What is read ahead as part of a run need not be learnt.
      let previous = client.run.isCovered ? nil : client.previous
      client.previous = hash
      return Look(
        previous: previous, ahead: ahead, isRun: client.run.isRun,
        awaitsRun: client.run.isAwaiting && client.duty.awaits(from: awaitCost))
    }
    guard let look else { return Advice() }
    meter.noteWatched(isRun: look.isRun)
    if let ahead = look.ahead {
      let plan = Plan.run(behind: ahead.behind, count: ahead.count, client: number)
      return Advice(plan: plan, awaitsRun: look.awaitsRun)
    }
    if let previous = look.previous {
      table(of: previous).successors.withLock { $0.learn(previous, then: key, hash: hash) }
    }
    let next = table(of: hash).successors.withLock { $0.successors(of: hash, atLeast: Self.share) }
    guard hasRoom else { return Advice(awaitsRun: look.awaitsRun) }
    let wanted = next.filter { isMissing($0.key, $0.hash) && ledger.issue($0.hash) }
    return Advice(plan: wanted.isEmpty ? nil : .keys(wanted), awaitsRun: look.awaitsRun)
  }

  /// Notes how long a client read what the cache did not have.
  func noteRead(_ time: Nanoseconds, client: Int) {
    slots[client].client.withLock { $0.duty.read(Double(time.rawValue)) }
  }

  /// Notes how long a client waited for what was under way.
  func noteWait(_ time: Nanoseconds, client: Int) {
    slots[client].client.withLock { $0.duty.wait(Double(time.rawValue)) }
  }

  /// What of the next keys behind a client's run is to be read.
  ///
  /// - Parameters:
  ///   - keys: Which.
  ///   - known: Up to which key these are all that were found; others may lie behind what was passed over.
  ///   - client: The client.
  ///   - isMissing: Whether the cache lacks a key.
  /// - Returns: Those that the client did not go by, that the cache lacks and that nobody reads ahead so far;
  ///   nil where the run has ended.
  func stillWanted(
    _ keys: [[UInt8]], upTo known: [UInt8], by client: Int, isMissing: ([UInt8], UInt64) -> Bool
  ) -> [(key: [UInt8], hash: UInt64)]? {
    let run = slots[client].client.withLock { client in
      client.run.reached(known)
      return client.run
    }
    guard run.isAwaiting else { return nil }
    return keys.filter { !run.hasPassed($0) }.map { ($0, KeyHash.hash($0.span)) }
      .filter { isMissing($0.0, $0.1) && ledger.issue($0.1) }
  }

  /// Notes that of the keys behind a run that were asked for by a client, so many were found and no more are
  /// read.
  func endRun(count: Int, of askedCount: Int, by client: Int) {
    slots[client].client.withLock { $0.run.ended(count: count, of: askedCount) }
  }
}
