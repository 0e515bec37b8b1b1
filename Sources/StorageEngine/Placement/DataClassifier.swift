internal import Glibc

/// How each key is used, and so where it belongs, in memory that does not grow.
///
/// An access counts fully at first and by 1/e less with each day, so that a steady use of n a day counts
/// n. Most keys share a sketch (``AccessSketch``), which may tell too much of one; those that it tells to
/// come near the hot threshold are counted one by one (``TopKeys``) from there on, and only such a count
/// makes a key hot.
///
/// Times are seconds on its owner's clock, which must not run backwards.
struct DataClassifier {
  let rule: PlacementRule
  private var sketch: AccessSketch
  private var top: TopKeys
  private var recent: RecentKeys
  /// Bytes that it was made for.
  let askedBytes: Int
  private var begin: Double
  private var hasSeenAll: Bool
  /// Since when no use went by unseen.
  private var seenSince: Double
  /// When counts were decayed last; what came later stands for more by ``inflation(at:)``.
  private var agedAt: Double
  /// The use a day from which a key is counted by itself.
  private var topPerDay: Double
  private let topPerDayLeast: Double

  private static let day = 86400.0
  /// Seconds in which a count falls to 1/e.
  private static let decaySeconds = day
  private static let agingSeconds = day / 16
  /// What the sketch must tell of a key before it is counted by itself: as it tells too much rather than
  /// too little, no key that is hot stays below.
  private static let topShare = 0.5

  /// A classifier.
  ///
  /// - Parameters:
  ///   - rule: The thresholds.
  ///   - byteCount: Of memory, of which six tenths are for the sketch.
  ///   - hasSeenAll: Whether the store is new, so that no use came before.
  ///   - now: The time.
  init(rule: PlacementRule, byteCount: Int, hasSeenAll: Bool, now: Double) {
    self.rule = rule
    begin = now
    seenSince = now
    self.hasSeenAll = hasSeenAll
    askedBytes = byteCount
    agedAt = now
    topPerDayLeast = rule.hotPerDay * Self.topShare
    topPerDay = topPerDayLeast
    // What is decayed last has grown by up to an aging's factor.
    sketch = AccessSketch(
      byteCount: byteCount * 6 / 10, countMax: Self.countMax(rule))
    // A table is up to twice as large as its entries at their densest.
    top = TopKeys(countMax: byteCount / 4 / 2 / MemoryLayout<TopKeys.Entry>.stride)
    recent = RecentKeys(
      byteCount: byteCount * 15 / 100, seconds: rule.warmIdleSeconds, now: now)
  }

  /// The highest use a day that the sketch must tell.
  private static func countMax(_ rule: PlacementRule) -> Double {
    2 * max(rule.hotPerDay, rule.warmPerDay)
  }

  /// What of it the sketch tells in spite of what decay takes.
  private static let toldShare = 0.9

  /// Bytes that it takes.
  var byteCount: Int { sketch.byteCount + top.byteCount + recent.byteCount }
  /// Keys that are counted by themselves.
  var topCount: Int { top.count }

  /// Whether a key of which it knows nothing was not used: it has watched since the store was made, or for
  /// long enough.
  func knowsAll(at now: Double) -> Bool {
    hasSeenAll || now - seenSince >= rule.warmIdleSeconds
  }

  /// Whether a key that was found in a lower tier is on its way to belong to a higher one, with so many
  /// accesses more than are noted.
  mutating func rises(
    _ hash: UInt64, in tier: Tier, with accesses: Double, at now: Double
  ) -> Bool {
    guard tier != .hot else { return false }
    let bar = tier == .cold ? min(rule.warmPerDay, rule.hotPerDay) : rule.hotPerDay
    return use(of: hash, at: now).perDay + accesses >= bar / 2
  }

  /// Notes accesses of a key.
  mutating func note(_ hash: UInt64, _ count: Double = 1, at now: Double) {
    age(to: now)
    let amount = count * inflation(at: now)
    recent.note(hash, at: now)
    if top.note(hash, amount, at: now) { return }
    let sum = sketch.add(hash, amount)
    guard perDay(sum, at: now) >= topPerDay else { return }
    if top.isFull { makeRoom(at: now) }
    if perDay(sum, at: now) >= topPerDay {
      top.insert(TopKeys.Entry(hash: hash, count: sum, usedAt: now))
    }
  }

  /// How a key is used.
  mutating func use(of hash: UInt64, at now: Double) -> KeyUse {
    age(to: now)
    if let entry = top.entry(of: hash) {
      return KeyUse(perDay: perDay(entry.count, at: now), idleSeconds: now - entry.usedAt)
    }
    // The sketch alone makes no key hot, nor keeps it so.
    let rate = min(
      perDay(sketch.count(of: hash), at: now), rule.hotPerDay * min(1, rule.stayingShare))
    return KeyUse(perDay: rate, idleSeconds: recent.wasUsed(hash, at: now) ? 0 : .infinity)
  }

