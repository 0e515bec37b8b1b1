import Measurements
import Reports
import Verdicts

/// What `--dry-run` prints: the quote, and what the device's own words already decide.
enum DryRunText {
  static func text(of header: RunRecord, profile: TierProfile) -> String {
    let plan = header.plan
    let share =
      plan.enduranceShare.map { Quantity.percent(fraction: $0) + " of its rated endurance" }
      ?? "share of endurance unknown (set endurance.rated-tbw)"
    let writes =
      plan.bytesWritten == 0
      ? "nothing" : "at most \(Quantity.bytes(plan.bytesWritten)), \(share)"
    var lines = [
      "would run    \(plan.scenarioCount) scenarios, about \(Quantity.duration(plan.duration)), "
        + "at most \(Quantity.duration(plan.durationMax))",
      "would write  \(writes)",
    ]
    let gates = header.subjects.flatMap { DeviceGateRule.judge($0, profile: profile) }
    for gate in gates where gate.outcome == .fail || gate.outcome == .inconclusive {
      let word = gate.outcome == .fail ? "would fail  " : "cannot tell "
      lines.append("\(word) \(gate.name): \(gate.reason ?? "beyond its limit")")
    }
    lines.append("nothing was loaded or written")
    return lines.map { PrintableText.line($0) + "\n" }.joined()
  }
}
