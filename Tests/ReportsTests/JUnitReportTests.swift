import Foundation
import Measurements
import Testing

@testable import Reports

@Suite("junit.xml") struct JUnitReportTests {
  @Test("is as its fixture") func golden() throws {
    try Fixture.expect(JUnitReport.text(of: SyntheticRecord.full), isIn: "junit.xml")
    try Fixture.expect(JUnitReport.text(of: SyntheticRecord.bare), isIn: "junit-bare.xml")
  }

  private static var hostile: RunRecord {
    var record = SyntheticRecord.full
    record.subjects[0].identity.model = "\u{0}\u{B}]]><&\"'\u{FFFE}\u{FFFF}\u{85}\u{1F600}"
    record.verdict?.gates[2].reason = "<failure>\u{1B}[31m & ]]>"
    record.verdict?.summary = "a \"summary\"\nin two lines\t<b>"
    record.machine.hostname = "a\u{8}b"
    return record
  }

  @Test(
    "is XML to xmllint, whatever a drive calls itself",
    .enabled(if: Command.succeeds(["xmllint", "--version"]), "xmllint is not installed"))
  func wellFormed() throws {
    for record in [SyntheticRecord.full, SyntheticRecord.bare, Self.hostile] {
      let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).xml")
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(JUnitReport.text(of: record).utf8).write(to: file)
      #expect(Command.succeeds(["xmllint", "--noout", file.path]))
    }
  }

  @Test(
    "never is all green where the run was not",
    arguments: [
      (Outcome.fail, "failures=\"1\" errors=\"0\""),
      (.inconclusive, "failures=\"0\" errors=\"1\""),
      (.pass, "failures=\"0\" errors=\"0\""),
    ])
  func neverGreen(outcome: Outcome, counts: String) {
    var record = SyntheticRecord.full
    record.verdict?.gates = []
    record.verdict?.outcome = outcome
    #expect(JUnitReport.text(of: record).contains("tests=\"1\" \(counts) skipped=\"0\""))
    record.verdict = nil
    #expect(JUnitReport.text(of: record).contains("tests=\"1\" failures=\"0\" errors=\"1\""))
  }

  @Test(
    "escapes markup and replaces what XML forbids",
    arguments: [
      ("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"),
      ("\u{0}\u{1B}\u{FFFE}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
      ("a\nb\tc", "a&#10;b&#9;c"), ("µ 😀", "µ 😀"),
    ])
  func escape(text: String, expected: String) { #expect(XMLText.escape(text) == expected) }

  @Test(
    "counts seconds as JUnit readers expect",
    arguments: [
      (0.0, "0.000"), (1.2346, "1.235"), (12_345.6, "12345.600"), (-1, "0.000"), (.nan, "0.000"),
    ])
  func seconds(value: Double, text: String) { #expect(XMLText.seconds(value) == text) }
}
