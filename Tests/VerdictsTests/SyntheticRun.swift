import Measurements
import Testing

@testable import Verdicts

/// A run whose figures lie at chosen ratios to its profile's gates.
struct SyntheticRun {
  var profile: TierProfile
  var record: RunRecord
  var samples: [SampleRecord] = []

  /// A profile that comes with the program.
  static func profile(
    _ name: String, mode: QualificationMode = .quick, overrides: [String] = []
  ) throws -> TierProfile {
    let source = try BuiltInProfiles.source(named: name)
    return try ProfileLoader.load(
      text: source.text, file: source.file, mode: mode, overrides: overrides)
  }

  /// A healthy drive of the profile's tier.
  static func subject(_ profile: TierProfile, form: SubjectForm = .device) -> SubjectRecord {
    let kinds: [Tier: DeviceKind] = [.hot: .nvme, .warm: .ssd, .cold: .hdd]
    var identity = DeviceIdentity(
      name: "disk", kind: kinds[profile.tier] ?? .unknown, capacityBytes: 4_000_000_000_000,
      transport: profile.tier == .hot ? "nvme" : "sata")
    identity.serial = "S1"
    identity.link =
      profile.tier == .hot
      ? LinkRecord(bus: "pcie", generation: 4, lanes: 4, generationMax: 4, lanesMax: 4)
      : LinkRecord(bus: "sata", generation: 3, lanes: nil, generationMax: 3, lanesMax: nil)
    var subject = SubjectRecord(
      form: form, path: "/dev/disk", openedPath: "/dev/disk", identity: identity,
      rangeBytes: 1 << 34, shared: false)
    var health = HealthRecord(source: "test")
    health.criticalWarning = 0
    health.temperatureCelsius = 40
    health.mediaErrors = 3
    health.availableSparePercent = 100
    health.thermalThrottleCount = 1
    subject.healthBefore = health
    subject.healthAfter = health
    return subject
  }

  /// Figures 1.3 times better than each gate asks, but for `ratios` by gate: 0.5 is half as good.
  init(
    _ profile: TierProfile, subject: SubjectRecord? = nil, ratios: [String: Double] = [:],
    rounds: Int? = nil, noise: Double = 0.01, seed: UInt64 = 1
  ) {
    self.profile = profile
    let subject = subject ?? Self.subject(profile)
    record = RunRecord(
      runID: "0",
      tool: ToolRecord(name: "storebench", version: "0", binarySHA256: "", build: "release"),
      command: [], startedAt: "2026-01-01T00:00:00Z", seed: seed, tier: profile.tier.rawValue,
      mode: "quick", layer: "raw",
      profile: ProfileRecord(
        name: profile.name, text: profile.resolvedText, sha256: "", source: "built-in",
        overrides: []),
      machine: MachineRecord(
        hostname: "", cpuModel: "", cpuCount: 2, numaNodeCount: 1, memoryBytes: 0, kernel: "",
        virtualization: "none", packages: [:], governor: nil),
      subjects: [subject], components: [],
      plan: PlanRecord(
        duration: .zero, durationMax: .zero, bytesWritten: 0, enduranceShare: nil, scenarioCount: 0)
    )
    record.bytesWritten = 1 << 34
    var generator = SeededGenerator(state: seed)
    record.phases.append(phase(.fill, "fill"))
    var steady = phase(.steadyState, "steady")
    steady.rounds = (0..<5).map { index in
      var round = RoundRecord(index: index, startedAt: .zero)
      round.duration = Nanoseconds(1_000_000_000)
      round.operations = 1000
      return round
    }
    record.phases.append(steady)
    for scenario in profile.scenarios where scenario.layer == .raw {
      add(scenario, ratios, rounds ?? profile.rounds.max, noise, &generator)
    }
  }

  private func phase(_ kind: PhaseKind, _ name: String) -> PhaseRecord {
    PhaseRecord(
      kind: kind, name: name, scenario: nil, startedAt: .zero,
      startedAtUTC: "2026-01-01T00:00:00Z")
  }

  private mutating func add(
    _ scenario: ScenarioSpec, _ ratios: [String: Double], _ count: Int, _ noise: Double,
    _ generator: inout SeededGenerator
  ) {
    var phase = phase(.scenario, scenario.phaseName)
    var rate = scenario.ratePerSecond ?? 1000
    var latency = 1e6
    var slowest: Double?
    for gate in profile.gates where gate.name.layer == .raw && gate.name.scenario == scenario.name {
      let ratio = ratios[gate.name.description] ?? 1.3
      let limit = gate.limit ?? 0
      switch gate.name.metric {
      case "iops": rate = limit * ratio
      case "bandwidth": rate = limit * ratio / scenario.meanBlockBytes
      case "max": slowest = limit / ratio
      default: latency = limit / ratio
      }
    }
    for index in 0..<count {
      var round = RoundRecord(index: index, startedAt: .zero)
      round.duration = Nanoseconds(10_000_000_000)
      let factor = 1 + noise * generator.normal()
      let open = scenario.ratePerSecond != nil
      round.operations = UInt64(rate * 10 * (open ? 1 : factor))
      round.reads = scenario.reads ? round.operations : 0
      round.bytes = round.operations * UInt64(scenario.meanBlockBytes)
      let usual = UInt64(latency * factor)
      let most = max(usual, slowest.map { UInt64($0) } ?? 0)
      let sparse = SparseHistogram(
        values: [usual], counts: [4000], maxNanoseconds: most, totalNanoseconds: usual * 4000)
      round.latency.count = 4000
      round.latency.meanNanoseconds = Double(usual)
      round.latency.max = most
      phase.rounds.append(round)
      samples.append(
        SampleRecord(phase: phase.name, round: index, second: nil, latency: sparse))
    }
    record.phases.append(phase)
  }

  /// Changes every round of a phase.
  mutating func change(_ name: String, _ body: (inout RoundRecord) -> Void) {
    for phase in record.phases.indices where record.phases[phase].name == name {
      for round in record.phases[phase].rounds.indices { body(&record.phases[phase].rounds[round]) }
    }
  }

  var verdict: VerdictRecord {
    RunVerdict.judge(record: record, profile: profile, samples: samples)
  }
}
