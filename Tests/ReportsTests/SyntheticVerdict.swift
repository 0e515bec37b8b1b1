import Measurements

extension SyntheticRecord {
  static var verdict: VerdictRecord {
    var verdict = VerdictRecord(
      outcome: .fail, exitCode: 1,
      summary: "1 of 6 gates: random write 4k is 4.0 % under its limit",
      gates: gates, certifiable: false,
      notCertifiable: ["the mode is nightly", "a limit was changed with --set"],
      warnings: ["the temperature sensor moved 30 °C in 25 minutes"])
    verdict.why = "the drive throttled itself from 2:10 on (71 °C): 312K IOPS before, 268K after"
    verdict.remedy = "cool it, then run the same command again"
    return verdict
  }

  private static var gates: [GateResult] {
    [kind, reads, writes, lookups, scans, sustained]
  }

  private static func gate(
    _ name: String, _ side: LimitSide, _ limit: Double?, _ unit: MetricUnit, _ outcome: Outcome
  ) -> GateResult {
    let name = GateName(name) ?? GateName(layer: .raw, scenario: name, metric: "unreadable")
    var gate = GateResult(name: name, side: side, limit: limit, unit: unit)
    gate.outcome = outcome
    gate.limitReason = "what the tier promises its users"
    gate.limitSource = "the tier's specification"
    return gate
  }

  private static var kind: GateResult {
    var gate = gate("device/identity/kind", .equals, nil, .word, .pass)
    gate.limitWord = "nvme"
    gate.valueWord = "nvme"
    return gate
  }

  private static var reads: GateResult {
    var gate = gate("raw/random-read-4k/iops", .min, 500_000, .perSecond, .pass)
    gate.value = 703_412
    gate.lower = 695_700
    gate.upper = 711_124
    gate.confidence = 0.998
    gate.samples = [703_333, 703_372, 703_412, 703_451, 703_490]
    return gate
  }

  private static var writes: GateResult {
    var gate = gate("raw/random-write-4k/iops", .min, 300_000, .perSecond, .fail)
    gate.value = 287_900
    gate.lower = 285_600
    gate.upper = 290_200
    gate.confidence = 0.998
    gate.samples = [287_800, 287_900, 288_000]
    gate.bound = .thermal
    gate.reason = "write latency rose at 2:10, 71 °C, throttle counter +14"
    return gate
  }

  private static var lookups: GateResult {
    var gate = gate("raw/point-lookup/p99", .max, 2_000_000, .nanoseconds, .pass)
    gate.value = 312_000
    gate.lower = 296_000
    gate.upper = 332_000
    gate.confidence = 0.998
    gate.samples = [0.0001, 0.0002]
    gate.sampleCounts = [1_500_000, 1_500_000]
    return gate
  }

  private static var scans: GateResult {
    var gate = gate("raw/sequential-read-1m/bandwidth", .min, 2e9, .bytesPerSecond, .inconclusive)
    gate.value = 2.004e9
    gate.lower = 1.95e9
    gate.bound = .neighbour
    gate.reason = "another process read the device; 12 rounds did not decide it"
    return gate
  }

  private static var sustained: GateResult {
    var gate = gate("engine/batch-write/iops", .min, 1_000_000, .perSecond, .notApplicable)
    gate.reason = "the run was asked for the raw layer only"
    return gate
  }
}
