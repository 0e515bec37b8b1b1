internal import Measurements
internal import Synchronization

/// What becomes of keys that are read ahead: how many are used before they are overtaken.
final class PrefetchLedger: Sendable {
  /// What became of what was read ahead.
  struct Counts: Sendable, Equatable {
    /// Keys that were read ahead.
    var issued: UInt64 = 0
    /// Of them, those that a reader found in the cache.
    var used: UInt64 = 0
    /// Of them, those whose time is over.
    var wasted: UInt64 = 0
  }

  private struct State {
    /// Keys whose fate is open, by their hash; a newer one takes an older one's place.
    var waiting: [UInt64]
    /// The share that is used, the last few hundred counting most.
    var precision = 0.7
    var counts = Counts()
  }

  private let state = Mutex(State(waiting: [UInt64](repeating: 0, count: waitingCount)))

  private static let weight = 1.0 / 256
  private static let waitingCount = 4096

  var counts: Counts { state.withLock { $0.counts } }
  /// The share that is used.
  var precision: Double { state.withLock { $0.precision } }

  /// Whether a key is read ahead, or was and has not been asked for since.
  func isOpen(_ hash: UInt64) -> Bool {
    state.withLock { $0.waiting[Self.slot(hash)] == hash }
  }

  /// Notes that a key is read ahead; false where that was noted already.
  func issue(_ hash: UInt64) -> Bool {
    state.withLock { state in
      let slot = Self.slot(hash)
      let old = state.waiting[slot]
      guard old != hash else { return false }
      if old != 0 { Self.settle(&state, used: false) }
      state.waiting[slot] = hash
      state.counts.issued += 1
      return true
    }
  }

  /// Takes back that a key is read ahead: the cache had no room for it yet, which tells nothing of its use.
  func cancel(_ hash: UInt64) {
    state.withLock { state in
      let slot = Self.slot(hash)
      guard state.waiting[slot] == hash else { return }
      state.waiting[slot] = 0
      state.counts.issued -= 1
    }
  }

  /// Notes that a reader asked for a key, and whether the cache had it; whether reading ahead was to thank.
  func use(_ hash: UInt64, wasCached: Bool) -> Bool {
    state.withLock { state in
      let slot = Self.slot(hash)
      guard state.waiting[slot] == hash else { return false }
      state.waiting[slot] = 0
      Self.settle(&state, used: wasCached)
      return wasCached
    }
  }

  private static func slot(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (waitingCount - 1)
  }

  private static func settle(_ state: inout State, used: Bool) {
    if used { state.counts.used += 1 } else { state.counts.wasted += 1 }
    state.precision += ((used ? 1 : 0) - state.precision) * weight
  }
}

/// How long reads of keys take that memory does not have: the latest few dozen count most.
final class MissTime: Sendable {
  private let mean = Atomic<Int64>(Int64(PrefetchOutlook.usualMissNanoseconds))

  var nanoseconds: Double { Double(mean.load(ordering: .relaxed)) }

  /// Notes a read.
  ///
  /// Of two at once one may not count; one that a drive held up for long counts as sixteen.
  func note(_ time: Nanoseconds) {
    let known = mean.load(ordering: .relaxed)
    let taken = min(max(time.rawValue, Self.least), known &* 16)
    mean.store(max(Self.least, known + (taken - known) / 32), ordering: .relaxed)
  }

  /// Even a read that costs next to nothing costs a reader's thread as much as the caller is spared.
  private static let least: Int64 = 10_000
}

/// What reading ahead may bring.
struct PrefetchOutlook {
  /// The share of all that is read ahead that is used.
  var precision: Double
  /// What a read of a key takes that memory does not have.
  var missNanoseconds: Double

  /// That of a fast drive.
  static let usualMissNanoseconds = 50_000.0
  /// What looking at an access costs it.
  static let lookNanoseconds = 1000.0
}

