import FoundationEssentials
import Measurements
import Testing

@Suite("A run's record") struct RunRecordTests {
  @Test("is the same after being written and read")
  func roundTrip() throws {
    let record = Self.full
    let decoded = try JSONDecoder().decode(RunRecord.self, from: JSONEncoder().encode(record))
    #expect(decoded == record)
  }

  @Test("is the same where all that may be missing is missing")
  func sparse() throws {
    var record = Self.full
    record.finishedAt = nil
    record.interruptedBy = nil
    record.verdict = nil
    record.phases = []
    record.subjects = []
    let data = try JSONEncoder().encode(record)
    #expect(try JSONDecoder().decode(RunRecord.self, from: data) == record)
  }

  @Test("holds whole numbers of nanoseconds and names as they are written")
  func plain() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(Self.full), as: UTF8.self)
    for part in [
      #""schema":1"#, #""durationMax":90000000000"#, #""name":"raw/random-read-4k/p99""#,
      #""kind":"steadyState""#, #""outcome":"inconclusive""#, #""layer":"raw""#,
      #""bytesWritten":18446744073709551615"#,
    ] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test("is refused without its schema")
  func refused() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(RunRecord.self, from: Array("{}".utf8).data)
    }
  }

  @Test("keeps its samples")
  func samples() throws {
    var histogram = LatencyHistogram()
    histogram.record(Nanoseconds(12_345))
    let sample = SampleRecord(phase: "fill", round: 2, second: nil, latency: histogram.sparse)
    let data = try JSONEncoder().encode(sample)
    #expect(try JSONDecoder().decode(SampleRecord.self, from: data) == sample)
  }

  @Test("sums faults without counting unwritten reads, and keeps the first place")
  func faults() {
    var faults = FaultCounts()
    faults.errors = [5: 2]
    faults.unwritten = 100
    var other = FaultCounts()
    other.errors = [5: 1, 61: 4]
    other.short = 1
    other.empty = 1
    other.corrupt = 1
    other.unanswered = 1
    other.firstOffset = 4096
    faults.add(other)
    #expect(faults.errors == [5: 3, 61: 4])
    #expect(faults.total == 11)
    #expect(faults.firstOffset == 4096)
    other.firstOffset = 8192
    faults.add(other)
    #expect(faults.firstOffset == 4096)
  }

  /// A record in which everything that may be missing is there.
  private static var full: RunRecord {
    var record = RunRecord(
      runID: "000102030405060708090a0b0c0d0e0f",
      tool: ToolRecord(
        name: "storebench", version: "0.1.0", binarySHA256: "ab", build: "release"),
      command: ["storebench", "qualify", "--tier", "hot"], startedAt: "2025-01-02T03:04:05Z",
      seed: .max, tier: "hot", mode: "quick", layer: "raw",
      profile: ProfileRecord(
        name: "hot", text: "schema: 1\n", sha256: "cd", source: "built-in",
        overrides: ["raw/random-read-4k/iops=20000"]),
      machine: MachineRecord(
        hostname: "host", cpuModel: "CPU", cpuCount: 2, numaNodeCount: 1, memoryBytes: 1 << 34,
        kernel: "6.1", virtualization: "none", packages: ["liburing2": "2.3"],
        governor: "performance"),
      subjects: [subject],
      components: [ComponentRecord(role: "cpu", name: "CPU", facts: ["microcode": "0x1"])],
      plan: PlanRecord(
        duration: Nanoseconds(seconds: 60), durationMax: Nanoseconds(seconds: 90),
        bytesWritten: 1 << 40, enduranceShare: 0.25, scenarioCount: 3))
    record.finishedAt = "2025-01-02T03:05:05Z"
    record.phases = [phase]
    record.bytesWritten = .max
    record.interruptedBy = "SIGINT"
    record.verdict = verdict
    return record
  }

  private static var subject: SubjectRecord {
    var identity = DeviceIdentity(
      name: "nvme0n1", kind: .nvme, capacityBytes: 1 << 40, transport: "nvme")
    identity.model = "Model ü"
    identity.rotationRate = 0
    identity.link = LinkRecord(
      bus: "pcie", generation: 4, lanes: 4, generationMax: 5, lanesMax: nil)
    var subject = SubjectRecord(
      form: .device, path: "/dev/disk/by-id/x", openedPath: "/dev/nvme0n1", identity: identity,
      rangeBytes: 1 << 40, shared: true)
    subject.healthBefore = HealthRecord(source: "nvme-cli 2.3")
    var after = HealthRecord(source: "nvme-cli 2.3")
    after.temperatureCelsius = -3
    after.dataWrittenBytes = .max
    subject.healthAfter = after
    return subject
  }

  private static var phase: PhaseRecord {
    var phase = PhaseRecord(
      kind: .steadyState, name: "steady-state",
      scenario: ScenarioRecord(
        name: "random-write-4k", workload: "random-write", blockSplit: "4k", readPercent: 0,
        depth: 32, threads: 2, distribution: "uniform", arrival: "poisson", ratePerSecond: 1000.5,
        submission: "ramp(4)", rangeStartBytes: 0, rangeBytes: 1 << 40),
      startedAt: Nanoseconds(5), startedAtUTC: "2025-01-02T03:04:06Z")
    var round = RoundRecord(index: 1, startedAt: Nanoseconds(7))
    round.faults.errors = [5: 1, 121: 2]
    round.faults.firstOffset = 4096
    round.lateness = round.latency
    round.placement = [WorkerPlacement(worker: 0, cpu: 1, node: 0, bufferNodes: [0, 1])]
    round.perSecondOperations = [1, 2, 3]
    round.noise = NoiseRecord()
    round.noise?.steal = 0.01
    phase.rounds = [round]
    phase.steadyState = SteadyStateRecord(
      reached: false, spread: 0.3, slopeExcursion: 0.1, windowRounds: 5)
    phase.outcome = .stalled
    phase.detail = "no answer for 10 s"
    return phase
  }

  private static var verdict: VerdictRecord {
    var gate = GateResult(
      name: GateName(layer: .raw, scenario: "random-read-4k", metric: "p99"), side: .max,
      limit: 100_000, unit: .nanoseconds)
    gate.samples = [0.01, 0.02]
    gate.sampleCounts = [1000, 1001]
    gate.bound = .numa
    gate.reason = "too few rounds"
    return VerdictRecord(
      outcome: .inconclusive, exitCode: 2, summary: "p99 is not known", gates: [gate],
      certifiable: false, notCertifiable: ["quick mode"], warnings: ["noisy"])
  }
}

extension [UInt8] {
  fileprivate var data: Data { Data(self) }
}
