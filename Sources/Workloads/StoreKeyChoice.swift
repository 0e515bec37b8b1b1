/// How one worker chooses key numbers; what a request for several keys expands to.
///
/// Each key is put by one worker only, which therefore knows what it last put there.
public struct StoreKeyChoice: Sendable {
  @usableFromInline let count: UInt64
  @usableFromInline let choice: RequestStream.Choice
  @usableFromInline let scatter: RankScatter
  /// How many workers put keys, and which of them this is; the index is not below the count for a
  /// worker that only reads.
  @usableFromInline let ownerCount: UInt64
  @usableFromInline let ownerIndex: UInt64

  /// The choice of `worker` (from 0) of `workers`.
  public init(_ workload: StoreWorkload, worker: Int, workers: Int) {
    let all = Swift.max(workers, 1)
    let index = Swift.min(Swift.max(worker, 0), all - 1)
    count = Swift.max(workload.keyCount, 1)
    choice = RequestStream.Choice(workload.distribution, count: count)
    scatter = RankScatter(count: count, key: workload.scatterSeed)
    let writers = workload.kind == .readWhileWriting ? Swift.min(workload.writers, all) : 0
    ownerCount = UInt64(writers > 0 ? writers : all)
    let first = writers > 0 ? all - writers : 0
    ownerIndex = index >= first ? UInt64(index - first) : .max
  }

  /// A key number below the count.
  @inlinable
  public func next(_ random: inout SeededGenerator) -> UInt64 {
    switch choice {
    case .uniform: random.next(below: count)
    case .zipf(let sampler): scatter.place(of: sampler.next(&random))
    case .hotCold(let sampler): scatter.place(of: sampler.next(&random))
    }
  }

  /// A key number of this worker's own.
  @inlinable
  public func nextOwn(_ random: inout SeededGenerator) -> UInt64 {
    let number = next(&random)
    guard ownerCount > 1, ownerIndex < ownerCount else { return number }
    // The number of ours nearest by: neighbours are as often chosen as each other.
    let own = number &- number % ownerCount &+ ownerIndex
    if own < count { return own }
    return own >= ownerCount ? own &- ownerCount : number
  }

  /// The place of a number among this worker's own; nil for others' keys.
  @inlinable @inline(__always)
  func ownPlace(of number: UInt64) -> UInt64? {
    if ownerCount == 1 { return ownerIndex == 0 ? number : nil }
    let (place, owner) = number.quotientAndRemainder(dividingBy: ownerCount)
    return owner == ownerIndex ? place : nil
  }
}

/// What one worker was acknowledged to have put: how many puts ago each of its keys was last put.
///
/// Memory is bounded: of a worker's keys the first 16 million are remembered. Nothing here allocates
/// after the start.
public struct AcknowledgedPuts: Sendable {
  @usableFromInline let keys: StoreKeyChoice
  @usableFromInline var last: [UInt32]

  /// The most keys that are remembered: 64 MiB for each worker.
  public static let countMax: UInt64 = 1 << 24

  /// Nothing put yet; remembers nothing for a workload that does not both put and read.
  public init(_ workload: StoreWorkload, keys: StoreKeyChoice) {
    self.keys = keys
    let remembers = workload.reads && workload.writes && keys.ownerIndex < keys.ownerCount
    let count =
      remembers ? Swift.min(workload.keyCount / keys.ownerCount + 1, Self.countMax) : 0
    last = Array(repeating: 0, count: Int(count))
  }

  /// The ordinal of a key's last acknowledged put; 0 where there was none, or none is known.
  @inlinable
  public func ordinal(of number: UInt64) -> UInt32 {
    guard let place = keys.ownPlace(of: number), place < UInt64(last.count) else { return 0 }
    return last[Int(place)]
  }

  /// Notes an acknowledged put; ordinals rise with each put of a worker, from 1.
  ///
  /// Those beyond 32 bits are not noted: the one before stays what a read must return at least.
  @inlinable
  public mutating func acknowledge(_ number: UInt64, ordinal: UInt64) {
    guard let place = keys.ownPlace(of: number), place < UInt64(last.count),
      let short = UInt32(exactly: ordinal)
    else { return }
    if last[Int(place)] < short { last[Int(place)] = short }
  }

  /// Whether any key can be remembered.
  @inlinable public var remembers: Bool { !last.isEmpty }
}
