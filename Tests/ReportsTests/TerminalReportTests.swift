import Measurements
import Testing

@testable import Reports

@Suite("A run on a terminal") struct TerminalReportTests {
  private static let ascii = TerminalStyle(colour: false, unicode: false, inPlace: false)
  private static let coloured = TerminalStyle(colour: true, unicode: true, inPlace: true)

  private func text(_ record: RunRecord, _ style: TerminalStyle) -> String {
    let report = TerminalReport(style: style)
    return report.header(of: record) + "\n" + record.phases.map(report.phaseLine).joined() + "\n"
      + report.verdict(of: record, reportPath: "results/a run/report.md")
  }

  @Test("is shown as its fixture") func golden() throws {
    try Fixture.expect(text(SyntheticRecord.full, .plain), isIn: "terminal.txt")
    try Fixture.expect(text(SyntheticRecord.bare, .plain), isIn: "terminal-bare.txt")
  }

  @Test("has only ASCII where the locale has no more") func asciiOnly() throws {
    let text = text(SyntheticRecord.full, Self.ascii)
    #expect(!text.unicodeScalars.contains { !$0.isASCII })
    try Fixture.expect(text, isIn: "terminal-ascii.txt")
  }

  @Test("is the same with colour once the colour is taken away") func colour() {
    let painted = text(SyntheticRecord.full, Self.coloured)
    #expect(painted.contains("\u{1B}[31mFAIL\u{1B}[0m"))
    #expect(painted.contains("\u{1B}[32mPASS\u{1B}[0m"))
    let plain = painted.replacing(/\u{1B}\[[0-9]+m/, with: "")
    #expect(plain == text(SyntheticRecord.full, .plain))
  }

  @Test("never passes an escape sequence of a drive on to the terminal") func hostileModel() {
    var record = SyntheticRecord.full
    record.subjects[0].identity.model = "\u{1B}[2Jevil\u{9B}31m\u{202E}gnirts"
    let text = text(record, .plain)
    #expect(!text.unicodeScalars.contains { $0 != "\n" && PrintableText.isHarmful($0) })
    #expect(text.contains("evil"))
  }

  @Test("says that a run without a verdict has none") func noVerdict() {
    var record = SyntheticRecord.bare
    record.interruptedBy = "SIGINT"
    let text = TerminalReport(style: .plain).verdict(of: record, reportPath: nil)
    #expect(text == "NO VERDICT  hot  file on loop0, interrupted by SIGINT\n")
  }

  @Test(
    "shows the end of the interval that each gate was held against",
    arguments: [
      (.min, 90, .pass, "±9.5 %, from 95.00"), (.min, 120, .fail, "±9.5 %, to 115.0"),
      (.min, 100, .inconclusive, "±9.5 %, from 95.00"), (.max, 120, .pass, "±9.5 %, to 115.0"),
      (.max, 90, .fail, "±9.5 %, from 95.00"), (.max, 110, .inconclusive, "±9.5 %, to 115.0"),
    ] as [(LimitSide, Double, Outcome, String)])
  func decidingBound(side: LimitSide, limit: Double, outcome: Outcome, words: String) throws {
    let name = try #require(GateName("raw/random-read-4k/iops"))
    var gate = GateResult(name: name, side: side, limit: limit, unit: .perSecond)
    gate.value = 105
    (gate.lower, gate.upper, gate.outcome) = (95, 115, outcome)
    var record = SyntheticRecord.full
    record.verdict?.gates = [gate]
    let shown = TerminalReport(style: .plain).verdict(of: record, reportPath: nil)
    #expect(shown.contains(words), "\(shown)")
    #expect(shown.contains(side == .min ? "≥ \(Int(limit))" : "≤ \(Int(limit))"))
  }

  @Test("leaves the plan out where it is told otherwise") func withoutPlan() {
    let report = TerminalReport(style: .plain)
    let lines = report.header(of: SyntheticRecord.full).split(separator: "\n")
    let without = report.header(of: SyntheticRecord.full, includingPlan: false)
    #expect(without.split(separator: "\n") == lines.filter { !$0.hasPrefix("plan ") })
    #expect(lines.contains { $0.hasPrefix("plan ") })
  }

  @Test(
    "says whom a target belongs to that is only read",
    arguments: [
      (SubjectForm.device, ", in use by others: read, never written\n"),
      (.file, ", an existing file: read, never written\n"),
    ])
  func sharing(form: SubjectForm, words: String) {
    var record = SyntheticRecord.full
    record.subjects[0].form = form
    let report = TerminalReport(style: .plain)
    #expect(!report.header(of: record).contains("never written"))
    record.subjects[0].shared = true
    #expect(report.header(of: record).contains(words))
  }

  @Test(
    "uses colour and one line in place only where it may",
    arguments: [
      (true, ["TERM": "xterm", "LANG": "C.UTF-8"], true, true, true),
      (true, ["TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1"], false, true, true),
      (true, ["TERM": "xterm", "LANG": "de_DE.utf8", "NO_COLOR": ""], true, true, true),
      (true, ["TERM": "dumb", "LANG": "C.UTF-8"], false, true, false),
      (true, ["LANG": "C.UTF-8"], false, true, false),
      (true, ["TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C"], true, false, true),
      (true, ["TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true, true, true),
      (false, ["TERM": "xterm", "LANG": "C.UTF-8"], false, true, false),
      (false, [:], false, false, false),
    ] as [(Bool, [String: String], Bool, Bool, Bool)])
  func style(
    isTerminal: Bool, environment: [String: String], colour: Bool, unicode: Bool, inPlace: Bool
  ) {
    let style = TerminalStyle(isTerminal: isTerminal, columns: 0, environment: environment)
    #expect(
      style == TerminalStyle(colour: colour, unicode: unicode, inPlace: inPlace, columns: 100))
  }

  @Test(
    "is as wide as the terminal says, else COLUMNS, else 100",
    arguments: [(80, "120", 80), (0, "120", 120), (0, "wide", 100), (-1, "", 100)])
  func columns(told: Int, environment: String, columns: Int) {
    let style = TerminalStyle(
      isTerminal: true, columns: told, environment: ["COLUMNS": environment])
    #expect(style.columns == columns)
  }
}
