public import Driver
public import LinuxIO
public import Measurements
public import Workloads

/// Makes the store whose gates are judged; the command hands it in, so that this module knows none.
public protocol EngineFactory: Sendable {
  /// Bytes of memory below which no store can be made.
  var memoryBytesMin: UInt64 { get }

  /// Makes an empty store in an empty folder, sized for the plan.
  ///
  /// - Throws: `EngineFailure` where it cannot be made as it was asked for.
  func makeEngine(at folder: FileSystemPath, plan: EnginePlan) throws(EngineFailure) -> any Engine
}

/// What a store must be for its gates to mean something.
public struct EnginePlan: Sendable, Equatable {
  /// Keys of one store whose values have one size; a store may be asked for several.
  ///
  /// Key number 0 is the first of its own space; no key of one space is a key of another, and scans
  /// of one never meet another.
  public struct KeySpace: Sendable, Equatable {
    /// How many keys the fill writes, numbered from 0.
    public var keyCount: UInt64
    /// Bytes of each value.
    public var valueBytes: Int

    /// Plans keys.
    public init(keyCount: UInt64, valueBytes: Int) {
      self.keyCount = keyCount
      self.valueBytes = valueBytes
    }
  }

  /// What the store is filled with.
  public var keySpaces: [KeySpace]
  /// Bytes of each key.
  public var keyBytes = 16
  /// Most memory that may answer a read without the device: all caches and write buffers together.
  public var memoryBytes: UInt64
  /// A power cut takes at most what was acknowledged within this time.
  public var durabilityDelay: Nanoseconds
  /// Read table files past the page cache.
  public var directReads = true
  /// Percent of every value that compresses to nothing.
  public var compressiblePercent = 0
  /// The seed of all choices.
  public var seed: UInt64
  /// The run that writes, to be stamped into values.
  public var runID: RunID

  /// Plans a store.
  public init(
    keySpaces: [KeySpace], memoryBytes: UInt64, durabilityDelay: Nanoseconds, seed: UInt64,
    runID: RunID
  ) {
    self.keySpaces = keySpaces
    self.memoryBytes = memoryBytes
    self.durabilityDelay = durabilityDelay
    self.seed = seed
    self.runID = runID
  }
}

/// What one request asks of a store.
public enum EngineWorkload: Sendable, Equatable {
  /// Put every key of the space once.
  case fill
  /// Get one key.
  case get
  /// Put one key that exists.
  case put
  /// Get one key, or put it, by percentage.
  case mix(readPercent: Int)
  /// Get so many keys at once.
  case multiGet(keys: Int)
  /// Put so many keys in one batch.
  case batch(entries: Int)
  /// Walk over so many keys in order, each value looked at; successive requests go on where the
  /// worker's last one ended, and from the space's beginning behind its end.
  case scan(entries: Int)
}

/// One load of a store.
public struct EngineLoad: Sendable {
  /// What each request asks.
  public var workload: EngineWorkload
  /// The key space, by its position in the plan.
  public var keySpace: Int
  /// How keys are chosen.
  public var distribution: Distribution
  /// Chooses which keys are the hot ones; the same over all rounds of a run.
  public var scatterSeed: UInt64
  /// Where scans begin, so that a round goes on where the one before it ended; workers begin equally
  /// far apart from there.
  public var firstKey: UInt64 = 0
  /// Requests in flight for each worker.
  public var depth: Int
  /// Worker threads.
  public var threads: Int
  /// When requests are due.
  public var arrival = Arrival.closed
  /// When to stop; `rangeCovered` for a fill.
  public var end: LoadEnd
  /// Time before measuring begins.
  public var rampUp = Nanoseconds.zero
  /// No completion for this long is a stall.
  public var stallLimit = Nanoseconds(seconds: 10)
  /// The seed of this load's choices.
  public var seed: UInt64
  /// CPUs to pin the workers to; nil leaves it to the driver.
  public var cpus: [Int]?
  /// Whether this load only goes on beside another one: its workers then sleep until requests are
  /// due, some ten microseconds late, rather than spin on a CPU that the other one needs.
  public var isBeside = false

