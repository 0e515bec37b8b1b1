/// Why a phase ended.
public enum PhaseOutcome: String, Codable, Sendable {
  /// It did all that it set out to do.
  case completed
  /// The device went away, or returned nothing where it should have returned data.
  case lost
  /// The device stopped answering for longer than the stall limit.
  case stalled
  /// The device answered with errors.
  case failed
  /// Reads returned data that were not what was written.
  case corrupt
  /// A signal or the caller asked for the end.
  case interrupted
}

/// What a phase is for.
public enum PhaseKind: String, Codable, Sendable {
  /// Discarding the whole range.
  case purge
  /// Writing the range so that reads reach the medium.
  case fill
  /// Rounds until the tracked figure is steady.
  case steadyState
  /// A scenario that gates look at.
  case scenario
  /// A null-target run that shows the host's headroom.
  case headroom
}

/// A scenario's parameters as they were carried out.
public struct ScenarioRecord: Codable, Sendable, Equatable {
  /// The scenario's name in the profile.
  public var name: String
  /// `random-read`, `random-write`, `random-mix`, `sequential-write`, `sequential-read`.
  public var workload: String
  /// Block sizes with shares, such as `4k/60:16k/30:128k/10`.
  public var blockSplit: String
  /// Percent of reads.
  public var readPercent: Int
  /// Requests in flight per worker (closed loop), or the most in flight (open loop).
  public var depth: Int
  /// Worker threads.
  public var threads: Int
  /// `uniform`, `zipf:THETA`, `hotcold:SPACE/ACCESS` or `sequential`.
  public var distribution: String
  /// `closed`, `constant` or `poisson`.
  public var arrival: String
  /// Arrivals per second over all workers, for open loops.
  public var ratePerSecond: Double?
  /// How requests were submitted, such as `ramp(4)`, with the ring's mode.
  public var submission: String
  /// First byte of the range used.
  public var rangeStartBytes: UInt64
  /// Length of the range used, in bytes.
  public var rangeBytes: UInt64

  /// Describes a scenario.
  public init(
    name: String, workload: String, blockSplit: String, readPercent: Int, depth: Int, threads: Int,
    distribution: String, arrival: String, ratePerSecond: Double?, submission: String,
    rangeStartBytes: UInt64, rangeBytes: UInt64
  ) {
    self.name = name
    self.workload = workload
    self.blockSplit = blockSplit
    self.readPercent = readPercent
    self.depth = depth
    self.threads = threads
    self.distribution = distribution
    self.arrival = arrival
    self.ratePerSecond = ratePerSecond
    self.submission = submission
    self.rangeStartBytes = rangeStartBytes
    self.rangeBytes = rangeBytes
  }
}

/// One phase of a run.
public struct PhaseRecord: Codable, Sendable, Equatable {
  /// What the phase is for.
  public var kind: PhaseKind
  /// A unique name within the run, such as `fill` or the scenario's name.
  public var name: String
  /// What was asked, for phases that load the subject.
  public var scenario: ScenarioRecord?
  /// Monotonic time since the run's start.
  public var startedAt: Nanoseconds
  /// Monotonic time that the phase took.
  public var duration: Nanoseconds
  /// UTC start, ISO 8601.
  public var startedAtUTC: String
  /// The rounds, in order.
  public var rounds: [RoundRecord]
  /// Latencies of all rounds counted together; nil where none was counted, and in a phase that was cut
  /// off before its end.
  public var latency: LatencySummary?
  /// Steady-state findings, for that phase.
  public var steadyState: SteadyStateRecord?
  /// How a store's caches filled before the first round; nil where nothing was to fill.
  public var warmUp: WarmUpRecord?
  /// Why it ended.
  public var outcome: PhaseOutcome
  /// What went wrong, for people.
  public var detail: String?

