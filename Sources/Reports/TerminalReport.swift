public import Measurements

/// What a person sees of a run on a terminal: what is about to happen, then the verdict.
///
/// Every function returns whole lines, each ended by a line feed; nothing is printed.
public struct TerminalReport: Sendable {
  /// What the terminal can do.
  public var style: TerminalStyle

  /// Renders for a terminal of `style`.
  public init(style: TerminalStyle) { self.style = style }

  /// The lines before the first phase: tool, host, target, plan.
  ///
  /// `title` says what the run is, such as a profile's summary; nil says tier, mode and layer. The
  /// plan is left out where it is told otherwise.
  public func header(
    of record: RunRecord, title: String? = nil, includingPlan: Bool = true
  ) -> String {
    let title = title ?? "\(record.tier) tier, \(record.mode), layer \(record.layer)"
    var lines = ["\(record.tool.name) \(record.tool.version) · \(title)"]
    if record.tool.build != "release" { lines[0] += " · \(record.tool.build) build" }
    lines.append("host     \(Self.words(record.machine))")
    for subject in record.subjects {
      lines.append("target   \(SubjectDescription(subject).place)")
    }
    if includingPlan { lines.append("plan     \(Self.words(record.plan, of: record))") }
    return block(lines)
  }

  /// One line for a phase that has ended, such as `✓ fill  4.0 GiB  1.31 GB/s`.
  public func phaseLine(_ phase: PhaseRecord) -> String {
    ended(PhaseDescription(phase)) + "\n"
  }

  /// The gates, the verdict, why, what to do and where the report is.
  ///
  /// `reportPath` is the file that a person opens next; nil where none was written.
  public func verdict(of record: RunRecord, reportPath: String?) -> String {
    var lines = gateLines(record)
    if !lines.isEmpty { lines.append("") }
    lines.append(verdictLine(record))
    func note(_ word: String, _ text: String?) {
      guard let text, !text.isEmpty else { return }
      lines.append("\(pad(word, to: 6)) \(style.fit(text))")
    }
    note("why", record.verdict?.why)
    note("do", record.verdict?.remedy)
    for warning in record.verdict?.warnings ?? [] { note("warn", warning) }
    if let verdict = record.verdict, !verdict.certifiable {
      note("note", "not a certificate: " + verdict.notCertifiable.joined(separator: "; "))
    }
    note("report", reportPath)
    return lines.map { $0 + "\n" }.joined()
  }
}

extension TerminalReport {
  /// The line of a phase that has ended, without its line feed.
  func ended(_ phase: PhaseDescription) -> String {
    let mark = style.paint(style.fit(phase.completed ? "✓" : "✗"), phase.completed ? .green : .red)
    let name = pad(style.fit(phase.name), to: Self.nameColumns)
    return "  \(mark) \(name)  \(style.fit(phase.figures.joined(separator: "  ")))"
  }

  /// Columns of a phase's name, so that the figures stand below each other.
  static let nameColumns = 20

  /// `text` padded with spaces to `width`.
  func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// The colour of an outcome.
  static func colour(_ outcome: Outcome) -> TerminalStyle.Colour {
    switch outcome {
    case .pass: .green
    case .fail: .red
    case .inconclusive: .yellow
    case .notApplicable: .faint
    }
  }

  /// A machine in one line.
  static func words(_ machine: MachineRecord) -> String {
    let nodes = machine.numaNodeCount == 1 ? "1 NUMA node" : "\(machine.numaNodeCount) NUMA nodes"
    var words =
      "\(machine.hostname), \(machine.cpuCount) × \(machine.cpuModel), \(nodes), "
      + "\(Quantity.bytes(machine.memoryBytes)), Linux \(machine.kernel)"
    if !["none", "unknown"].contains(machine.virtualization) {
      words += ", in a virtual machine (\(machine.virtualization))"
    }
    return words
  }

  /// A plan in one line.
  static func words(_ plan: PlanRecord, of record: RunRecord) -> String {
    let scenarios = plan.scenarioCount == 1 ? "1 scenario" : "\(plan.scenarioCount) scenarios"
    var parts = [scenarios]
    let longest =
      plan.durationMax > plan.duration ? " (at most \(Quantity.duration(plan.durationMax)))" : ""
    parts.append("about \(Quantity.duration(plan.duration))\(longest)")
    if plan.bytesWritten == 0 {
      parts.append("writes nothing")
    } else {
      let share =
        plan.enduranceShare.map { " (\(Quantity.percent(fraction: $0)) of the rated endurance)" }
        ?? (record.subjects.contains { $0.form == .device } ? " (rated endurance unknown)" : "")
      parts.append("writes at most \(Quantity.bytes(plan.bytesWritten))\(share)")
    }
    if record.subjects.allSatisfy({ $0.form == .file }) { parts.append("leaves nothing behind") }
    return parts.joined(separator: ", ")
  }

  private func gateLines(_ record: RunRecord) -> [String] {
    let gates = GateDescription.all(of: record)
    var table = TextTable(alignments: [.left, .right, .left, .left, .left, .left])
    table.rows = gates.map { _, words in
      [
        words.label, words.value, words.intervalWithBound, words.limit, words.outcome,
        words.explanation,
      ].map(style.fit)
    }
    return table.lines { row, column, cell in
      column == 4 ? style.paint(cell, Self.colour(gates[row].gate.outcome)) : cell
    }
  }

  private func verdictLine(_ record: RunRecord) -> String {
    let subject = record.subjects.map { SubjectDescription($0).title }.joined(separator: " + ")
    guard let verdict = record.verdict else {
      let cause = record.interruptedBy.map { "interrupted by \($0)" } ?? "the run did not end"
      return style.paint("NO VERDICT", .yellow)
        + style.fit("  \(record.tier)  \(subject), \(cause)")
    }
    let word = GateDescription.word(verdict.outcome).uppercased()
    return style.paint(word, Self.colour(verdict.outcome))
      + style.fit("  \(record.tier)  \(subject), \(verdict.summary)")
  }

  private func block(_ lines: [String]) -> String {
    lines.map { style.fit($0) + "\n" }.joined()
  }
}
