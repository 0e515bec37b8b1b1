import Measurements
import SystemPackage

/// The sections of a report below its verdict: what ran, on what, and how to run it again.
struct MarkdownEvidence {
  private let record: RunRecord

  /// Takes the evidence from `record`.
  init(_ record: RunRecord) { self.record = record }

  /// The sections in the order of the report; empty ones are empty strings.
  var sections: [String] {
    [
      MarkdownReport.section("What ran", phases),
      MarkdownReport.section("Latency", latency),
      MarkdownReport.section("Store", store),
      MarkdownReport.section("Faults", faults),
      MarkdownReport.section("Placement", placement),
    ] + record.subjects.map(MarkdownSubject.init).map(\.section) + [
      MarkdownReport.section("Machine", machine),
      MarkdownReport.section("Run", run),
      MarkdownReport.section("Repeat it", MarkdownText.fenced([commandLine], language: "sh")),
    ]
  }

  private var phases: String {
    let rows = record.phases.map { phase in
      let words = PhaseDescription(phase)
      return [
        words.name, Self.load(phase.scenario), Quantity.duration(phase.duration),
        "\(phase.rounds.count)", spread(phase), words.figures.joined(separator: ", "),
      ]
    }
    let table = MarkdownText.table(
      ["phase", "load", "took", "rounds", "spread", "result"], rightAligned: [2, 3, 4], rows: rows)
    if table.isEmpty { return "Nothing was carried out." }
    return table + "\n\n"
      + MarkdownText.escape(
        "Spread is the largest minus the smallest round's requests per second, as a share of their "
          + "mean. Submission: \(submissions).")
  }

  private var submissions: String {
    var seen: [String] = []
    for submission in record.phases.compactMap(\.scenario?.submission)
    where !seen.contains(submission) {
      seen.append(submission)
    }
    return seen.isEmpty ? "none" : seen.joined(separator: ", ")
  }

  private static func load(_ scenario: ScenarioRecord?) -> String {
    guard let scenario else { return "" }
    var parts = [GateDescription.spaced(scenario.workload), scenario.blockSplit]
    if scenario.workload == "random-mix" { parts.append("\(scenario.readPercent) % reads") }
    let threads = "\(scenario.threads) thread\(scenario.threads == 1 ? "" : "s")"
    parts.append(
      scenario.ratePerSecond == nil
        ? "depth \(scenario.depth) × \(threads)"
        : "at most \(scenario.depth) in flight, \(threads)")
    if scenario.distribution != "sequential" { parts.append(scenario.distribution) }
    if let rate = scenario.ratePerSecond {
      parts.append("\(scenario.arrival) \(Quantity.arrivals(rate))")
    } else {
      parts.append(scenario.arrival)
    }
    return parts.joined(separator: ", ")
  }

  private var store: String {
    guard let engine = record.engine else { return "" }
    let facts = MarkdownText.table(["fact", "value"], rows: EngineDescription.rows(engine))
    let rows = record.phases.compactMap { phase -> [String]? in
      guard let sum = EngineRoundRecord(sumOf: phase.rounds.compactMap(\.engine)) else {
        return nil
      }
      let words = EngineDescription(sum)
      let operations = phase.rounds.reduce(0) { $0 &+ $1.operations }
      return [
        GateDescription.spaced(phase.name), Quantity.count(operations),
        Quantity.count(sum.entries), EngineDescription.warmUp(phase.warmUp), words.hitRatio,
        words.deviceReads, words.deviceBusy,
        words.idle, words.stalled, words.stored, words.beside,
      ]
    }
    let table = MarkdownText.table(
      [
        "phase", "requests", "entries", "warm-up", "hit ratio", "device reads per get",
        "disk busy", "until idle", "stalled", "stored", "point reads beside",
      ], rightAligned: [1, 2, 3, 4, 5, 6, 7, 8, 9], rows: rows)
    return facts + "\n\n" + table
      + "\n\nRates count entries, and the time until flush and compaction were idle again. Hit ratios and "
      + "device reads are of all keys looked up, in the ramp-up and beside writes as well; so is the share of "
      + "time in which the disk had something to do."
  }

  private func spread(_ phase: PhaseRecord) -> String {
    let rates = phase.rounds.map(\.iops).filter { $0.isFinite }
    guard rates.count > 1, let low = rates.min(), let high = rates.max() else { return "" }
    let mean = rates.reduce(0, +) / Double(rates.count)
    return mean > 0 ? Quantity.percent(fraction: (high - low) / mean) : ""
  }

