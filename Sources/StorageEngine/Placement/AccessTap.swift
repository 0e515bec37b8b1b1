internal import LinuxIO
internal import Synchronization

/// Takes note of accesses for the classifier, at little cost to callers.
///
/// Up to ``accessesPerSecond`` each access counts; beyond that one in some, chosen at random, counts for
/// all of them. Keys that matter at such rates are used often enough for it.
final class AccessTap: Sendable {
  /// Notes a second that the classifier is to take: below a hundredth of one processor.
  static let accessesPerSecond = 100_000.0

  private struct Note {
    var hash: UInt64
    var weight: Double
    var time: Double
  }

  private final class Lane: Sendable {
    let notes = Mutex<[Note]>([])
  }

  /// Tells which accesses count, without counting references to the tap, which must outlive it.
  struct Gate: Sendable, BitwiseCopyable {
    /// Accesses to leave out, for each lane.
    fileprivate let skips: Countdowns.View

    /// Whether the access of a key counts, which the process knows under a hash; asked once for each.
    @inline(__always)
    func counts(_ hash: UInt64) -> Bool { skips.isDue(AccessTap.lane(hash)) }
  }

  /// The classifier, and how many notes came within this second.
  private struct State {
    var classifier: DataClassifier
    var random: UInt64 = 0x2545_F491_4F6C_DD1D
    var windowBegin: Double
    var windowCount = 0.0
  }

  private let skips = Countdowns(count: laneCount)
  private let lanes: [Lane] = (0..<laneCount).map { _ in Lane() }
  private let state: Mutex<State>
  private let period = Atomic<Int>(1)
  private let clock: @Sendable () -> Double
  let seed: UInt64

  private static let laneCount = 16
  private static let noteCount = 256
  private static let notesMax = 1 << 15
  private static let periodMax = 1 << 12

  /// Notes for a classifier that knows keys by their hash under a seed, by a clock of seconds.
  init(_ classifier: DataClassifier, seed: UInt64, clock: @escaping @Sendable () -> Double) {
    self.clock = clock
    self.seed = seed
    state = Mutex(State(classifier: classifier, windowBegin: clock()))
  }

  /// Tells which accesses count.
  var gate: Gate { Gate(skips: skips.view) }

  /// Notes an access of a key, if it counts.
  @inline(__always)
  func note(_ key: Span<UInt8>, hash: UInt64) {
    if gate.counts(hash) { keep(key, hash: hash) }
  }

  /// What the classifier knows a key by, in this process and the next.
  func heatHash(_ key: Span<UInt8>) -> UInt64 { KeyHash.hash(key, seed: seed) }

  @inline(__always)
  private static func lane(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash &>> 4) & (laneCount - 1)
  }

  /// Takes all notes out of a lane.
  private static func empty(_ lane: Lane) -> [Note] {
    lane.notes.withLock { notes in
      defer { notes.removeAll(keepingCapacity: true) }
      return notes
    }
  }

  /// Notes an access of a key that counts.
  @inline(never)
  func keep(_ key: Span<UInt8>, hash processHash: UInt64) {
    let number = Self.lane(processHash)
    let lane = lanes[number]
    let hash = heatHash(key)
    let period = period.load(ordering: .relaxed)
    let time = clock()
    // On average one in `period`, at no fixed step: keys are often asked for in turn.
    if period > 1 {
      skips.view.start(
        number, from: Self.mixed(hash ^ time.bitPattern, below: 2 * period - 1))
    }
    let note = Note(hash: hash, weight: Double(period), time: time)
    let full = lane.notes.withLock { notes -> [Note]? in
      notes.append(note)
      // Where little is asked for, what is known must not be old.
      guard notes.count >= Self.noteCount || time - notes[0].time >= 1 else { return nil }
      defer { notes.removeAll(keepingCapacity: true) }
      return notes
    }
    guard let full else { return }
    // While all that is known is looked through, nobody waits; what then comes too fast is lost.
    let isTaken: Void? = state.withLockIfAvailable { take(full, into: &$0) }
    guard isTaken == nil else { return }
    lane.notes.withLock { if $0.count + full.count <= Self.notesMax { $0 = full + $0 } }
  }

  private static func mixed(_ value: UInt64, below bound: Int) -> Int {
    Int(truncatingIfNeeded: (value &* 0xD6E8_FEB8_6659_FD93) &>> 33) % bound
  }

  private func take(_ notes: [Note], into state: inout State) {
    for note in notes { state.classifier.note(note.hash, note.weight, at: note.time) }
    guard let last = notes.last else { return }
    state.windowCount += Double(notes.count)
    let elapsed = last.time - state.windowBegin
    guard elapsed >= 1 || state.windowCount >= Self.accessesPerSecond else { return }
    let rate = state.windowCount / max(elapsed, 1e-3)
    let now = period.load(ordering: .relaxed)
    if rate > Self.accessesPerSecond {
      period.store(min(Self.periodMax, 2 * now), ordering: .relaxed)
    } else if rate < Self.accessesPerSecond / 4, now > 1 {
      period.store(now / 2, ordering: .relaxed)
    }
    state.windowBegin = last.time
    state.windowCount = 0
  }

  /// Lends the classifier with all that was noted so far.
  func withClassifier<R: Sendable>(_ body: (inout DataClassifier, _ now: Double) -> R) -> R {
    state.withLock { state in
      for lane in lanes { take(Self.empty(lane), into: &state) }
      return body(&state.classifier, clock())
    }
  }

  /// Whether a key that was found in a lower tier is on its way to belong to a higher one, by what is
  /// known so far and the access that found it.
  func rises(_ key: Span<UInt8>, hash: UInt64, in tier: Tier) -> Bool {
    let weight = Double(period.load(ordering: .relaxed))
    let known = heatHash(key)
    let lane = lanes[Self.lane(hash)]
    return state.withLockIfAvailable { state in
      // The accesses before this one may be among them.
      take(Self.empty(lane), into: &state)
      return state.classifier.rises(known, in: tier, with: weight, at: clock())
    } ?? false
  }

  /// Lends the classifier as it is, for a short look.
  func glance<R: Sendable>(_ body: (inout DataClassifier, _ now: Double) -> R) -> R {
    state.withLock { body(&$0.classifier, clock()) }
  }
}
