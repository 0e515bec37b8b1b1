public import Measurements

/// The run's `junit.xml`: every gate is a test case, and so is the run's own verdict.
///
/// A failed gate is a `failure`, an inconclusive one an `error` of type `inconclusive`, one that
/// does not apply is `skipped`. The last test case, `run/verdict`, carries the run's outcome, so
/// that a run that ended before its gates is never all green.
public enum JUnitReport {
  /// The document, UTF-8, XML 1.0, ended by a line feed.
  public static func text(of record: RunRecord) -> String {
    let cases =
      GateDescription.all(of: record).map { gate, words in
        testCase(
          gate, words, seconds: seconds(of: gate.name.phaseName, in: record),
          store: store(of: gate.name.phaseName, in: record))
      } + [verdictCase(record)]
    let outcomes =
      (record.verdict?.gates ?? []).map(\.outcome)
      + [record.verdict?.outcome ?? .inconclusive]
    let counts: [(String, String)] = [
      ("tests", "\(cases.count)"),
      ("failures", "\(outcomes.count { $0 == .fail })"),
      ("errors", "\(outcomes.count { $0 == .inconclusive })"),
      ("skipped", "\(outcomes.count { $0 == .notApplicable })"),
      ("time", XMLText.seconds(runSeconds(record))),
    ]
    let suite = XMLElement(
      "testsuite",
      [("name", "storebench.\(record.tier)")] + counts + [
        ("timestamp", record.startedAt), ("hostname", record.machine.hostname),
      ],
      children: [properties(record)] + cases)
    let root = XMLElement("testsuites", [("name", "storebench")] + counts, children: [suite])
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.text(indent: "")
  }

  private static func properties(_ record: RunRecord) -> XMLElement {
    var pairs = [
      ("run", record.runID), ("seed", "\(record.seed)"), ("tier", record.tier),
      ("mode", record.mode), ("layer", record.layer), ("profile", record.profile.name),
      ("profile.sha256", record.profile.sha256), ("tool", record.tool.version),
      ("tool.build", record.tool.build), ("tool.sha256", record.tool.binarySHA256),
      ("kernel", record.machine.kernel),
      ("certifiable", "\(record.verdict?.certifiable ?? false)"),
    ]
    if let engine = record.engine {
      pairs += EngineDescription.rows(engine).map { ("store.\($0[0])", $0[1]) }
    }
    for subject in record.subjects {
      pairs += [
        ("device", subject.path), ("model", subject.identity.model ?? "unknown"),
        ("serial", subject.identity.serial ?? "unknown"),
        ("firmware", subject.identity.firmware ?? "unknown"),
      ]
    }
    return XMLElement(
      "properties", [],
      children: pairs.map { XMLElement("property", [("name", $0.0), ("value", $0.1)]) })
  }

  private static func testCase(
    _ gate: GateResult, _ words: GateDescription, seconds: Double, store: String
  ) -> XMLElement {
    let figures = [words.value, words.interval].filter { !$0.isEmpty }.joined(separator: " ")
    let message =
      gate.outcome == .notApplicable && !words.explanation.isEmpty
      ? "\(words.label): \(words.explanation)"
      : "\(words.label): \(figures), limit \(words.limit)"
    return testCase(
      className: "\(gate.name.layer.rawValue)/\(gate.name.scenario)", name: gate.name.metric,
      seconds: seconds, outcome: gate.outcome, message: message,
      detail: [words.explanation, store].filter { !$0.isEmpty }.joined(separator: "\n"))
  }

  private static func verdictCase(_ record: RunRecord) -> XMLElement {
    guard let verdict = record.verdict else {
      let cause = record.interruptedBy.map { "interrupted by \($0)" } ?? "the run did not end"
      return testCase(
        className: "run", name: "verdict", seconds: runSeconds(record), outcome: .inconclusive,
        message: "no verdict: \(cause)", detail: "")
    }
    let detail = [verdict.why, verdict.remedy].compactMap { $0 } + verdict.warnings
    return testCase(
      className: "run", name: "verdict", seconds: runSeconds(record), outcome: verdict.outcome,
      message: verdict.summary, detail: detail.joined(separator: "\n"))
  }

  private static func testCase(
    className: String, name: String, seconds: Double, outcome: Outcome, message: String,
    detail: String
  ) -> XMLElement {
    let mark: XMLElement? =
      switch outcome {
      case .pass: nil
      case .fail: XMLElement("failure", [("type", "fail"), ("message", message)], text: detail)
      case .inconclusive:
        XMLElement("error", [("type", "inconclusive"), ("message", message)], text: detail)
      case .notApplicable: XMLElement("skipped", [("message", message)])
      }
    let output = [message, detail].filter { !$0.isEmpty }.joined(separator: "\n")
    let evidence = outcome == .pass ? [XMLElement("system-out", [], text: output)] : []
    return XMLElement(
      "testcase",
      [("classname", className), ("name", name), ("time", XMLText.seconds(seconds))],
      children: (mark.map { [$0] } ?? []) + evidence)
  }

  private static func seconds(of phase: String, in record: RunRecord) -> Double {
    record.phases.filter { $0.kind == .scenario && $0.name == phase }
      .reduce(0) { $0 + $1.duration.seconds }
  }

  /// What the store did in a phase, in words; empty on the raw layer.
  private static func store(of name: String, in record: RunRecord) -> String {
    let rounds = record.phases.filter { $0.kind == .scenario && $0.name == name }
      .flatMap(\.rounds).compactMap(\.engine)
    return EngineRoundRecord(sumOf: rounds).map {
      "store: " + EngineDescription($0).figures.joined(separator: ", ")
    } ?? ""
  }

  private static func runSeconds(_ record: RunRecord) -> Double {
    record.phases.map { ($0.startedAt + $0.duration).seconds }.max() ?? 0
  }
}