  /// A closed loop over a key space.
  public init(
    workload: EngineWorkload, keySpace: Int, distribution: Distribution = .uniform,
    scatterSeed: UInt64, depth: Int, threads: Int, end: LoadEnd, seed: UInt64
  ) {
    self.workload = workload
    self.keySpace = keySpace
    self.distribution = distribution
    self.scatterSeed = scatterSeed
    self.depth = depth
    self.threads = threads
    self.end = end
    self.seed = seed
  }
}

/// What a load of a store measured.
public struct EngineResult: Sendable {
  /// The driver's figures.
  ///
  /// `round.operations` counts requests, `round.reads` those that read, `round.bytes` the bytes of
  /// keys and values that requests moved, `round.bytesWritten` those that they wrote.
  public var load: LoadResult
  /// Keys that requests got, put or walked over: with batches and scans more than there are requests.
  public var entries: UInt64
  /// Latencies of the reads of a mix alone; nil where requests are of one kind.
  public var reads: LatencyHistogram?

  /// Joins figures.
  public init(load: LoadResult, entries: UInt64, reads: LatencyHistogram? = nil) {
    self.load = load
    self.entries = entries
    self.reads = reads
  }
}

/// Counts of a store since it was opened; differences of two looks tell of the time between.
public struct EngineCounters: Sendable, Equatable {
  /// Keys that were looked up, each key of a multi-get for itself.
  public var gets: UInt64 = 0
  /// Lookups that the cache of keys answered.
  public var keyCacheHits: UInt64 = 0
  /// Data blocks that reads found in the block cache.
  public var blockCacheHits: UInt64 = 0
  /// Reads of the device for lookups and scans, without those of compaction.
  public var deviceReads: UInt64 = 0
  /// Their bytes, as they are stored.
  public var deviceReadBytes: UInt64 = 0
  /// Bytes of table files and logs now on the device.
  public var storedBytes: UInt64 = 0
  /// Bytes written to the device: log, flush and compaction; 0 where that is not known.
  public var deviceWriteBytes: UInt64 = 0
  /// Nanoseconds for which writers were delayed or stopped.
  public var stalled = Nanoseconds.zero
  /// Flushes and compactions that are pending or going on.
  public var pending: UInt64 = 0

  /// Nothing counted.
  public init() {}
}

/// A store under test.
///
/// Loads may run at once from several threads: point reads go on while writes are measured.
public protocol Engine: AnyObject, Sendable {
  /// What it is and how it is configured.
  var record: EngineRecord { get }

  /// Runs a load to its end, on threads of its own; the calling thread watches.
  ///
  /// Every read is verified; a value that is not what was put there is a corrupt read in the result's
  /// faults.
  ///
  /// - Throws: `EngineFailure` where the load could not begin or the store cannot go on.
  func run(_ load: EngineLoad, stop: StopSignal, pulse: (LoadPulse) -> Void)
    throws(EngineFailure) -> EngineResult

  /// The counts up to now.
  func counters() throws(EngineFailure) -> EngineCounters

  /// Writes out what is in memory and waits until no flush and no compaction is pending or going on.
  ///
  /// - Parameters:
  ///   - limit: Longest time to wait.
  ///   - stop: The wish to end early.
  /// - Returns: Whether it became idle in time.
  /// - Throws: `EngineFailure` where the store cannot go on.
  func waitUntilIdle(atMost limit: Nanoseconds, stop: StopSignal) throws(EngineFailure) -> Bool

  /// Closes the store; its files stay. Calling it again does nothing.
  func close() throws(EngineFailure)
}

/// Why a store cannot be made, loaded or closed.
public struct EngineFailure: Error, Sendable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Category: Sendable, Equatable {
    /// The machine or the target does not allow it: no space, too little memory, no direct reads.
    case environment
    /// The device below failed: an I/O error, damage, a device that vanished.
    case device
  }

  /// Whose fault it is.
  public var category: Category
  /// What failed, where, the value seen and what to do.
  public var description: String

  /// States a failure.
  public init(category: Category, description: String) {
    self.category = category
    self.description = description
  }
}