/// Whether a client is watched, by what came of it: pure.
///
/// At first it is on trial, longer where much of what it asks for is not cached: then there is more to gain, and
/// looking at its accesses costs it less. Later it is watched always where that saves it more time than it takes,
/// and else for a short time now and then, to see whether it would.
struct PrefetchDuty {
  /// What is done with an access.
  enum Part: Equatable {
    case nothing
    /// It may use what was read ahead.
    case watch
    /// And something may be read ahead at it.
    case plan
  }

  private enum Phase {
    case trial
    case paying
    case resting
  }

  private var phase = Phase.trial
  private var count: UInt32 = 0
  /// Nanoseconds that accesses were spared.
  private var spared = 0.0
  private var missCount: UInt32 = 0

  static let trial: UInt32 = 1 << 15
  /// Most accesses of a trial, of which at least one in ``missesOneIn`` was not cached.
  static let trialMax: UInt32 = 1 << 17
  static let missesOneIn: UInt32 = 8
  /// Accesses between two judgements of a client for whom it pays.
  static let window: UInt32 = 1 << 12
  /// Accesses between two looks at one for whom it does not, on a fast drive; fewer where a look costs less
  /// beside what a read takes.
  static let period: UInt32 = 1 << 18
  static let periodMin: UInt32 = 1 << 13
  /// Of those, the first that are planned at, and those that are watched.
  static let planned: UInt32 = 1 << 11
  static let watched: UInt32 = 1 << 12
  /// At least so much of what is read ahead must be used.
  static let precisionMin = 0.4

  /// Accesses that nothing is done with before the next one that counts.
  private(set) var rest: UInt32 = 0

  /// Takes in that an access used what was read ahead, and was spared so many nanoseconds: the time of a
  /// read, without that for which it waited for one that was under way, which may be longer.
  mutating func use(sparing nanoseconds: Double) { spared += nanoseconds }

  /// Takes in the next access.
  ///
  /// - Parameters:
  ///   - wasCached: Whether the cache had what was asked for.
  ///   - outlook: What reading ahead may bring; asked now and then.
  /// - Returns: What is done with it.
  mutating func next(wasCached: Bool = false, outlook: () -> PrefetchOutlook) -> Part {
    count &+= 1
    switch phase {
    case .trial:
      if !wasCached { missCount &+= 1 }
      if count.isMultiple(of: Self.window) { judgeTrial(outlook()) }
      return .plan
    case .paying:
      if count.isMultiple(of: Self.window) { settle(Self.window, outlook()) }
      return .plan
    case .resting:
      rest = 0
      if count < Self.planned { return .plan }
      if count < Self.watched { return .watch }
      settle(Self.planned, outlook())
      return .nothing
    }
  }

  /// Whether the reads that were spared take longer than looking at so many accesses did.
  private func pays(_ planned: UInt32, _ outlook: PrefetchOutlook) -> Bool {
    spared >= Double(planned) * PrefetchOutlook.lookNanoseconds
      && outlook.precision >= Self.precisionMin
  }

  private mutating func settle(_ planned: UInt32, _ outlook: PrefetchOutlook) {
    enter(pays(planned, outlook) ? .paying : .resting, outlook)
  }

  private mutating func judgeTrial(_ outlook: PrefetchOutlook) {
    // Too little may be used yet, but what is read ahead for nothing is so from the start.
    if outlook.precision < Self.precisionMin { return enter(.resting, outlook) }
    let pays = pays(Self.window, outlook)
    spared = 0
    guard count >= Self.trial else { return }
    if pays {
      enter(.paying, outlook)
    } else if count >= Self.trialMax || missCount < count / Self.missesOneIn {
      enter(.resting, outlook)
    }
  }

  private mutating func enter(_ phase: Phase, _ outlook: PrefetchOutlook) {
    self.phase = phase
    spared = 0
    count = 0
    let usual = PrefetchOutlook.usualMissNanoseconds
    let period = Double(Self.period) * usual / max(usual, outlook.missNanoseconds)
    rest = phase == .resting ? max(Self.periodMin, UInt32(period)) : 0
  }
}