  /// A phase without rounds.
  public init(
    kind: PhaseKind, name: String, scenario: ScenarioRecord?, startedAt: Nanoseconds,
    startedAtUTC: String
  ) {
    self.kind = kind
    self.name = name
    self.scenario = scenario
    self.startedAt = startedAt
    self.duration = .zero
    self.startedAtUTC = startedAtUTC
    self.rounds = []
    self.outcome = .completed
  }
}

/// The uncounted time before a phase's first round, in which a store's caches fill.
public struct WarmUpRecord: Codable, Sendable, Equatable {
  /// Monotonic time that it took.
  public var duration: Nanoseconds
  /// Whether the device reads a get no longer changed at its end.
  public var becameSteady: Bool
  /// Device reads for each key looked up at its end; nil where none was.
  public var deviceReadsPerGet: Double?

  /// Reports a warm-up.
  public init(duration: Nanoseconds, becameSteady: Bool, deviceReadsPerGet: Double?) {
    self.duration = duration
    self.becameSteady = becameSteady
    self.deviceReadsPerGet = deviceReadsPerGet
  }
}

/// The last look at whether the device had become steady.
public struct SteadyStateRecord: Codable, Sendable, Equatable {
  /// Whether the rule was met.
  public var reached: Bool
  /// Largest minus smallest round of the window, as a fraction of the mean.
  public var spread: Double
  /// Excursion of the least-squares line over the window, as a fraction of the mean.
  public var slopeExcursion: Double
  /// Rounds in the window.
  public var windowRounds: Int

  /// Reports a window.
  public init(reached: Bool, spread: Double, slopeExcursion: Double, windowRounds: Int) {
    self.reached = reached
    self.spread = spread
    self.slopeExcursion = slopeExcursion
    self.windowRounds = windowRounds
  }
}

/// One measured round: the unit that verdicts sample.
public struct RoundRecord: Codable, Sendable, Equatable {
  /// Position in the phase, from 0.
  public var index: Int
  /// Monotonic time since the run's start.
  public var startedAt: Nanoseconds
  /// From the first worker's beginning to the last counted answer of any, in nanoseconds.
  public var duration: Nanoseconds
  /// Requests that completed whole.
  public var operations: UInt64
  /// Reads among them.
  public var reads: UInt64
  /// Bytes moved by them.
  public var bytes: UInt64
  /// Bytes written by them.
  public var bytesWritten: UInt64
  /// What did not complete whole.
  public var faults: FaultCounts
  /// Latencies of the requests that completed whole.
  public var latency: LatencySummary
  /// How late open-loop requests were sent, against their schedule.
  public var lateness: LatencySummary?
  /// User CPU time of the workers over the measured window.
  public var userCPU: Nanoseconds
  /// System CPU time of the workers over the measured window, without the kernel's own threads.
  public var systemCPU: Nanoseconds
  /// Where each worker and its buffers were, as the kernel told.
  public var placement: [WorkerPlacement]
  /// Whole-second counts of operations, oldest first; the last may be a part of a second.
  public var perSecondOperations: [UInt64]
  /// Pressure and steal over the round, where the kernel tells.
  public var noise: NoiseRecord?
  /// How successors were submitted, such as `ramp(4)`; several where workers chose differently.
  public var submission: String?
  /// What the store tells besides, on the engine layer.
  public var engine: EngineRoundRecord?

  /// An empty round.
  public init(index: Int, startedAt: Nanoseconds) {
    self.index = index
    self.startedAt = startedAt
    self.duration = .zero
    self.operations = 0
    self.reads = 0
    self.bytes = 0
    self.bytesWritten = 0
    self.faults = FaultCounts()
    self.latency = LatencyHistogram().summary
    self.userCPU = .zero
    self.systemCPU = .zero
    self.placement = []
    self.perSecondOperations = []
  }

  /// Operations per second, on the engine layer entries per second; 0 for an empty round.
  public var iops: Double {
    duration.rawValue > 0 ? Double(countedOperations) / countedSeconds : 0
  }

  /// Bytes per second; 0 for an empty round.
  public var bandwidth: Double { duration.rawValue > 0 ? Double(bytes) / countedSeconds : 0 }

