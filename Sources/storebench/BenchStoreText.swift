import Driver
import Measurements
import Reports
import StorageEngine
import Verdicts
import Workloads

/// What `bench store` prints.
enum BenchStoreText {
  static func json(
    _ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest
  ) throws(CommandFailure) -> String {
    try BenchFigures.json(BenchStoreRecord(result, plan, request))
  }

  static func text(
    _ result: StoreBenchResult, _ plan: LoadPlan, _ request: StoreBenchRequest
  ) -> String {
    let load = result.load
    let round = load.round
    let record = BenchStoreRecord(result, plan, request)
    var lines = [
      title(result, plan, request),
      "store     \(record.folder) on \(record.hostname), \(record.startedAt), "
        + "storebench \(record.toolVersion)",
      "drive     \(drive(record))",
      "settings  \(settings(record))",
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
    if let line = BenchFigures.shortfallLine(round, plan.arrival) { lines.append(line) }
    if round.operations > 0 { lines += costs(result, record) }
    for place in round.placement where place.cpu >= 0 {
      lines.append("worker \(place.worker)  its thread is pinned to CPU \(place.cpu)")
    }
    if result.findings == nil, load.outcome == .completed, result.verifiedReads > 0 {
      let reads = result.verifiedReads == 1 ? "read" : "reads"
      lines.append(
        "verified  \(Quantity.count(result.verifiedReads)) \(reads)\(rampWords(record)): every "
          + "answer was right")
    }
    if let findings = result.findings {
      lines.append("wrong     \(findings)")
    } else if round.faults.total > 0 {
      lines.append("faults    \(load.detail ?? "\(round.faults.total)")")
    }
    if let path = result.keptAt {
      lines.append("kept      \(path), for storebench store; bench store takes its folder")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What the store lies on.
  private static func drive(_ record: BenchStoreRecord) -> String {
    let holder = record.device.map(DeviceDescription.holder) ?? "unknown"
    guard let memory = record.memory else { return holder }
    return holder + "; its data live in memory (\(memory)), so this says nothing of a drive"
  }

  /// What the figures hold for, beside the workload.
  private static func settings(_ record: BenchStoreRecord) -> String {
    var parts = [
      "\(record.settings), \(Quantity.bytes(record.memoryBytes)) of memory",
      record.direct ? "reads past the page cache" : "reads through the page cache",
      "\(record.keyOrder) keys", "\(record.compressiblePercent) % compressible",
    ]
    if let seconds = record.seconds {
      let ramp = record.rampSeconds
      let counted =
        record.outcome == .completed
        ? "\(Quantity.plain(seconds)) s"
        : "\(Quantity.plain((10 * record.round.duration.seconds).rounded() / 10)) of \(Quantity.plain(seconds)) s"
      parts.append(
        "counted for \(counted)"
          + (ramp > 0 ? " after a ramp-up of \(Quantity.plain(ramp)) s" : ""))
    }
    parts.append("seed \(record.seed)")
    if record.storeWasKept { parts.append("the store kept from an earlier run") }
    return parts.joined(separator: ", ")
  }

  /// Which requests figures of the store itself belong to, where some did not count.
  private static func rampWords(_ record: BenchStoreRecord) -> String {
    record.rampSeconds > 0 ? ", ramp-up included" : ""
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
    if workload.kind == .readWhileWriting {
      parts.append(
        workload.writers > 0
          ? "\(workload.writers) of the threads write" : "\(workload.readPercent) % reads")
    }
    parts.append("depth \(plan.depth) × \(plan.threads)")
    if let rate = plan.arrival.openRate?.perSecond {
      parts.append(
        "\(Quantity.plain(rate)) requests/s "
          + (plan.arrival.name == "poisson" ? "at random" : "evenly spaced"))
    }
    parts.append(result.load.mechanism)
    parts.append(DurabilityArgument.text(request.configuration.durability))
    return parts.joined(separator: ", ")
  }

  /// What the load took: CPU time, cache, device, compaction.
  private static func costs(_ result: StoreBenchResult, _ record: BenchStoreRecord) -> [String] {
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
          + "\(Quantity.count(result.cacheHits + result.cacheMisses)) lookups hit"
          + rampWords(record))
    }
    let source = record.direct ? "" : " (from the page cache, where it had them)"
    let blocks = "\(decimal(Double(result.blockReads) / operations)) block reads\(source)"
    if let read = result.deviceReadBytes, let written = result.deviceWrittenBytes {
      lines.append(
        "device    \(blocks), \(Quantity.bytes(UInt64(Double(read) / operations))) read and "
          + "\(Quantity.bytes(UInt64(Double(written) / operations))) written for each request")
    } else {
      lines.append("device    \(blocks) for each request")
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
