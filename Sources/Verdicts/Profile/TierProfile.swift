public import Measurements

/// A tier that a device may serve.
public enum Tier: String, Sendable, CaseIterable {
  /// NVMe.
  case hot
  /// SATA SSD.
  case warm
  /// Hard disk.
  case cold
}

/// How much of the method a run carries out.
public enum QualificationMode: String, Sendable, CaseIterable {
  /// Minutes; indicative only.
  case quick
  /// Tens of minutes; gates a nightly job.
  case nightly
}

/// What must hold for a device to serve a tier, and how that is measured; read from YAML.
///
/// All values are resolved: parents (`extends`), the mode's overlay and `--set` are applied.
public struct TierProfile: Sendable, Equatable {
  /// The profile's name.
  public var name: String
  /// The tier it judges.
  public var tier: Tier
  /// One line for people.
  public var summary: String
  /// True for demonstrations: unknown kinds may pass, nothing is certifiable.
  public var demonstration: Bool
  /// True where write gates are left out on purpose, so that their absence is not inconclusive.
  public var readOnly: Bool
  /// The link that devices of the tier have; raw gates above its bound are refused.
  public var link: DeclaredLink?
  /// Rated endurance in bytes written over the device's life, where known.
  public var ratedBytesWritten: UInt64?
  /// Bytes of free space that a file target leaves on its file system.
  public var freeSpaceReserveBytes: UInt64
  /// Bytes of a file target; nil lets the run choose by free space.
  public var fileBytes: UInt64?
  /// Bytes of a device, from its beginning, that are prepared and measured at most; nil takes all.
  public var rangeBytes: UInt64?
  /// Preparation of the device.
  public var preconditioning: PreconditioningSpec
  /// Rounds until steady.
  public var steadyState: SteadyStateSpec
  /// Rounds of each scenario.
  public var rounds: RoundSpec
  /// Confidence of the run's verdict, two-sided, over all its gates; 0.99 unless said otherwise.
  public var confidence: Double
  /// No completion for this long is a stall.
  public var stallLimit: Nanoseconds
  /// The store of the engine layer.
  public var engine: EngineSpec
  /// The scenarios, in the order of the file.
  public var scenarios: [ScenarioSpec]
  /// The gates, in the order of the file.
  public var gates: [GateSpec]
  /// The canonical YAML of all of the above: what a run stores as profile.yaml.
  ///
  /// Loading it again gives an equal profile.
  public var resolvedText: String
}

extension TierProfile {
  /// The raw scenario that is repeated until it is steady; nil where the phase is left out.
  public var steadyScenario: ScenarioSpec? {
    guard let name = steadyState.scenario else { return nil }
    return scenarios.first { $0.layer == .raw && $0.name == name }
  }
}

/// The link that a profile expects a device to have.
public struct DeclaredLink: Sendable, Equatable {
  /// `pcie` or `sata`.
  public var bus: String
  /// PCIe or SATA generation.
  public var generation: Int
  /// Lanes; 1 for SATA.
  public var lanes: Int
  /// Why this link is expected.
  public var reason: String
  /// Where that comes from.
  public var source: String

  /// Declares a link.
  public init(
    bus: String, generation: Int, lanes: Int, reason: String = "", source: String = ""
  ) {
    self.bus = bus
    self.generation = generation
    self.lanes = lanes
    self.reason = reason
    self.source = source
  }
}

/// How a device is prepared before it is measured.
public struct PreconditioningSpec: Sendable, Equatable {
  /// Discard the whole range first, where the device can.
  public var discard: Bool
  /// How many times the range is written sequentially; 1 fills it once.
  public var passes: Double
  /// Whole passes that are carried out: a part of one would leave blocks that were never written.
  public var wholePasses: Int { Swift.max(1, Int(passes.rounded(.up))) }
  /// Block of the writes in bytes.
  public var blockBytes: UInt32
  /// Requests in flight.
  public var depth: Int
  /// Percent of the contents that compresses to nothing.
  public var compressiblePercent: Int
}

