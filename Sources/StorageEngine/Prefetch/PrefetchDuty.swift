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

/// Whether a client is watched, by what came of it: pure.
///
/// At first it is on trial, longer where much of what it asks for is not cached: then there is more to gain, and
/// looking at its accesses costs it less. Later it is watched always where enough of its accesses find what
/// was read ahead, and else for a short time now and then, to see whether they would.
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
  private var usedCount: UInt32 = 0
  private var missCount: UInt32 = 0

  static let trial: UInt32 = 1 << 15
  /// Most accesses of a trial, of which at least one in ``missesOneIn`` was not cached.
  static let trialMax: UInt32 = 1 << 17
  static let missesOneIn: UInt32 = 8
  /// Accesses between two judgements of a client for whom it pays.
  static let window: UInt32 = 1 << 12
  /// Accesses between two looks at one for whom it does not.
  static let period: UInt32 = 1 << 18
  /// Of those, the first that are planned at, and those that are watched.
  static let planned: UInt32 = 1 << 11
  static let watched: UInt32 = 1 << 12
  /// Of the accesses that are planned at, one in so many must use what was read ahead: looking at one costs
  /// about a microsecond, and reading from a drive fifty at the least.
  static let worthwhile: UInt32 = 50
  /// At least so much of what is read ahead must be used.
  static let precisionMin = 0.4

  /// Accesses that nothing is done with before the next one that counts.
  private(set) var rest: UInt32 = 0

  /// Takes in that an access used what was read ahead.
  mutating func use() { usedCount &+= 1 }

  /// Takes in the next access.
  ///
  /// - Parameters:
  ///   - wasCached: Whether the cache had what was asked for.
  ///   - precision: The share of all that is read ahead that is used.
  /// - Returns: What is done with it.
  mutating func next(wasCached: Bool = false, precision: () -> Double) -> Part {
    count &+= 1
    switch phase {
    case .trial:
      if !wasCached { missCount &+= 1 }
      if count.isMultiple(of: Self.window) { judgeTrial(precision()) }
      return .plan
    case .paying:
      if count.isMultiple(of: Self.window) {
        enter(pays(Self.window, precision()) ? .paying : .resting)
      }
      return .plan
    case .resting:
      rest = 0
      if count < Self.planned { return .plan }
      if count < Self.watched { return .watch }
      enter(pays(Self.planned, precision()) ? .paying : .resting)
      return .nothing
    }
  }

  private func pays(_ planned: UInt32, _ precision: Double) -> Bool {
    usedCount >= planned / Self.worthwhile && precision >= Self.precisionMin
  }

  private mutating func judgeTrial(_ precision: Double) {
    // Too little may be used yet, but what is read ahead for nothing is so from the start.
    if precision < Self.precisionMin { return enter(.resting) }
    let pays = pays(Self.window, precision)
    usedCount = 0
    guard count >= Self.trial else { return }
    if pays {
      enter(.paying)
    } else if count >= Self.trialMax || missCount < count / Self.missesOneIn {
      enter(.resting)
    }
  }

  private mutating func enter(_ phase: Phase) {
    self.phase = phase
    usedCount = 0
    count = 0
    rest = phase == .resting ? Self.period : 0
  }
}