  private var latency: String {
    let columns = ["mean"] + PhaseLatency.percentiles.map(\.name) + ["max", "requests"]
    var rows: [[String]] = []
    for phase in record.phases {
      guard let latency = PhaseLatency(phase) else { continue }
      let summary = latency.summary
      var cells = [Quantity.latency(nanoseconds: summary.meanNanoseconds)]
      for percentile in PhaseLatency.percentiles {
        let value = latency.value(percentile)
        cells.append(value.map { Quantity.latency(nanoseconds: Double($0.rawValue)) } ?? "–")
      }
      cells.append(Quantity.latency(nanoseconds: Double(summary.max)))
      rows.append([GateDescription.spaced(phase.name)] + cells + [Quantity.count(summary.count)])
    }
    let table = MarkdownText.table(
      ["phase"] + columns, rightAligned: Set(1...columns.count), rows: rows)
    guard !table.isEmpty else { return "" }
    return table
      + "\n\nAll rounds of a phase are counted together, as gates on percentiles judge them; – where "
      + "fewer than one request lies above the percentile. Open loops count from the intended "
      + "start.\(lateness)"
  }

  private var lateness: String {
    let latest = record.phases.flatMap(\.rounds).compactMap { $0.lateness?.max }.max()
    guard let latest else { return "" }
    return " The latest request of an open loop was sent "
      + "\(Quantity.latency(nanoseconds: Double(latest))) after it was due."
  }

  private var faults: String {
    var rows: [[String]] = []
    guard record.phases.contains(where: { !$0.rounds.isEmpty }) else { return "" }
    for phase in record.phases {
      var counts = FaultCounts()
      for round in phase.rounds { counts.add(round.faults) }
      guard counts.total > 0 || counts.unwritten > 0 else { continue }
      let errors = counts.errors.sorted { $0.key < $1.key }
        .map { errno, count in
          "\(Quantity.count(count)) × \(Errno(rawValue: errno)) (errno \(errno))"
        }.joined(separator: ", ")
      rows.append([
        GateDescription.spaced(phase.name), errors, Quantity.count(counts.short),
        Quantity.count(counts.empty), Quantity.count(counts.corrupt),
        Quantity.count(counts.unwritten), Quantity.count(counts.unanswered),
        counts.firstOffset.map { "byte \($0)" } ?? "",
      ])
    }
    let table = MarkdownText.table(
      ["phase", "errors", "short", "empty", "wrong data", "never written", "unanswered", "first"],
      rightAligned: [2, 3, 4, 5, 6], rows: rows)
    return table.isEmpty ? "None: every request completed whole." : table
  }

  private var placement: String {
    var workers: [[Int]: Int] = [:]
    var total = 0
    for placement in record.phases.filter({ $0.kind != .headroom }).flatMap(\.rounds).flatMap(
      \.placement)
    {
      workers[[placement.node] + placement.bufferNodes, default: 0] += 1
      total += 1
    }
    guard total > 0 else { return "" }
    let device = record.subjects.first?.identity.numaNode
    let asked = device.map { "The device is attached to NUMA node \($0). " } ?? ""
    let found = workers.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { nodes, count in
      let buffers = nodes.dropFirst().map(String.init).joined(separator: ", ")
      return "in \(count) of \(total) readings a worker ran on node \(nodes[0]) with its buffers "
        + "on node \(buffers.isEmpty ? "unknown" : buffers)"
    }
    return MarkdownText.escape(
      "\(asked)As the kernel told after each round: \(found.joined(separator: "; ")).")
  }

  private var machine: String {
    let machine = record.machine
    var rows = [
      ["host", machine.hostname], ["processor", "\(machine.cpuCount) × \(machine.cpuModel)"],
      ["NUMA nodes", "\(machine.numaNodeCount)"],
      ["memory", Quantity.bytes(machine.memoryBytes)], ["kernel", machine.kernel],
      ["virtualization", machine.virtualization], ["governor", machine.governor ?? "unknown"],
    ]
    for (name, version) in machine.packages.sorted(by: { $0.key < $1.key }) {
      rows.append([name, version])
    }
    for component in record.components {
      let facts = component.facts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      rows.append([component.role, ([component.name] + facts).joined(separator: ", ")])
    }
    return MarkdownText.table(["fact", "value"], rows: rows)
  }

  private var run: String {
    let tool = record.tool
    let profile = record.profile
    var rows = [
      ["run", record.runID], ["started", record.startedAt],
      ["finished", record.finishedAt ?? "cut off"],
      ["tier, mode, layer", "\(record.tier), \(record.mode), \(record.layer)"],
      ["seed", "\(record.seed)"], ["profile", "\(profile.name) from \(profile.source)"],
      ["profile SHA-256", profile.sha256],
    ]
    for override in profile.overrides { rows.append(["overridden", override]) }
    rows += [
      ["tool", "\(tool.name) \(tool.version), \(tool.build) build"],
      ["binary SHA-256", tool.binarySHA256],
      ["planned", TerminalReport.words(record.plan, of: record)],
      ["written to the subject", Quantity.bytes(record.bytesWritten)],
      ["schema", "\(record.schema)"],
    ]
    return MarkdownText.table(["fact", "value"], rows: rows)
  }

  private var commandLine: String {
    var arguments = record.command
    let names = arguments.map { $0.split(separator: "=").first.map(String.init) ?? $0 }
    // The seed was drawn where none was given; with it the run makes the same choices again.
    if !arguments.isEmpty, !names.contains("--seed") { arguments += ["--seed", "\(record.seed)"] }
    return PrintableText.shellLine(arguments)
  }
}