/// The workload that runs until it is steady.
public struct SteadyStateSpec: Sendable, Equatable {
  /// The scenario that is repeated; nil leaves the phase out.
  public var scenario: String?
  /// Length of a round.
  public var round: Nanoseconds
  /// Rounds that must be steady together.
  public var windowRounds: Int
  /// Rounds after which it is given up.
  public var maxRounds: Int
  /// Largest spread (max − min) over the window, as a fraction of its mean.
  public var spreadLimit: Double
  /// Largest excursion of the least-squares line, as a fraction of the mean.
  public var slopeLimit: Double
}

/// The rounds of a scenario.
public struct RoundSpec: Sendable, Equatable {
  /// Measured time of a round.
  public var duration: Nanoseconds
  /// Uncounted time at the start of each round.
  public var rampUp: Nanoseconds
  /// Rounds before the first look.
  public var min: Int
  /// Rounds added where the gate is still undecided.
  public var step: Int
  /// Rounds after which it is inconclusive.
  public var max: Int
}

/// The part of the range that a scenario uses.
public enum ScenarioRange: String, Sendable, CaseIterable {
  /// All of it.
  case all
  /// The first tenth: a disk's outer tracks.
  case outer
  /// The last tenth: a disk's inner tracks.
  case inner
}

/// One scenario; see `profiles/README.md` for every key.
public struct ScenarioSpec: Sendable, Equatable {
  /// Its name, lower-case words joined by hyphens.
  public var name: String
  /// For the raw layer one of the names of `WorkloadKind`, for the engine one of
  /// ``storeWorkloads``.
  public var workload: String
  /// Block split, such as `4k` or `4k/60:16k/30:128k/10`; for the engine the size of a value.
  public var block: String
  /// Percent of reads.
  public var readPercent: Int
  /// Requests in flight over all threads together.
  public var depth: Int
  /// Worker threads; nil takes as many as the node has CPUs, at most `depth`.
  public var threads: Int?
  /// `closed`, `constant` or `poisson`.
  public var arrival: String
  /// Arrivals per second for open loops.
  public var ratePerSecond: Double?
  /// `uniform`, `zipf:THETA` or `hotcold:SPACE/ACCESS`.
  public var distribution: String
  /// The part of the range.
  public var range: ScenarioRange
  /// The layer that runs it.
  public var layer: GateLayer
  /// A round's length where it differs from the profile's.
  public var round: Nanoseconds?
  /// Point reads a second that go on beside a store's writes; nil for anything else.
  public var pointReadsPerSecond: Double?

  /// The name of the scenario's phase in a record and in its side file: the scenario's own name on
  /// the raw layer, `engine/NAME` on the engine's, so that no two phases share a name.
  public var phaseName: String { layer == .raw ? name : "\(layer.rawValue)/\(name)" }

  /// Whether any request writes.
  public var writes: Bool {
    switch workload {
    case "random-mix", "store-point-lookup": readPercent < 100
    case "random-read", "sequential-read": false
    default: !Self.storeReads.contains(workload)
    }
  }

  /// Whether any request reads.
  public var reads: Bool {
    switch workload {
    case "random-mix", "store-point-lookup": readPercent > 0
    case "random-read", "sequential-read": true
    default: Self.storeReads.contains(workload)
    }
  }

  /// Workloads of the raw layer.
  public static let rawWorkloads = [
    "random-read", "random-write", "random-mix", "sequential-read", "sequential-write",
  ]

  /// Workloads of the engine layer.
  public static let storeWorkloads = storeReads + storeWrites

  /// Workloads whose every request may have a share of reads and writes.
  static let mixes = ["random-mix", "store-point-lookup"]

  static let storeReads = [
    "store-random-read", "store-point-lookup", "store-scan", "store-multi-get-1000",
  ]

  static let storeWrites = ["store-random-write", "store-batch-write", "store-batch-write-10k"]
}

/// One limit.
public struct GateSpec: Sendable, Equatable {
  /// The frozen name.
  public var name: GateName
  /// Which side is good.
  public var side: LimitSide
  /// The limit in the metric's unit, for numbers.
  public var limit: Double?
  /// The word, for words.
  public var word: String?
  /// The unit of the limit.
  public var unit: MetricUnit
  /// Why the limit stands.
  public var reason: String
  /// Where it comes from.
  public var source: String
}