  /// Where a key belongs.
  mutating func tier(of hash: UInt64, in current: Tier, at now: Double) -> Tier {
    rule.tier(for: use(of: hash, at: now), in: current)
  }

  // MARK: Keeping

  /// Seconds of which nothing may be known and yet keys sink: twice the default interval at which it is kept.
  private static let unseenSecondsMax = 7200.0

  /// More words than one of so many bytes keeps.
  static func wordsMax(_ byteCount: Int) -> Int { byteCount / 4 + 4096 }

  /// What it knows, by ages instead of times.
  func words(at now: Double) -> [UInt64] {
    let entries = top.entries
    let numbers = [
      rule.hotPerDay, rule.hotIdleSeconds, rule.warmPerDay, rule.warmIdleSeconds,
      rule.stayingShare, now - begin, now - agedAt, topPerDay, now - seenSince,
    ]
    var words = [UInt64(askedBytes)] + numbers.map(\.bitPattern)
    words += [hasSeenAll ? 1 : 0, UInt64(entries.count)]
    for entry in entries {
      words += [entry.hash, entry.count.bitPattern, (now - entry.usedAt).bitPattern]
    }
    return words + sketch.words + recent.kept(at: now)
  }

  /// Goes on with what a classifier knew so many seconds ago; nil where its words are not whole.
  init?(words: [UInt64], secondsAgo: Double, now: Double) {
    var reader = WordReader(words)
    guard let bytes = reader.next(), bytes <= UInt64(words.count) * 16 + 4096 else { return nil }
    var numbers: [Double] = []
    while numbers.count < 9, let number = reader.number(), number >= 0 { numbers.append(number) }
    guard numbers.count == 9, let hasSeenAll = reader.next(), let count = reader.next() else {
      return nil
    }
    var rule = PlacementRule()
    (rule.hotPerDay, rule.hotIdleSeconds) = (numbers[0], numbers[1])
    (rule.warmPerDay, rule.warmIdleSeconds) = (numbers[2], numbers[3])
    rule.stayingShare = numbers[4]
    self.init(rule: rule, byteCount: Int(bytes), hasSeenAll: hasSeenAll != 0, now: now)
    let then = now - secondsAgo
    begin = then - numbers[5]
    agedAt = then - numbers[6]
    seenSince = then - numbers[8]
    // What was used since it was written, before a crash or without placement, is not known.
    if secondsAgo > Self.unseenSecondsMax {
      self.hasSeenAll = false
      seenSince = now
    }
    topPerDay = max(topPerDayLeast, numbers[7])
    guard count <= top.countMax else { return nil }
    for _ in 0..<count {
      guard let hash = reader.next(), let amount = reader.number(), let idle = reader.number()
      else { return nil }
      top.insert(TopKeys.Entry(hash: hash, count: max(0, amount), usedAt: then - max(0, idle)))
    }
    guard sketch.take(&reader), recent.take(&reader, at: then), reader.isAtEnd else { return nil }
  }

  // MARK: Decay

  /// How much more an access counts now than one at the last aging did.
  private func inflation(at now: Double) -> Double { exp(max(0, now - agedAt) / Self.decaySeconds) }

  /// Accesses a day from a count.
  ///
  /// Of a steady use, a count holds what came since the beginning: 1 - exp(-age) days of it. Less than an
  /// hour is taken for one, so that a first access is not a rate of thousands.
  private func perDay(_ count: Double, at now: Double) -> Double {
    let age = max(3600, now - begin)
    return count / inflation(at: now) * (Self.day / Self.decaySeconds)
      / (1 - exp(-age / Self.decaySeconds))
  }

  private mutating func age(to now: Double) {
    guard now - agedAt >= Self.agingSeconds else { return }
    let factor = 1 / inflation(at: now)
    sketch.age(by: factor)
    agedAt = now
    topPerDay = max(topPerDayLeast, topPerDay / 2)
    // Half of the bar, so that no key comes and goes with every aging.
    let least = topPerDay / 2 / perDay(1, at: now)
    sweep { entry in
      entry.count *= factor
      return entry.count >= least
    }
  }

  /// Lets a quarter of the keys go, those that are used least, and takes none that is used less for a while.
  private mutating func makeRoom(at now: Double) {
    let counts = top.entries.map(\.count).sorted()
    guard !counts.isEmpty else { return }
    let limit = counts[counts.count / 4]
    var leaving = counts.count / 4 + 1
    // No higher than the sketch can tell, else no key comes near it again.
    topPerDay = max(topPerDay, min(perDay(limit, at: now), Self.toldShare * Self.countMax(rule)))
    sweep { entry in
      guard entry.count <= limit, leaving > 0 else { return true }
      leaving -= 1
      return false
    }
  }

  /// Changes the keys that are counted by themselves; the sketch goes on with those that are not kept.
  private mutating func sweep(_ change: (inout TopKeys.Entry) -> Bool) {
    var left: [TopKeys.Entry] = []
    top.sweep(change) { left.append($0) }
    for entry in left { sketch.raise(entry.hash, to: entry.count) }
  }
}
