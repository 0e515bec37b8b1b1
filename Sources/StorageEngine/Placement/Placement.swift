internal import Dispatch
internal import LinuxIO
internal import Measurements
internal import Synchronization

/// What a store knows of the use of its keys, and the thread that moves them by it.
final class Placement: Sendable {
  let settings: PlacementSettings
  private let folder: String
  let tap: AccessTap
  let rising: RisingKeys
  /// Held by whoever reclassifies; with what the last one leaves to the next.
  let turn = Mutex(ReclassificationMemory())
  /// What the last reclassification did; nil before the first.
  let lastReport = Mutex<ReclassifyReport?>(nil)
  private let isStarted = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let bell = DispatchSemaphore(value: 0)
  private let thread = Mutex<PinnedThread?>(nil)

  /// Of the memory, a quarter is for names; what was known when the store was closed is known again.
  init(_ settings: PlacementSettings, folder: String, isNew: Bool) {
    self.settings = settings
    self.folder = folder
    let clock = settings.clock?.now ?? Self.monotonicSeconds
    let names = settings.memoryBytes / 4
    let byteCount = settings.memoryBytes - names
    let kept = isNew ? nil : HeatFile(in: folder, wordsMax: DataClassifier.wordsMax(byteCount))
    let classifier = kept.flatMap { kept -> DataClassifier? in
      let found = DataClassifier(
        words: kept.words, secondsAgo: settings.clock == nil ? kept.secondsAgo : 0, now: clock())
      return found.flatMap {
        $0.rule == settings.rule && $0.askedBytes == byteCount ? $0 : nil
      }
    }
    tap = AccessTap(
      classifier
        ?? DataClassifier(
          rule: settings.rule, byteCount: byteCount, hasSeenAll: isNew, now: clock()),
      seed: (classifier == nil ? nil : kept?.seed) ?? UInt64.random(in: .min ... .max),
      clock: clock)
    rising = RisingKeys(byteLimit: names)
  }

  @Sendable private static func monotonicSeconds() -> Double { MonotonicClock.now().seconds }

  /// Keeps what is known for the next opening; where it cannot be written, less is known then.
  ///
  /// Of a store that never came to be nothing is kept.
  func keep() {
    guard isStarted.load(ordering: .acquiring) else { return }
    let words = tap.withClassifier { $0.words(at: $1) }
    _ = HeatFile(seed: tap.seed, writtenAt: WallClock.seconds(), words: words).write(in: folder)
  }

  /// Notes where a reader found a key.
  @inline(__always)
  func noteFound(_ key: Span<UInt8>, hash: UInt64, in tier: Tier) {
    guard tier != .hot else { return }
    if tap.rises(key, hash: hash, in: tier) { rising.note(key, hash: hash) }
  }

  /// Processors that whoever opened the store may use.
  let processorCount = NUMATopology.current().cpus.count

  /// Whether moves may go on.
  var goesOn: Bool { !isStopping.load(ordering: .acquiring) }

  /// Calls `body` on a thread of its own after each interval.
  func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    isStarted.store(true, ordering: .releasing)
    guard let interval = settings.intervalSeconds else { return }
    let wait = DispatchTimeInterval.milliseconds(Int(max(1, min(interval, 1e9) * 1000)))
    let started = try PinnedThread(name: "store-placement", cpu: nil) { [self] in
      while bell.wait(timeout: .now() + wait) == .timedOut, goesOn { body() }
    }
    thread.withLock { $0 = started }
  }

  /// Has moves under way end at the next part, and waits for the thread.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    bell.signal()
    let ended = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ended?.join()
  }
}

/// What one reclassification leaves to the next.
struct ReclassificationMemory: Sendable {
  /// How full the tiers are.
  var levels: [Tier: TierLevel] = [:]
  /// The newest version when it began; what is newer was written since.
  var versionAtStart: Version?
}

/// How full a tier is, as far as its files do not show it yet: pure.
///
/// They shrink only once RocksDB merges them. What left a tier is taken for gone until as much may have been
/// written in its place; else a tier that is too full would be emptied by each look at it.
struct TierLevel: Sendable, Equatable {
  /// Bytes that the tier takes.
  private(set) var bytes: UInt64
  /// Bytes that callers had written to it by then.
  private(set) var written: UInt64
  /// Bytes that came by moves since it was last compared with the files, which may not hold them yet.
  private var moved: UInt64 = 0

  /// What is stored, where nothing else is known.
  init(stored: UInt64, written: UInt64) {
    bytes = stored
    self.written = written
  }

  /// Takes in what callers wrote since.
  mutating func advance(written now: UInt64) {
    bytes = bytes.saturatingSum(now - min(now, written))
    written = now
  }

  /// The tier takes no more than its files, and what came by moves of late.
  mutating func limit(toStored stored: UInt64) {
    bytes = min(bytes, stored.saturatingSum(moved))
    moved = 0
  }

  /// Takes in what a move brought.
  mutating func add(_ count: UInt64) {
    bytes = bytes.saturatingSum(count)
    moved = moved.saturatingSum(count)
  }

  /// Takes in what a move took away.
  mutating func remove(_ count: UInt64) { bytes -= min(bytes, count) }
}
