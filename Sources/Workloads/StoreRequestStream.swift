/// The endless sequence of one worker's requests to a store; the same seed gives the same requests.
///
/// Slots matter in one way only: an insert counts as done when its slot is asked for again, and only
/// then may a read of the latest keys choose it.
public struct StoreRequestStream: RequestSource {
  /// What a worker does when it does not read, or reads.
  enum Step: Sendable { case get, missing, multiGet, scan(Operation), put, batch, update, insert }

  private var random: SeededGenerator
  private let keys: StoreKeyChoice
  private let readPercent: UInt64
  private let read: Step
  private let write: Step
  private let readsLatest: Bool
  private let variesLength: Bool
  /// Where the scans of each slot begin; nil where scans begin at chosen keys.
  private let firstRanks: [UInt64]?
  private let entries: UInt32
  private let entryBytes: UInt32
  /// Ranks by age, for reads of the latest keys.
  private let ages: ZipfSampler
  private var inserts: InsertOrder
  private var fill: FillShare?

  /// The requests of `worker` (from 0) of `workers`; out-of-range numbers count as the nearest.
  ///
  /// - Parameters:
  ///   - workload: What is asked for.
  ///   - worker: Which worker, from 0.
  ///   - workers: How many there are.
  ///   - depth: Slots are below this.
  ///   - seed: All workers are given the same and take different sequences from it.
  public init(_ workload: StoreWorkload, worker: Int, workers: Int, depth: Int, seed: UInt64) {
    let all = Swift.max(workers, 1)
    let index = Swift.min(Swift.max(worker, 0), all - 1)
    random = SeededGenerator(
      seed: SeededGenerator.derivedSeed(seed, phase: "requests", worker: index))
    keys = StoreKeyChoice(workload, worker: index, workers: all)
    readPercent = UInt64(workload.readPercent(worker: index, workers: all))
    (read, write) = Self.steps(workload.kind)
    readsLatest = workload.kind == .ycsbD
    variesLength = workload.kind == .ycsbE
    firstRanks = workload.scansOn ? Self.firstRanks(workload, index, all, depth) : nil
    entries = UInt32(clamping: Swift.max(workload.entries, 1))
    entryBytes = workload.entryBytes
    var theta = 0.99
    if case .zipf(let given) = workload.distribution { theta = given }
    ages = ZipfSampler(count: workload.keyCount, theta: theta)
    inserts = InsertOrder(
      first: workload.keyCount + UInt64(index), step: UInt64(all), depth: depth)
    fill =
      workload.kind == .fill
      ? FillShare(keyCount: workload.keyCount, worker: UInt64(index), workers: UInt64(all)) : nil
  }

  /// The slots of all workers, equally far apart.
  private static func firstRanks(
    _ workload: StoreWorkload, _ worker: Int, _ workers: Int, _ depth: Int
  ) -> [UInt64] {
    let count = Swift.max(workload.keyCount, 1)
    let slots = UInt64(workers) * UInt64(Swift.max(depth, 1))
    return (0..<Swift.max(depth, 1)).map { slot in
      let place = UInt64(worker) * UInt64(Swift.max(depth, 1)) + UInt64(slot)
      let (high, low) = place.multipliedFullWidth(by: count)
      return (workload.firstRank % count &+ slots.dividingFullWidth((high, low)).quotient) % count
    }
  }

  private static func steps(_ kind: StoreWorkloadKind) -> (read: Step, write: Step) {
    switch kind {
    case .fill, .randomWrite, .readWhileWriting, .ycsbA, .ycsbB, .randomRead, .pointLookup, .ycsbC:
      (.get, .put)
    case .missingKeys: (.missing, .put)
    case .multiGet: (.multiGet, .put)
    case .scanForward: (.scan(.scanForward), .put)
    case .scanBackward: (.scan(.scanBackward), .put)
    case .batchWrite: (.get, .batch)
    case .ycsbD: (.get, .insert)
    case .ycsbE: (.scan(.scanForward), .insert)
    case .ycsbF: (.get, .update)
    }
  }

  /// Whether this worker's share of a fill was handed out; never true for other kinds.
  public var covered: Bool { fill?.isCovered ?? false }

  /// The next request.
  public mutating func next(slot: UInt32) -> Request {
    if let piece = fill?.next(entries) {
      return Request(
        offset: piece.first, length: piece.count &* entryBytes,
        operation: entries == 1 ? .write : .batch, slot: slot, count: piece.count)
    }
    inserts.finish(slot)
    return request(isRead ? read : write, slot)
  }

