import Measurements
import Testing

@testable import Verdicts

@Suite("What bound a gate") struct AttributionRuleTests {
  private func bound(
    _ change: (inout SyntheticRun) -> Void, gate: String = "raw/random-read-4k/iops",
    ratio: Double = 0.9
  ) throws -> Bound? {
    var run = try SyntheticRun(SyntheticRun.profile("hot"), ratios: [gate: ratio])
    change(&run)
    return run.verdict.gates.first { $0.name.description == gate }?.bound
  }

  @Test("is the device where nothing else explains it") func device() throws {
    #expect(try bound { _ in } == .device)
  }

  @Test("is the link where it is trained below what the drive can do")
  func link() throws {
    let narrow = LinkRecord(bus: "pcie", generation: 4, lanes: 1, generationMax: 4, lanesMax: 4)
    #expect(try bound { $0.record.subjects[0].identity.link = narrow } == .link)
    let whole = LinkRecord(bus: "pcie", generation: 4, lanes: 1, generationMax: 4, lanesMax: 1)
    #expect(try bound { $0.record.subjects[0].identity.link = whole } == .device)
    let wide = LinkRecord(bus: "pcie", generation: 4, lanes: 8, generationMax: 5, lanesMax: 8)
    #expect(try bound { $0.record.subjects[0].identity.link = wide } == .device)
    #expect(
      try bound(
        { $0.record.subjects[0].identity.link = narrow }, gate: "raw/read-latency/mean") == .device)
  }

  @Test("is heat where the drive's counters moved") func thermal() throws {
    #expect(try bound { $0.record.subjects[0].healthAfter?.thermalThrottleCount = 2 } == .thermal)
    #expect(try bound { $0.record.subjects[0].healthAfter?.thermalThrottleCount = nil } == .device)
    #expect(
      try bound {
        $0.record.subjects[0].healthBefore?.warningTemperatureMinutes = 5
        $0.record.subjects[0].healthAfter?.warningTemperatureMinutes = 6
      } == .thermal)
  }

  @Test("is the placement where workers or buffers were on another node")
  func placement() throws {
    func placed(_ node: Int, _ buffers: [Int]) throws -> Bound? {
      try bound {
        $0.record.subjects[0].identity.numaNode = 1
        $0.change("random-read-4k") {
          $0.placement = [WorkerPlacement(worker: 0, cpu: 0, node: node, bufferNodes: buffers)]
        }
      }
    }
    #expect(try placed(0, [1]) == .numa)
    #expect(try placed(1, [0, 1]) == .numa)
    #expect(try placed(1, [1]) == .device)
  }

  @Test("is a neighbour where the machine's time went elsewhere") func neighbour() throws {
    let noises: [(inout NoiseRecord) -> Void] = [
      { $0.steal = 0.2 }, { $0.memoryPressure = 0.2 }, { $0.cpuPressure = 0.6 },
    ]
    for noise in noises {
      #expect(
        try bound {
          $0.change("random-read-4k") {
            var record = NoiseRecord()
            noise(&record)
            $0.noise = record
          }
        } == .neighbour)
    }
  }

  @Test(
    "is a neighbour where tasks waited for a CPU, unless the run itself used what was used",
    arguments: [
      (0.6, 0.9, 0.8, .device), (0.6, 0.9, 0.6, .neighbour), (0.6, 0.9, nil, .neighbour),
      (0.4, 0.9, 0.1, .device),
    ] as [(Double, Double, Double?, Bound)])
  func waits(pressure: Double, busy: Double, own: Double?, expected: Bound) throws {
    let found = try bound {
      $0.change("random-read-4k") {
        var noise = NoiseRecord()
        noise.cpuPressure = pressure
        noise.cpuBusy = busy
        noise.ownCPU = own
        $0.noise = noise
      }
    }
    #expect(found == expected)
  }

  @Test(
    "of a store is the host's CPUs where its own threads waited for them, and nothing else did it",
    arguments: [
      // Pressure, busy, own, steal; what bound it.
      (0.6, 0.9, 0.8, 0, .cpu), (0.6, 0.9, 0.6, 0, .neighbour), (0.4, 0.9, 0.8, 0, .device),
      (0.6, 0.9, nil, 0, .neighbour), (0.6, 0.65, 0.6, 0.3, .neighbour),
      (0.55, 0.1, 0.02, 0, .device),
    ] as [(Double, Double, Double?, Double, Bound)])
  func store(
    pressure: Double, busy: Double, own: Double?, steal: Double, expected: Bound
  ) throws {
    let profile = try SyntheticRun.profile("hot")
    var phase = try #require(SyntheticRun(profile).record.phases.first)
    var round = RoundRecord(index: 0, startedAt: .zero)
    var noise = NoiseRecord()
    noise.cpuPressure = pressure
    noise.cpuBusy = busy
    noise.ownCPU = own
    noise.steal = steal
    round.noise = noise
    phase.rounds = [round, round]
    let name = try #require(GateName("engine/random-read/iops"))
    let gate = GateResult(name: name, side: .min, limit: 2, unit: .perSecond)
    let waits = AttributionRule.storeWaits(gate, phase)?.bound
    let found = AttributionRule.neighbour(phase)?.bound ?? waits ?? .device
    #expect(found == expected)
  }

  /// Seconds that a round's disk had nothing to do, and something; nil where the kernel does not tell.
  typealias Seconds = (idle: Double, busy: Double)?

  @Test(
    "of a store is the store where a device that takes no time would not have helped",
    arguments: [
      // Metric, arrival, value, limit, rounds; whether the store bound it.
      ("batch-write/iops", "closed", 90, 100, [(0.8, 0.2), (0.8, 0.2)], false),
      ("batch-write/iops", "closed", 50, 100, [(0.8, 0.2), (0.8, 0.2)], true),
      // A long round counts by its length: 12 of 20 s.
      ("batch-write/iops", "closed", 59, 100, [(2, 0), (10, 8)], true),
      ("batch-write/iops", "closed", 61, 100, [(2, 0), (10, 8)], false),
      ("batch-write/iops", "closed", 80, 100, [(0.8, 0.2), (0.8, 0.2)], false),
      ("batch-write/iops", "closed", 1, 100, [(0, 1), (0, 1)], false),
      ("batch-write/iops", "closed", 1, 100, [(0.09, 0.91)], false),
      ("batch-write/iops", "closed", 1, 100, [(0.11, 0.89)], true),
      ("batch-write/iops", "closed", 50, 100, [(0.8, 0.2), nil], false),
      ("batch-write/iops", "closed", 50, 100, [(0, 0)], false),
      ("batch-write/iops", "poisson", 50, 100, [(0.8, 0.2)], false),
      // A few slow requests make a percentile, and take little of the time.
      ("batch-10k/p99", "closed", 200, 100, [(0.9, 0.1)], false),
    ] as [(String, String, Double, Double, [Seconds], Bool)])
  func storeLimit(
    metric: String, arrival: String, value: Double, limit: Double, rounds: [Seconds], expected: Bool
  ) throws {
    let profile = try SyntheticRun.profile("hot")
    var phase = try #require(SyntheticRun(profile).record.phases.first)
    phase.scenario = ScenarioRecord(
      name: "engine/batch-write", workload: "store-batch-write", blockSplit: "100",
      readPercent: 0, depth: 4, threads: 1, distribution: "uniform", arrival: arrival,
      ratePerSecond: nil, submission: "", rangeStartBytes: 0, rangeBytes: 1 << 30)
    phase.rounds = rounds.enumerated().map { index, seconds in
      var round = RoundRecord(index: index, startedAt: .zero)
      round.engine = EngineRoundRecord(entries: 1)
      round.engine?.deviceBusy = seconds.map { Nanoseconds(seconds: $0.busy) }
      round.engine?.deviceIdle = seconds.map { Nanoseconds(seconds: $0.idle) }
      return round
    }
    let name = try #require(GateName("engine/" + metric))
    let isLatency = metric.hasSuffix("p99")
    var gate = GateResult(
      name: name, side: isLatency ? .max : .min, limit: limit,
      unit: isLatency ? .nanoseconds : .perSecond)
    gate.value = value
    #expect((AttributionRule.storeLimit(gate, phase)?.bound == .store) == expected)
    gate.name = try #require(GateName("raw/random-read-4k/iops"))
    #expect(AttributionRule.storeLimit(gate, phase) == nil)
  }

  @Test("is the host's CPUs where the workers had no time left") func cpu() throws {
    let busy = try bound { run in
      for index in run.record.phases.indices where run.record.phases[index].name == "random-read-4k"
      {
        run.record.phases[index].scenario = ScenarioRecord(
          name: "random-read-4k", workload: "random-read", blockSplit: "4k", readPercent: 100,
          depth: 32, threads: 2, distribution: "uniform", arrival: "closed", ratePerSecond: nil,
          submission: "ramp(4)", rangeStartBytes: 0, rangeBytes: 1 << 30)
      }
      run.change("random-read-4k") {
        $0.userCPU = $0.duration
        $0.systemCPU = $0.duration
      }
    }
    #expect(busy == .cpu)
  }

  @Test("is said only of gates that did not pass") func passing() throws {
    #expect(
      try bound({ $0.record.subjects[0].healthAfter?.thermalThrottleCount = 2 }, ratio: 1.3) == nil)
  }
}

