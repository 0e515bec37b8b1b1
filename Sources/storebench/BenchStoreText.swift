import Driver
import Measurements
import Reports
import StorageEngine
import Verdicts
import Workloads

/// What `bench store` prints.
enum BenchStoreText {
  /// The record of a load.
  private struct Record: Encodable {
    var schema = 1
    var workload: String
    var distribution: String
    var keyCount: UInt64
    var valueBytes: Int
    var entriesPerRequest: Int
    var readPercent: Int?
    var depth: Int
    var threads: Int
    var arrival: String
    var ratePerSecond: Double?
    var durability: String
    var mechanism: String
    var seed: UInt64
    var outcome: PhaseOutcome
    var findings: String?
    var operationsPerSecond: Double
    var entriesPerSecond: Double
    var bytesPerSecond: Double
    var readLatency: LatencySummary?
    /// Requests that cache, device and process figures belong to: those of the ramp-up included.
    var requestsInAll: UInt64
    var cacheHits: UInt64
    var cacheMisses: UInt64
    var hitRatio: Double?
    var blockReads: UInt64
    var deviceReadBytes: UInt64?
    var deviceWrittenBytes: UInt64?
    var processCPUNanoseconds: Nanoseconds
    var stalled: Nanoseconds
    var untilIdle: Nanoseconds?
    var round: RoundRecord
  }

  static func json(
    _ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest
  ) throws(CommandFailure) -> String {
    let round = result.load.round
    let workload = result.workload
    let record = Record(
      workload: workload.kind.rawValue, distribution: workload.distribution.description,
      keyCount: workload.keyCount, valueBytes: workload.valueBytes,
      entriesPerRequest: workload.entries,
      readPercent: workload.kind == .readWhileWriting && workload.writers == 0
        ? workload.readPercent : nil,
      depth: plan.depth, threads: plan.threads, arrival: plan.arrival.name,
      ratePerSecond: plan.arrival.openRate?.perSecond,
      durability: DurabilityArgument.text(request.configuration.durability),
      mechanism: result.load.mechanism, seed: plan.seed, outcome: result.load.outcome,
      findings: result.findings, operationsPerSecond: round.iops,
      entriesPerSecond: result.entriesPerSecond, bytesPerSecond: round.bandwidth,
      readLatency: result.load.readLatency?.summary, requestsInAll: result.load.requestsInAll,
      cacheHits: result.cacheHits,
      cacheMisses: result.cacheMisses, hitRatio: result.hitRatio, blockReads: result.blockReads,
      deviceReadBytes: result.deviceReadBytes, deviceWrittenBytes: result.deviceWrittenBytes,
      processCPUNanoseconds: result.processCPU, stalled: result.stalled,
      untilIdle: result.untilIdle, round: round)
    return try BenchFigures.json(record)
  }

  static func text(
    _ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest
  ) -> String {
    let load = result.load
    let round = load.round
    var lines = [
      title(result, plan, request),
      "rate      \(Quantity.rateInFull(round.iops, unit: "requests/s")), "
        + Quantity.bandwidth(round.bandwidth),
    ]
    if result.workload.entries > 1 {
      lines.append("keys      \(Quantity.rateInFull(result.entriesPerSecond, unit: "keys/s"))")
    }
    lines.append("latency   \(BenchFigures.latency(round.latency))")
    if let reads = load.readLatency?.summary, round.reads > 0, round.reads < round.operations {
      lines.append("of reads  \(BenchFigures.latency(reads))")
    }
    if let late = BenchFigures.latenessLine(round) { lines.append(late) }
    if round.operations > 0 { lines += costs(result) }
    for place in round.placement { lines.append("worker \(place.worker)  cpu \(place.cpu)") }
    if result.findings == nil, load.outcome == .completed, round.reads > 0 {
      let reads = round.reads == 1 ? "read" : "reads"
      lines.append("verified  \(Quantity.count(round.reads)) \(reads): every answer was right")
    }
    if let findings = result.findings {
      lines.append("wrong     \(findings)")
    } else if round.faults.total > 0 {
      lines.append("faults    \(load.detail ?? "\(round.faults.total)")")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func title(
    _ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest
  ) -> String {
    let workload = result.workload
    var parts = [workload.kind.rawValue]
    switch workload.kind {
    case .fill, .missingKeys, .scanForward, .scanBackward, .ycsbD: break
    default: parts[0] += " \(workload.distribution)"
    }
    parts.append(
      "\(Quantity.count(workload.keyCount)) keys × (\(StoreKeys.byteCount) + "
        + "\(workload.valueBytes) B)")
    if workload.entries > 1 {
      let most = workload.kind == .ycsbE ? "up to " : ""
      parts.append("\(most)\(Quantity.count(UInt64(workload.entries))) a request")
    }
    parts.append("depth \(plan.depth) × \(plan.threads)")
    parts.append(result.load.mechanism)
    parts.append(DurabilityArgument.text(request.configuration.durability))
    return parts.joined(separator: ", ")
  }

  /// What the load took: CPU time, cache, device, compaction.
  private static func costs(_ result: StoreBenchResult) -> [String] {
    let round = result.load.round
    // The store counts from the beginning of the ramp-up.
    let all = result.load.requestsInAll
    let operations = Double(max(1, all))
    func each(_ total: Nanoseconds) -> String { BenchFigures.each(total, of: round.operations) }
    var lines = [
      "cpu       \(each(round.userCPU)) user, \(each(round.systemCPU)) system of the workers for "
        + "each request; \(BenchFigures.each(result.processCPU, of: all)) of the process"
    ]
    if let ratio = result.hitRatio {
      lines.append(
        "cache     \(Quantity.percent(fraction: ratio)) of "
          + "\(Quantity.count(result.cacheHits + result.cacheMisses)) lookups hit")
    }
    if let read = result.deviceReadBytes, let written = result.deviceWrittenBytes {
      lines.append(
        "device    \(decimal(Double(result.blockReads) / operations)) block reads, "
          + "\(Quantity.bytes(UInt64(Double(read) / operations))) read and "
          + "\(Quantity.bytes(UInt64(Double(written) / operations))) written for each request")
    } else {
      lines.append(
        "device    \(decimal(Double(result.blockReads) / operations)) block reads for each request")
    }
    if result.stalled.rawValue > 0 {
      lines.append("stalled   writers for \(Quantity.duration(result.stalled)) in all")
    }
    if let idle = result.untilIdle {
      lines.append("idle      \(Quantity.duration(idle)) after the last request")
    }
    return lines
  }

  /// Two decimals.
  private static func decimal(_ value: Double) -> String {
    Quantity.plain((value * 100).rounded() / 100)
  }
}

extension StoreBenchResult {
  /// Keys a second.
  var entriesPerSecond: Double {
    let length = load.round.duration
    return length.rawValue > 0 ? Double(load.entries) / length.seconds : 0
  }

  /// Share of lookups that the hot cache answered; nil where there were none.
  var hitRatio: Double? {
    let all = cacheHits + cacheMisses
    return all > 0 ? Double(cacheHits) / Double(all) : nil
  }
}