  private var isRead: Bool {
    mutating get {
      if readPercent == 100 { return true }
      return readPercent > 0 && random.next(below: 100) < readPercent
    }
  }

  private mutating func request(_ step: Step, _ slot: UInt32) -> Request {
    switch step {
    case .get: return one(.read, readsLatest ? latest() : keys.next(&random), slot)
    case .missing:
      return Request(
        offset: random.next(below: StoreKeys.countMax), length: 0, operation: .read, slot: slot)
    case .put: return one(.write, keys.nextOwn(&random), slot)
    case .update: return one(.readModifyWrite, keys.nextOwn(&random), slot)
    case .insert: return one(.write, inserts.begin(slot), slot)
    case .multiGet: return several(.multiGet, random.next(), entries, slot)
    case .batch: return several(.batch, random.next(), entries, slot)
    case .scan(let operation):
      if let firstRanks {
        let first = Int(slot) < firstRanks.count ? firstRanks[Int(slot)] : 0
        return several(operation, first, entries, slot)
      }
      let start = keys.next(&random)
      let count =
        variesLength
        ? UInt32(truncatingIfNeeded: random.next(below: UInt64(entries))) &+ 1 : entries
      return several(operation, start, count, slot)
    }
  }

  private func one(_ operation: Operation, _ number: UInt64, _ slot: UInt32) -> Request {
    Request(offset: number, length: entryBytes, operation: operation, slot: slot)
  }

  private func several(
    _ operation: Operation, _ offset: UInt64, _ count: UInt32, _ slot: UInt32
  ) -> Request {
    Request(
      offset: offset, length: count &* entryBytes, operation: operation, slot: slot, count: count)
  }

  /// A key by its age: this worker's finished inserts, the newest first, then those of the fill, the
  /// last first.
  private mutating func latest() -> UInt64 {
    let rank = ages.next(&random)
    let finished = inserts.finishedCount
    if rank < finished { return inserts.number(finished &- 1 &- rank) }
    let older = rank &- finished
    return older < keys.count ? keys.count &- 1 &- older : 0
  }
}

/// One worker's new keys, and which of them are known to be in the store.
struct InsertOrder: Sendable {
  private let first: UInt64
  private let step: UInt64
  private var begun: UInt64 = 0
  /// The ordinal of the insert in each slot, `none` where there is no insert.
  private var slots: [UInt64]
  /// All inserts before this one are finished.
  private(set) var finishedCount: UInt64 = 0
  private static let none = UInt64.max

  init(first: UInt64, step: UInt64, depth: Int) {
    self.first = first
    self.step = step
    slots = Array(repeating: Self.none, count: Swift.max(depth, 1))
  }

  /// The key number of an insert.
  func number(_ ordinal: UInt64) -> UInt64 { first &+ ordinal &* step }

  /// Begins an insert and returns its key number.
  mutating func begin(_ slot: UInt32) -> UInt64 {
    defer { begun &+= 1 }
    if Int(slot) < slots.count { slots[Int(slot)] = begun }
    return number(begun)
  }

  /// Says that what a slot had in flight is answered.
  mutating func finish(_ slot: UInt32) {
    guard Int(slot) < slots.count, slots[Int(slot)] != Self.none else { return }
    let ordinal = slots[Int(slot)]
    slots[Int(slot)] = Self.none
    guard ordinal == finishedCount else { return }
    var oldest = begun
    for other in slots where other < oldest { oldest = other }
    finishedCount = oldest
  }
}

/// One worker's part of a fill: a run of key numbers, handed out in ascending order, again and again.
struct FillShare: Sendable {
  private let start: UInt64
  private let end: UInt64
  private var position: UInt64
  /// Whether every number was handed out once; true from the start for an empty share.
  private(set) var isCovered: Bool

  init(keyCount: UInt64, worker: UInt64, workers: UInt64) {
    let (each, extra) = keyCount.quotientAndRemainder(dividingBy: workers)
    start = worker * each + Swift.min(worker, extra)
    end = start + each + (worker < extra ? 1 : 0)
    position = start
    isCovered = start == end
  }

  /// The next numbers, at most `count`; none of an empty share.
  mutating func next(_ count: UInt32) -> (first: UInt64, count: UInt32) {
    let first = position
    let taken = Swift.min(UInt64(count), end &- first)
    position = first &+ taken
    if position == end {
      position = start
      isCovered = true
    }
    return (first, UInt32(truncatingIfNeeded: taken))
  }
}
