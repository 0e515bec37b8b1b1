internal import Driver
internal import LinuxIO
internal import Measurements
internal import Verdicts
internal import Workloads

/// Turns a scenario of the profile into a load; pure.
struct ScenarioPlan {
  var spec: ScenarioSpec
  var rangeBytes: UInt64
  var cpus: [Int]
  var rounds: RoundSpec
  var stallLimit: Nanoseconds
  var runID: RunID
  var seed: UInt64
  var compressiblePercent: Int

  /// Worker threads: as the profile says, else one for every 16 requests in flight, at most one for
  /// each CPU, and a number that divides the depth evenly.
  var threads: Int {
    let depth = max(1, spec.depth)
    var count = spec.threads ?? min(max(1, cpus.count), max(1, depth / 16))
    count = min(max(1, count), depth)
    while depth % count != 0 { count -= 1 }
    return count
  }

  /// The part of the range that the scenario uses, in whole mebibytes where it is that large.
  var range: (start: UInt64, bytes: UInt64) {
    let unit: UInt64 = rangeBytes >= 64 << 20 ? 1 << 20 : 4096
    let tenth = max(unit, rangeBytes / 10 / unit * unit)
    switch spec.range {
    case .all: return (0, rangeBytes)
    case .outer: return (0, min(tenth, rangeBytes))
    case .inner:
      let start = (rangeBytes - min(tenth, rangeBytes)) / unit * unit
      return (start, rangeBytes - start)
    }
  }

  /// The workload, checked against the subject's block size.
  func workload(logicalBlockBytes: Int) throws(WorkloadError) -> WorkloadSpec {
    let names = ["point-lookup": WorkloadKind.randomRead]
    guard let kind = WorkloadKind(rawValue: spec.workload) ?? names[spec.workload] else {
      throw WorkloadError("scenario '\(spec.name)': no device workload '\(spec.workload)'")
    }
    guard spec.depth / threads <= Ring.maxDepth else {
      throw WorkloadError(
        "scenario '\(spec.name)': depth \(spec.depth) over \(threads) threads is more than the "
          + "\(Ring.maxDepth) requests that one ring holds; use more threads")
    }
    let workload = WorkloadSpec(
      kind: kind, blocks: try BlockSplit(parsing: spec.block), readPercent: spec.readPercent,
      distribution: try Distribution(parsing: spec.distribution), rangeStartBytes: range.start,
      rangeBytes: range.bytes)
    try workload.validate(logicalBlockBytes: logicalBlockBytes)
    return workload
  }

  /// The load of one round.
  func load(round: Int, startBytes: UInt64, logicalBlockBytes: Int, check: ReadCheck)
    throws(WorkloadError) -> LoadPlan
  {
    var workload = try workload(logicalBlockBytes: logicalBlockBytes)
    // Random kinds have no order to go on with.
    if spec.workload.hasPrefix("sequential") { workload.startBytes = startBytes }
    var plan = LoadPlan(
      workload: workload, depth: max(1, spec.depth / threads), threads: threads,
      end: .after(spec.round ?? rounds.duration),
      seed: SeededGenerator.derivedSeed(seed, phase: spec.name, round: round), runID: runID)
    plan.arrival = arrival
    plan.rampUp = rounds.rampUp
    plan.stallLimit = stallLimit
    plan.cpus = cpus
    // A read of a block that a write in flight is changing may see both: no contents to expect.
    plan.check = workload.reads && workload.writes ? .constant(every: 16) : check
    plan.compressiblePercent = compressiblePercent
    return plan
  }

  /// What the record says of the scenario.
  func record(submission: String) -> ScenarioRecord {
    ScenarioRecord(
      name: spec.name, workload: spec.workload, blockSplit: spec.block,
      readPercent: spec.readPercent, depth: max(1, spec.depth / threads), threads: threads,
      distribution: isSequential ? "sequential" : spec.distribution,
      arrival: spec.arrival, ratePerSecond: spec.ratePerSecond, submission: submission,
      rangeStartBytes: range.start, rangeBytes: range.bytes)
  }

  private var isSequential: Bool {
    spec.workload.hasPrefix("sequential") || spec.workload == "store-scan"
  }

  /// When requests are due.
  var arrival: Arrival {
    switch (spec.arrival, spec.ratePerSecond) {
    case ("constant", let rate?): .constant(perSecond: rate)
    case ("poisson", let rate?): .poisson(perSecond: rate)
    default: .closed
    }
  }
}
