import ArgumentParser
import FoundationEssentials
import LinuxIO
import Measurements
import Reports
import Verdicts

/// `storebench compare`: this run against an earlier one, gate by gate.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares a run with an earlier one, gate by gate.",
    discussion: """
      Exits with 0 where nothing became worse, with 1 where a gate's figure became worse beyond \
      both confidence intervals or the later run failed, and with 2 where a gate is no longer \
      measured, is worse by more than a fifth within intervals too wide to tell, or none can be \
      compared.

      EXAMPLE
        storebench compare results/accepted results/2026-11-22T231005Z-node7-S64GNE0R-hot
      """)

  @Argument(help: "The earlier run: its folder or its run.json.")
  var earlier: String

  @Argument(help: "The run in question: its folder or its run.json.")
  var later: String

  func run() throws {
    let (before, after) = (try read(earlier), try read(later))
    let comparison = Comparison(of: after, with: before)
    StandardStream.output.write(comparison.text(style: TerminalStyle.of(.output)))
    if comparison.hasRegressed || after.verdict?.outcome == .fail {
      throw CommandFailure(.fail, after.verdict?.outcome == .fail ? "the later run failed" : "")
    }
    // A gate that was decided before and has no figure now must not look as good as it was.
    let lost = comparison.findings.filter {
      $0.change == .notComparable && $0.before?.value != nil && $0.after?.value == nil
    }
    guard lost.isEmpty, comparison.findings.contains(where: { $0.change != .notComparable }) else {
      let names = lost.map(\.name.description).joined(separator: ", ")
      throw CommandFailure(
        .inconclusive,
        lost.isEmpty
          ? "no gate of the two runs can be compared" : "no longer measured: \(names)")
    }
    let unclear = comparison.findings.filter { $0.change == .unclear }
    guard unclear.isEmpty else {
      let names = unclear.map(\.name.description).joined(separator: ", ")
      throw CommandFailure(
        .inconclusive,
        "worse, but too noisy to tell: \(names); run again while the machine is quiet")
    }
  }

  private func read(_ path: String) throws(CommandFailure) -> RunRecord {
    var isFolder = false
    let found = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder ? path + "/run.json" : path
    guard found, let data = FileManager.default.contents(atPath: file) else {
      throw CommandFailure(.usage, "\(file): cannot be read; give a run's folder or its run.json")
    }
    do {
      return try RunRecordJSON.decode(Array(data))
    } catch {
      throw CommandFailure(.usage, PrintableText.line("\(file): \(error)"))
    }
  }
}