  /// Operations that rates count: on the engine layer entries.
  public var countedOperations: UInt64 { engine?.entries ?? operations }

  /// Seconds that rates are taken over: writes of a store end when its compaction is idle again.
  public var countedSeconds: Double {
    duration.seconds + (engine?.idleAfter?.seconds ?? 0)
  }
}

extension [RoundRecord] {
  /// An amount of all rounds together per counted second, which no short round can raise as the mean of
  /// the rounds' own rates could; nil where no time went by.
  public func rate(of amount: (RoundRecord) -> Double) -> Double? {
    let seconds = reduce(0) { $0 + $1.countedSeconds }
    return seconds > 0 ? reduce(0) { $0 + amount($1) } / seconds : nil
  }
}

/// Requests that did not complete whole, by what happened; none of them counts as I/O done.
public struct FaultCounts: Codable, Sendable, Equatable {
  /// Errors by errno.
  public var errors: [Int32: UInt64] = [:]
  /// Transfers of fewer bytes than asked, but more than none.
  public var short: UInt64 = 0
  /// Transfers of no bytes at all, without an error.
  public var empty: UInt64 = 0
  /// Reads whose data were not what was written there.
  public var corrupt: UInt64 = 0
  /// Reads that returned constant or never-written data.
  public var unwritten: UInt64 = 0
  /// Requests still unanswered at the end.
  public var unanswered: UInt64 = 0
  /// Where the first of them happened, as a byte offset.
  public var firstOffset: UInt64?

  /// No faults.
  public init() {}

  /// All faults but reads of unwritten blocks.
  public var total: UInt64 {
    errors.values.reduce(0, +) + short + empty + corrupt + unanswered
  }

  /// Adds all of `other`'s counts.
  public mutating func add(_ other: FaultCounts) {
    errors.merge(other.errors, uniquingKeysWith: +)
    short += other.short
    empty += other.empty
    corrupt += other.corrupt
    unwritten += other.unwritten
    unanswered += other.unanswered
    firstOffset = firstOffset ?? other.firstOffset
  }
}

/// Where a worker ran and where its buffers lay, read back from the kernel.
public struct WorkerPlacement: Codable, Sendable, Equatable {
  /// The worker, from 0.
  public var worker: Int
  /// The CPU it ran on at the round's end.
  public var cpu: Int
  /// That CPU's NUMA node.
  public var node: Int
  /// Nodes that its buffers' pages lie on, ascending.
  public var bufferNodes: [Int]

  /// Reports a worker.
  public init(worker: Int, cpu: Int, node: Int, bufferNodes: [Int]) {
    self.worker = worker
    self.cpu = cpu
    self.node = node
    self.bufferNodes = bufferNodes
  }
}

/// What else went on in the machine during a round.
public struct NoiseRecord: Codable, Sendable, Equatable {
  /// Share of time in which some task waited for a CPU (PSI `some`), 0…1.
  public var cpuPressure: Double?
  /// Share of time in which some task waited for memory, 0…1.
  public var memoryPressure: Double?
  /// Share of CPU time that the hypervisor took, 0…1.
  public var steal: Double?
  /// Share of CPU time in which this host's CPUs were busy, 0…1.
  public var cpuBusy: Double?
  /// Share of this host's CPU time that the run itself used, 0…1; nil in records of earlier versions.
  public var ownCPU: Double?

  /// Nothing known.
  public init() {}
}

/// A line of the run's side file `samples.jsonl`: one histogram.
public struct SampleRecord: Codable, Sendable, Equatable {
  /// The layout's version.
  public var schema = 1
  /// The phase's name.
  public var phase: String
  /// The round's index.
  public var round: Int
  /// The second within the round; nil for the round's whole histogram.
  public var second: Int?
  /// The latencies.
  public var latency: SparseHistogram

  /// A round's or an interval's histogram.
  public init(phase: String, round: Int, second: Int?, latency: SparseHistogram) {
    self.phase = phase
    self.round = round
    self.second = second
    self.latency = latency
  }
}
