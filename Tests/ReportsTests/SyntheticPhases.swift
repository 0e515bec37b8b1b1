import Measurements

extension SyntheticRecord {
  static var phases: [PhaseRecord] {
    var fill = PhaseRecord(
      kind: .fill, name: "fill",
      scenario: scenario("fill", "sequential-write", "128k", depth: 32, threads: 1),
      startedAt: Nanoseconds(seconds: 1), startedAtUTC: "2026-11-22T23:10:06Z")
    fill.duration = Nanoseconds(seconds: 3.28)
    fill.rounds = [round(0, operations: 32_768, block: 131_072, seconds: 3.28, median: 2_900_000)]

    var steady = PhaseRecord(
      kind: .steadyState, name: "steady",
      scenario: scenario("random-write-4k", "random-write", "4k", depth: 16, threads: 4),
      startedAt: Nanoseconds(seconds: 5), startedAtUTC: "2026-11-22T23:10:10Z")
    steady.duration = Nanoseconds(seconds: 300)
    steady.rounds = (0..<5).map {
      round(
        $0, operations: 17_000_000 + UInt64($0) * 100_000, block: 4096, seconds: 60, median: 210_000
      )
    }
    steady.steadyState = SteadyStateRecord(
      reached: true, spread: 0.0233, slopeExcursion: 0.0102, windowRounds: 5)

    var read = PhaseRecord(
      kind: .scenario, name: "random-read-4k",
      scenario: scenario("random-read-4k", "random-read", "4k", depth: 16, threads: 4),
      startedAt: Nanoseconds(seconds: 305), startedAtUTC: "2026-11-22T23:15:10Z")
    read.duration = Nanoseconds(seconds: 150)
    read.rounds = (0..<5).map {
      round(
        $0, operations: 21_100_000 + UInt64($0) * 1180, block: 4096, seconds: 30, median: 88_000)
    }

    var lookup = PhaseRecord(
      kind: .scenario, name: "point-lookup",
      scenario: scenario(
        "point-lookup", "point-lookup", "4k", depth: 256, threads: 2, rate: 50_000),
      startedAt: Nanoseconds(seconds: 455), startedAtUTC: "2026-11-22T23:17:40Z")
    lookup.duration = Nanoseconds(seconds: 60)
    lookup.rounds = [
      round(0, operations: 1_500_000, block: 4096, seconds: 30, median: 101_000, late: true),
      round(1, operations: 1_500_000, block: 4096, seconds: 30, median: 104_000, late: true),
    ]
    lookup.outcome = .failed
    lookup.detail = "3 requests were answered with EIO"
    lookup.rounds[1].faults.errors = [5: 3, 61: 1]
    lookup.rounds[1].faults.short = 2
    lookup.rounds[1].faults.unwritten = 12_000
    lookup.rounds[1].faults.firstOffset = 1_073_741_824
    return [fill, steady, read, lookup, store].map { phase in
      var phase = phase
      // As if all rounds had been counted together: the slowest round's percentiles.
      phase.latency = phase.rounds.map(\.latency).max { $0.p99 < $1.p99 }
      phase.latency?.count = phase.rounds.reduce(0) { $0 + $1.latency.count }
      return phase
    }
  }

  /// Writes of a store, with reads beside them.
  private static var store: PhaseRecord {
    var write = PhaseRecord(
      kind: .scenario, name: "engine/batch-write",
      scenario: scenario(
        "batch-write", "store-batch-write", "100", depth: 4, threads: 1),
      startedAt: Nanoseconds(seconds: 515), startedAtUTC: "2026-11-22T23:18:40Z")
    write.duration = Nanoseconds(seconds: 14)
    write.warmUp = WarmUpRecord(
      duration: Nanoseconds(seconds: 12.5), becameSteady: true, deviceReadsPerGet: 0.73)
    write.rounds = (0..<2).map { index in
      var round = round(
        index, operations: 5000, block: 116_000, seconds: 5, median: 3_400_000)
      round.reads = 0
      var engine = EngineRoundRecord(entries: 5_000_000)
      engine.idleAfter = Nanoseconds(seconds: 2)
      engine.becameIdle = true
      engine.gets = 70_000
      engine.keyCacheHits = 7000
      engine.blockCacheHits = 12_000
      engine.deviceReads = 51_000
      engine.deviceReadBytes = 51_000 * 4096
      engine.kernelReadBytes = 2_400_000_000
      engine.kernelWriteBytes = 3_900_000_000
      engine.deviceBusy = Nanoseconds(seconds: 1.5)
      engine.deviceIdle = Nanoseconds(seconds: 0.5)
      engine.stalled = Nanoseconds(seconds: 0.2)
      engine.storedBytes = 2_200_000_000
      engine.beside = EngineBesideRecord(
        ratePerSecond: 10_000, operations: 69_990, duration: Nanoseconds(seconds: 7),
        latency: round.latency)
      round.engine = engine
      return round
    }
    return write
  }

  private static func scenario(
    _ name: String, _ workload: String, _ block: String, depth: Int, threads: Int,
    rate: Double? = nil
  ) -> ScenarioRecord {
    ScenarioRecord(
      name: name, workload: workload, blockSplit: block,
      readPercent: workload.hasSuffix("write") ? 0 : 100, depth: depth, threads: threads,
      distribution: workload.hasPrefix("sequential") ? "sequential" : "uniform",
      arrival: rate == nil ? "closed" : "poisson", ratePerSecond: rate,
      submission: "ramp(4), single issuer", rangeStartBytes: 0, rangeBytes: 3_840_755_982_336)
  }

  private static func round(
    _ index: Int, operations: UInt64, block: UInt64, seconds: Double, median: UInt64,
    late: Bool = false
  ) -> RoundRecord {
    var round = RoundRecord(index: index, startedAt: Nanoseconds(seconds: Double(index) * seconds))
    round.duration = Nanoseconds(seconds: seconds)
    round.operations = operations
    round.reads = operations
    round.bytes = operations * block
    round.bytesWritten = 0
    round.latency = summary(count: operations, median: median)
    round.lateness = late ? summary(count: operations, median: 900) : nil
    round.userCPU = Nanoseconds(seconds: 1.5)
    round.systemCPU = Nanoseconds(seconds: 3)
    round.placement = [WorkerPlacement(worker: 0, cpu: 2, node: 1, bufferNodes: [1])]
    round.submission = "ramp(4)"
    round.perSecondOperations = [operations]
    var noise = NoiseRecord()
    noise.cpuPressure = 0.01
    noise.memoryPressure = 0
    noise.steal = 0.002
    noise.cpuBusy = 0.6
    round.noise = noise
    return round
  }

  private static func summary(count: UInt64, median: UInt64) -> LatencySummary {
    var summary = LatencyHistogram().summary
    summary.count = count
    summary.meanNanoseconds = Double(median) * 1.03
    summary.p50 = median
    summary.p90 = median * 3 / 2
    summary.p95 = median * 2
    summary.p99 = median * 3
    summary.p999 = median * 5
    summary.p9999 = median * 8
    summary.p99999 = median * 13
    summary.max = median * 40
    return summary
  }
}
