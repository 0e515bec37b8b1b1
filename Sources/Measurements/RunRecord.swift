/// Everything that a run measured and how it was judged: the one value that reaches the reports.
///
/// Derived from the run's journal. Integers are nanoseconds and bytes; gate values are per second,
/// bytes per second or nanoseconds, as the gate's ``MetricUnit`` says.
public struct RunRecord: Codable, Sendable, Equatable {
  /// The version of this layout; readers refuse a newer one.
  public static let currentSchema = 1

  /// The layout's version.
  public var schema: Int = RunRecord.currentSchema
  /// 32 hexadecimal digits, also in every block that the run wrote.
  public var runID: String
  /// What ran.
  public var tool: ToolRecord
  /// The command line, as given.
  public var command: [String]
  /// UTC start, ISO 8601.
  public var startedAt: String
  /// UTC end, ISO 8601; nil while the run goes on or when it was cut off.
  public var finishedAt: String?
  /// The seed of all choices.
  public var seed: UInt64
  /// `hot`, `warm` or `cold`.
  public var tier: String
  /// `quick` or `nightly`.
  public var mode: String
  /// `raw`, `engine` or `all`.
  public var layer: String
  /// The profile as it was used.
  public var profile: ProfileRecord
  /// The host.
  public var machine: MachineRecord
  /// What was judged; a node will have several.
  public var subjects: [SubjectRecord]
  /// Parts of the host that stand between the workers and the subjects.
  public var components: [ComponentRecord]
  /// What the run said beforehand that it would do.
  public var plan: PlanRecord
  /// The store that the engine phases ran on; nil where there was none.
  public var engine: EngineRecord?
  /// What people should know besides, such as why the health is unknown.
  public var notes: [String]?
  /// What was carried out, in order.
  public var phases: [PhaseRecord]
  /// Bytes written to the subjects in all.
  public var bytesWritten: UInt64
  /// The signal that ended the run early, such as `SIGINT`.
  public var interruptedBy: String?
  /// The judgement; nil where the run ended before it.
  public var verdict: VerdictRecord?

  /// A record with no phases yet.
  public init(
    runID: String, tool: ToolRecord, command: [String], startedAt: String, seed: UInt64,
    tier: String, mode: String, layer: String, profile: ProfileRecord, machine: MachineRecord,
    subjects: [SubjectRecord], components: [ComponentRecord], plan: PlanRecord
  ) {
    self.runID = runID
    self.tool = tool
    self.command = command
    self.startedAt = startedAt
    self.seed = seed
    self.tier = tier
    self.mode = mode
    self.layer = layer
    self.profile = profile
    self.machine = machine
    self.subjects = subjects
    self.components = components
    self.plan = plan
    self.phases = []
    self.bytesWritten = 0
  }
}

/// The program that ran.
public struct ToolRecord: Codable, Sendable, Equatable {
  /// Always `storebench`.
  public var name: String
  /// The release.
  public var version: String
  /// SHA-256 of the executable file's bytes, in hexadecimal.
  public var binarySHA256: String
  /// `release` or `debug`; a debug build certifies nothing.
  public var build: String

  /// Names a program.
  public init(name: String, version: String, binarySHA256: String, build: String) {
    self.name = name
    self.version = version
    self.binarySHA256 = binarySHA256
    self.build = build
  }
}

/// The profile as it was used.
public struct ProfileRecord: Codable, Sendable, Equatable {
  /// The profile's own name.
  public var name: String
  /// The resolved profile in YAML: after `extends`, mode overlay and `--set`.
  public var text: String
  /// SHA-256 of `text`'s UTF-8 bytes, which are also the run's `profile.yaml`.
  public var sha256: String
  /// The file it came from, or `built-in`.
  public var source: String
  /// Each `--set KEY=VALUE`, in order; any makes the run uncertifiable.
  public var overrides: [String]

  /// Names a profile and its text.
  public init(name: String, text: String, sha256: String, source: String, overrides: [String]) {
    self.name = name
    self.text = text
    self.sha256 = sha256
    self.source = source
    self.overrides = overrides
  }
}

/// The host that ran.
public struct MachineRecord: Codable, Sendable, Equatable {
  /// The host's name.
  public var hostname: String
  /// The processor, as /proc/cpuinfo names it.
  public var cpuModel: String
  /// Processors this process may use.
  public var cpuCount: Int
  /// NUMA nodes with memory.
  public var numaNodeCount: Int
  /// Memory in bytes.
  public var memoryBytes: UInt64
  /// The kernel's release.
  public var kernel: String
  /// The hypervisor, `none`, or `unknown`.
  public var virtualization: String
  /// Versions of libraries and packages that matter, by name.
  public var packages: [String: String]
  /// Frequency governor of CPU 0, where there is one.
  public var governor: String?

  /// Describes a host.
  public init(
    hostname: String, cpuModel: String, cpuCount: Int, numaNodeCount: Int, memoryBytes: UInt64,
    kernel: String, virtualization: String, packages: [String: String], governor: String?
  ) {
    self.hostname = hostname
    self.cpuModel = cpuModel
    self.cpuCount = cpuCount
    self.numaNodeCount = numaNodeCount
    self.memoryBytes = memoryBytes
    self.kernel = kernel
    self.virtualization = virtualization
    self.packages = packages
    self.governor = governor
  }
}

/// A part of the host on the way to the subject, such as its controller.
public struct ComponentRecord: Codable, Sendable, Equatable {
  /// What it is, such as `controller` or `cpu`.
  public var role: String
  /// Its name in the system.
  public var name: String
  /// Further facts by name.
  public var facts: [String: String]

  /// Describes a part.
  public init(role: String, name: String, facts: [String: String]) {
    self.role = role
    self.name = name
    self.facts = facts
  }
}

/// What a run quotes before it starts.
public struct PlanRecord: Codable, Sendable, Equatable {
  /// Expected duration in nanoseconds.
  public var duration: Nanoseconds
  /// Longest possible duration in nanoseconds, all extensions taken.
  public var durationMax: Nanoseconds
  /// Bytes that will be written at most; for phases bound by time, at the gate's or link's rate.
  public var bytesWritten: UInt64
  /// Share of the rated endurance that `bytesWritten` takes, 0…1; nil where no rating is known.
  public var enduranceShare: Double?
  /// How many scenarios will be measured.
  public var scenarioCount: Int

  /// Sums up a plan.
  public init(
    duration: Nanoseconds, durationMax: Nanoseconds, bytesWritten: UInt64, enduranceShare: Double?,
    scenarioCount: Int
  ) {
    self.duration = duration
    self.durationMax = durationMax
    self.bytesWritten = bytesWritten
    self.enduranceShare = enduranceShare
    self.scenarioCount = scenarioCount
  }
}
