import Measurements
import Testing

@testable import Reports

@Suite("report.md") struct MarkdownReportTests {
  @Test("is as its fixture") func golden() throws {
    var earlier = SyntheticRecord.full
    earlier.verdict?.outcome = .pass
    earlier.subjects[0].identity.firmware = "GDC5502Q"
    let comparison = Comparison(of: SyntheticRecord.full, with: earlier)
    try Fixture.expect(
      MarkdownReport.text(of: SyntheticRecord.full, comparison: comparison), isIn: "report.md")
    try Fixture.expect(MarkdownReport.text(of: SyntheticRecord.bare), isIn: "report-bare.md")
  }

  @Test("keeps every table whole whatever a drive calls itself") func hostileStrings() {
    var record = SyntheticRecord.full
    let hostile = "a|b`c\n| d | e |\r\n\u{0}\u{7}*_[x](y)<script>\\|"
    record.subjects[0].identity.model = hostile
    record.subjects[0].identity.serial = hostile
    record.machine.hostname = hostile
    record.verdict?.gates[1].reason = hostile
    record.verdict?.summary = hostile
    let lines = MarkdownReport.text(of: record).split(
      separator: "\n", omittingEmptySubsequences: false)
    var columns: Int?
    for line in lines {
      guard line.hasPrefix("|") else {
        columns = nil
        continue
      }
      let bars = Self.bars(line)
      #expect(bars == columns ?? bars, "\(line)")
      columns = bars
    }
    #expect(!lines.contains { $0.contains("<script>") })
  }

  /// Bars that no backslash takes the meaning of.
  private static func bars(_ line: Substring) -> Int {
    var count = 0
    var isEscaped = false
    for character in line {
      if character == "|", !isEscaped { count += 1 }
      isEscaped = character == "\\" && !isEscaped
    }
    return count
  }

  @Test(
    "escapes what Markdown would read as markup",
    arguments: [
      ("plain text", "plain text"), ("a|b", "a\\|b"), ("`x`", "\\`x\\`"), ("a\nb", "a b"),
      ("<b>&", "&lt;b&gt;&amp;"), ("\u{1B}[31m", "\u{FFFD}\\[31m"), ("a\\|", "a\\\\\\|"),
    ])
  func escape(text: String, expected: String) {
    #expect(MarkdownText.escape(text) == expected)
  }

  @Test("fences code with more backticks than it holds") func fence() {
    #expect(MarkdownText.fenced(["a ```` b"], language: "sh").hasPrefix("`````sh\n"))
  }

  @Test(
    "quotes the command line for a shell",
    arguments: [
      (["storebench", "--out", "a b"], "storebench --out 'a b'"),
      (["it's", ""], "'it'\\''s' ''"), (["a\nb"], "$'a\\nb'"), (["$HOME;rm"], "'$HOME;rm'"),
    ])
  func shell(arguments: [String], line: String) {
    #expect(PrintableText.shellLine(arguments) == line)
  }
}
