import Driver
import LinuxIO
import Measurements
import Qualification
import Reports
import Verdicts
import Workloads

/// What `bench` prints.
enum BenchText {
  /// What was measured, on what and how: a round's record, with what is needed to repeat it beside.
  private struct Record: Encodable {
    var schema = 1
    var target: Target
    var settings: Settings
    var outcome: PhaseOutcome
    var detail: String?
    var mechanism: String
    var round: RoundRecord

    struct Target: Encodable {
      var path: String
      /// What it is; nil for `null:`, which is nothing.
      var subject: SubjectRecord?
    }

    struct Settings: Encodable {
      var workload: String
      var scenario: String?
      var blocks: String
      var readPercent: Int?
      var distribution: String?
      var depth: Int
      var threads: Int
      var arrival: String
      var ratePerSecond: Double?
      var seconds: Double
      var rampSeconds: Double
      var rangeBytes: UInt64
      var compressiblePercent: Int
      var submission: String
      var polled: Bool
      var cpus: [Int]?
      var seed: UInt64
    }

    enum CodingKeys: CodingKey {
      case schema, target, settings, outcome, detail, mechanism
    }

    /// The round's own keys stand beside the others, where they have always been.
    func encode(to encoder: any Encoder) throws {
      try round.encode(to: encoder)
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(schema, forKey: .schema)
      try keys.encode(target, forKey: .target)
      try keys.encode(settings, forKey: .settings)
      try keys.encode(outcome, forKey: .outcome)
      try keys.encodeIfPresent(detail, forKey: .detail)
      try keys.encode(mechanism, forKey: .mechanism)
    }
  }

  static func json(
    _ result: LoadResult, _ bench: DeviceBench, _ request: DeviceBenchRequest
  ) throws(CommandFailure) -> String {
    let (plan, workload) = (bench.plan, bench.workload)
    let isSequential = [.sequentialRead, .sequentialWrite].contains(workload.kind)
    let settings = Record.Settings(
      workload: workload.kind.rawValue, scenario: request.name, blocks: "\(workload.blocks)",
      readPercent: workload.kind == .randomMix ? workload.readPercent : nil,
      distribution: isSequential ? nil : workload.distribution.description,
      depth: plan.depth, threads: plan.threads, arrival: plan.arrival.name,
      ratePerSecond: plan.arrival.openRate?.perSecond,
      seconds: request.seconds, rampSeconds: request.rampSeconds, rangeBytes: bench.rangeBytes,
      compressiblePercent: request.compressiblePercent, submission: result.submission,
      polled: request.polled, cpus: request.cpus, seed: request.seed)
    let record = Record(
      target: Record.Target(path: request.path.description, subject: bench.target),
      settings: settings, outcome: result.outcome, detail: result.detail,
      mechanism: result.mechanism, round: result.round)
    return try BenchFigures.json(record)
  }

  static func text(_ result: LoadResult, _ workload: WorkloadSpec, plan: LoadPlan) -> String {
    let round = result.round
    var lines = [
      "\(workload.kind.rawValue) \(workload.blocks), depth \(plan.depth) × "
        + "\(plan.threads), \(result.submission), \(result.mechanism)",
      "rate      \(Quantity.rateInFull(round.iops)), \(Quantity.bandwidth(round.bandwidth))",
      "latency   \(BenchFigures.latency(round.latency))",
    ]
    if let late = BenchFigures.latenessLine(round) { lines.append(late) }
    if let line = BenchFigures.shortfallLine(round, plan.arrival) { lines.append(line) }
    if round.operations > 0 {
      lines.append(
        "cpu       \(BenchFigures.each(round.userCPU, of: round.operations)) user, "
          + "\(BenchFigures.each(round.systemCPU, of: round.operations)) system for each request")
    }
    for place in round.placement {
      let nodes = place.bufferNodes.map(String.init).joined(separator: ",")
      // A target without memory of its own, such as null:, has no buffers anywhere.
      let buffers = nodes.isEmpty ? "" : ", buffers on node \(nodes)"
      lines.append("worker \(place.worker)  cpu \(place.cpu), node \(place.node)\(buffers)")
    }
    if round.faults.total > 0 {
      lines.append("faults    \(result.detail ?? "\(round.faults.total)")")
    }
    if round.faults.unwritten > 0 {
      lines.append(
        "unwritten \(round.faults.unwritten) of the checked reads returned constant data, so the "
          + "medium may not have been touched; write the range first")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