@Suite("A gate on the device itself") struct DeviceGateRuleTests {
  private func outcome(_ gate: String, _ change: (inout SubjectRecord) -> Void) throws -> Outcome? {
    let profile = try SyntheticRun.profile("hot")
    var subject = SyntheticRun.subject(profile)
    change(&subject)
    return DeviceGateRule.judge(subject, profile: profile)
      .first { $0.name.description == gate }?.outcome
  }

  @Test("fails on the wrong side of its limit") func failing() throws {
    #expect(try outcome("device/identity/kind") { $0.identity.kind = .ssd } == .fail)
    #expect(
      try outcome("device/identity/capacity") { $0.identity.capacityBytes = 1 << 30 } == .fail)
    #expect(try outcome("device/link/lanes") { $0.identity.link?.lanes = 2 } == .fail)
    #expect(try outcome("device/link/generation") { $0.identity.link?.generation = 2 } == .fail)
    #expect(
      try outcome("device/health/critical-warning") { $0.healthAfter?.criticalWarning = 4 } == .fail
    )
    #expect(
      try outcome("device/health/critical-warning") { $0.healthBefore?.criticalWarning = 4 }
        == .fail)
    #expect(
      try outcome("device/health/media-error-growth") { $0.healthAfter?.mediaErrors = 4 } == .fail)
    #expect(
      try outcome("device/health/temperature") { $0.healthAfter?.temperatureCelsius = 90 } == .fail)
    #expect(
      try outcome("device/health/available-spare") { $0.healthAfter?.availableSparePercent = 5 }
        == .fail)
  }

  @Test("passes on the limit itself") func passing() throws {
    #expect(try outcome("device/link/generation") { $0.identity.link?.generation = 3 } == .pass)
    #expect(
      try outcome("device/health/temperature") { $0.healthAfter?.temperatureCelsius = 75 } == .pass)
    #expect(try outcome("device/health/media-error-growth") { _ in } == .pass)
  }

  @Test("is inconclusive where the device does not tell") func unknown() throws {
    #expect(try outcome("device/link/lanes") { $0.identity.link = nil } == .inconclusive)
    #expect(
      try outcome("device/health/temperature") {
        $0.healthBefore = nil; $0.healthAfter = nil
      } == .inconclusive)
    #expect(
      try outcome("device/health/media-error-growth") { $0.healthAfter = nil } == .inconclusive)
    #expect(
      try outcome("device/health/media-error-growth") { $0.healthAfter?.mediaErrors = 1 }
        == .inconclusive)
    #expect(
      try outcome("device/health/temperature") {
        $0.form = .file; $0.healthBefore = nil; $0.healthAfter = nil
      }
        == .notApplicable)
  }

  @Test("still fails a file on a disk of the wrong kind") func file() throws {
    #expect(
      try outcome("device/identity/kind") {
        $0.form = .file; $0.identity.kind = .hdd
      } == .fail)
  }
}

@Suite("Exit codes") struct ExitCodeTests {
  @Test("are those of the table, each with its meaning") func table() {
    #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 64, 70, 130, 141, 143])
    #expect(Set(ExitCode.allCases.map(\.meaning)).count == 10)
    #expect(ExitCode.table.split(separator: "\n").count == 10)
    #expect(ExitCode.table.contains("   64  usage"))
  }
}
