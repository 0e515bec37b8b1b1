public import Measurements
public import Workloads

/// When requests are due.
public enum Arrival: Sendable, Equatable {
  /// As soon as an earlier one completes: `depth` stay in flight for each worker.
  case closed
  /// Evenly spaced, so many a second over all workers together.
  case constant(perSecond: Double)
  /// At random with exponential gaps, so many a second on average over all workers together.
  case poisson(perSecond: Double)

  /// The rate of an open loop; nil for a closed one.
  public var openRate: ArrivalRate? {
    switch self {
    case .closed: nil
    case .constant(let rate): .constant(perSecond: rate)
    case .poisson(let rate): .poisson(perSecond: rate)
    }
  }
}

/// When a load ends.
public enum LoadEnd: Sendable, Equatable {
  /// After this much measured time.
  case after(Nanoseconds)
  /// After this many operations over all workers together.
  case operations(UInt64)
  /// When every worker's sequential share of the range was covered once.
  case rangeCovered
}

/// How completed requests are followed by their successors.
public enum SubmissionPolicy: Sendable, Hashable, CustomStringConvertible {
  /// 1 request, then `factor` times as many with each system call of a reap.
  case ramp(factor: Int)
  /// All successors of a reap with one system call.
  case batched
  /// Each successor with a system call of its own.
  case each
  /// Whichever of `ramp(4)`, `each` and `batched` moves the most requests during the ramp-up;
  /// `ramp(4)` where that is too short to try each.
  case automatic

  /// The name that is recorded.
  public var description: String {
    switch self {
    case .ramp(let factor): "ramp(\(factor))"
    case .batched: "batched"
    case .each: "each"
    case .automatic: "auto"
    }
  }
}

/// What a load checks of the data that it reads.
public enum ReadCheck: Sendable, Equatable {
  /// Nothing.
  case none
  /// Whether they are constant, on one read in `every`: for data that are not ours.
  case constant(every: Int)
  /// The sector headers of every read, and all of the data of one read in `every`.
  case own(every: Int)
}

/// What a load asks for: blocks of a device or keys of a store.
public enum LoadWorkload: Sendable {
  /// Requests to a device.
  case blocks(WorkloadSpec)
  /// Requests to a store.
  case store(StoreWorkload)
}

/// One load: what, how deep, how long.
public struct LoadPlan: Sendable {
  /// The requests.
  public var workload: LoadWorkload
  /// Requests in flight for each worker.
  public var depth: Int
  /// Worker threads, each with a ring of its own.
  public var threads: Int
  /// When requests are due.
  public var arrival: Arrival
  /// When to stop.
  public var end: LoadEnd
  /// Time before measuring begins, in which requests run uncounted.
  public var rampUp: Nanoseconds
  /// No completion for this long, with requests in flight, is a stall.
  public var stallLimit: Nanoseconds
  /// Errors and empty transfers after which the load gives up.
  public var faultLimit: UInt64
  /// How successors are submitted.
  public var submission: SubmissionPolicy
  /// What is checked of reads.
  public var check: ReadCheck
  /// The run that writes, stamped into every sector.
  public var runID: RunID
  /// Percent of every written sector that compresses to nothing.
  public var compressiblePercent: Int
  /// The seed of all choices; same seed, same requests.
  public var seed: UInt64
  /// CPUs to pin the workers to, in turn; nil chooses those of the device's node.
  public var cpus: [Int]?
  /// Whether latencies of reads are also kept apart, for a mix.
  public var separatesReads: Bool

  /// A closed loop over a device, with the defaults of the driver.
  public init(
    workload: WorkloadSpec, depth: Int, threads: Int, end: LoadEnd, seed: UInt64, runID: RunID
  ) {
    self.init(
      .blocks(workload), depth: depth, threads: threads, end: end, seed: seed, runID: runID)
  }

  /// A closed loop over a store, with the defaults of the driver; every read is verified whole.
  public init(
    store workload: StoreWorkload, depth: Int, threads: Int, end: LoadEnd, seed: UInt64,
    runID: RunID
  ) {
    self.init(
      .store(workload), depth: depth, threads: threads, end: end, seed: seed, runID: runID)
    check = .own(every: 1)
  }

  private init(
    _ workload: LoadWorkload, depth: Int, threads: Int, end: LoadEnd, seed: UInt64, runID: RunID
  ) {
    self.workload = workload
    self.depth = depth
    self.threads = threads
    self.arrival = .closed
    self.end = end
    self.rampUp = .zero
    self.stallLimit = Nanoseconds(seconds: 10)
    self.faultLimit = 16
    self.submission = .automatic
    self.check = .none
    self.runID = runID
    self.compressiblePercent = 0
    self.seed = seed
    self.cpus = nil
    self.separatesReads = false
  }

  /// The requests to a device; nil where a store is loaded.
  public var blocks: WorkloadSpec? {
    get { if case .blocks(let spec) = workload { spec } else { nil } }
    set { if let newValue { workload = .blocks(newValue) } }
  }

  /// The requests to a store; nil where a device is loaded.
  public var store: StoreWorkload? {
    if case .store(let workload) = workload { workload } else { nil }
  }
}

/// What a load measured.
public struct LoadResult: Sendable {
  /// The figures; its `index` and `startedAt` are the caller's to set.
  public var round: RoundRecord
  /// Latencies of the requests that completed whole.
  public var latency: LatencyHistogram
  /// Latencies of the reads among them, where the plan keeps them apart.
  public var readLatency: LatencyHistogram?
  /// Lateness of open-loop requests.
  public var lateness: LatencyHistogram?
  /// Latencies of each second, coarser than ``latency``.
  public var seconds: [SparseHistogram]
  /// Why it ended.
  public var outcome: PhaseOutcome
  /// What went wrong, for people.
  public var detail: String?
  /// How successors were submitted, such as `ramp(4)`; several where workers chose differently.
  public var submission: String { round.submission ?? "" }
  /// How requests reached the device.
  public var mechanism: String
  /// Bytes written in all, the ramp-up and unacknowledged requests included.
  public var bytesSubmittedForWriting: UInt64
  /// Requests sent in all, the ramp-up and unacknowledged requests included.
  public var requestsInAll: UInt64
  /// Keys of a store that counted requests asked for; of a device, the requests.
  public var entries: UInt64
  /// The target's clock when the last worker ended.
  public var clockAtEnd: Nanoseconds
}
