import FoundationEssentials
import Measurements
import Testing

@testable import Reports

@Suite("Progress") struct ProgressDisplayTests {
  private static let terminal = TerminalStyle(
    colour: false, unicode: true, inPlace: true, columns: 100)

  static func running(_ seconds: Double) -> RunProgress {
    var progress = RunProgress(
      .advanced, phase: "random-read-4k", kind: .scenario, elapsed: Nanoseconds(seconds: seconds))
    progress.fractionDone = 0.68
    progress.round = 4
    progress.rounds = 5
    progress.timeLeft = Nanoseconds(seconds: 72)
    progress.operations = 8_900_000
    progress.bytes = 8_900_000 * 4096
    progress.operationsPerSecond = 71_234
    progress.bytesPerSecond = 71_234 * 4096
    progress.p99 = Nanoseconds(512_000)
    return progress
  }

  static func ended(_ seconds: Double) -> RunProgress {
    var progress = running(seconds)
    progress.event = .ended
    progress.round = 5
    progress.outcome = .completed
    return progress
  }

  @Test("replaces one line in place on a terminal and leaves one behind") func inPlace() {
    var display = ProgressDisplay(form: .text, style: Self.terminal)
    let first = display.text(for: Self.running(1))
    #expect(
      first == "\r  ▸ random read 4k        ━━━━━━━━━━━━━━━━╸───────  71.2K IOPS  p99 512 µs"
        + "  round 4/5  1:12 left")
    let second = display.text(for: Self.running(2))
    #expect(second.hasPrefix("\r\u{1B}[K  ▸ random read 4k"))
    #expect(!second.contains("\n"))
    let last = display.text(for: Self.ended(3))
    #expect(
      last == "\r\u{1B}[K  ✓ random read 4k        71.2K IOPS  p99 512 µs  5 rounds\n")
    #expect(display.clear() == "")
  }

  @Test("clears its line before something else is written") func clear() {
    var display = ProgressDisplay(form: .text, style: Self.terminal)
    _ = display.text(for: Self.running(1))
    #expect(display.clear() == "\r\u{1B}[K")
    #expect(display.clear() == "")
  }

  @Test("never wraps", arguments: [1, 8, 20, 40, 60, 79, 80, 100, 132])
  func width(columns: Int) {
    let style = TerminalStyle(colour: false, unicode: true, inPlace: true, columns: columns)
    var progress = Self.running(1)
    progress.detail = String(repeating: "a long remark ", count: 20)
    for value in [progress, Self.running(1)] {
      var display = ProgressDisplay(form: .text, style: style)
      let line = display.text(for: value).dropFirst()
      #expect(line.count <= max(columns - 1, 1), "\(line)")
    }
  }

  @Test("elsewhere appends a line at the beginning, at the end, and every five seconds between")
  func appended() {
    var display = ProgressDisplay(form: .text, style: .plain)
    let began = RunProgress(.began, phase: "random-read-4k", kind: .scenario, elapsed: .zero)
    #expect(display.text(for: began) == "  ▸ random read 4k\n")
    var lines: [Int] = []
    for second in 1...12 where !display.text(for: Self.running(Double(second))).isEmpty {
      lines.append(second)
    }
    #expect(lines == [5, 10])
    #expect(
      display.text(for: Self.ended(13))
        == "  ✓ random read 4k        71.2K IOPS  p99 512 µs  5 rounds\n")
    var next = ProgressDisplay(form: .text, style: .plain)
    #expect(
      next.text(for: Self.running(0))
        == "  ▸ random read 4k        68 %  71.2K IOPS  p99 512 µs  round 4/5  1:12 left\n")
  }

  @Test("says that the subject does not answer") func stalled() {
    var progress = Self.running(1)
    progress.stalledFor = Nanoseconds(seconds: 3.2)
    var display = ProgressDisplay(form: .text, style: .plain)
    let line = display.text(for: progress)
    #expect(line.contains("no answer for 3.2 s"))
    #expect(!line.contains("IOPS"))
  }

  @Test(
    "marks a phase that did not complete",
    arguments: [
      (PhaseOutcome.lost, "device lost"), (.stalled, "device stalled"), (.failed, "device errors"),
      (.corrupt, "wrong data"), (.interrupted, "interrupted"),
    ])
  func incomplete(outcome: PhaseOutcome, words: String) {
    var progress = Self.ended(1)
    progress.outcome = outcome
    var display = ProgressDisplay(form: .text, style: .plain)
    #expect(display.text(for: progress).hasPrefix("  ✗ random read 4k        \(words)  71.2K"))
  }

  @Test("shows figures that are none as unknown", arguments: [Double.nan, .infinity, -1, 7])
  func badFigures(value: Double) {
    var progress = Self.running(1)
    progress.fractionDone = value
    progress.operationsPerSecond = value
    for style in [Self.terminal, .plain] {
      var display = ProgressDisplay(form: .text, style: style)
      let line = display.text(for: progress)
      #expect(!line.contains("nan") && !line.contains("inf"))
      #expect(line.contains("1:12 left"))
    }
  }

  @Test("as JSON is one object a line that reads back the same") func json() throws {
    var display = ProgressDisplay(form: .json, style: .plain)
    let line = display.text(for: Self.running(1.5))
    #expect(line.hasSuffix("}\n"))
    #expect(line.count { $0 == "\n" } == 1)
    #expect(line.contains(#""elapsed":1500000000"#))
    #expect(line.contains(#""schema":1"#))
    let read = try JSONDecoder().decode(RunProgress.self, from: Data(line.utf8))
    #expect(read == Self.running(1.5))
  }

  @Test("as JSON leaves out a figure that JSON cannot hold") func jsonNotFinite() throws {
    var progress = Self.running(1)
    progress.operationsPerSecond = .nan
    progress.bytesPerSecond = .infinity
    let line = RunProgressJSON.line(progress)
    let read = try JSONDecoder().decode(RunProgress.self, from: Data(line.utf8))
    #expect(read.operationsPerSecond == nil)
    #expect(read.p99 == progress.p99)
  }

  @Test("is silent where it was asked to be") func none() {
    var display = ProgressDisplay(form: .none, style: Self.terminal)
    #expect(display.text(for: Self.ended(1)) == "")
  }
}
