import Measurements
import Reports

/// What `--dry-run` prints: the quote, and nothing that was measured.
enum DryRunText {
  static func text(of header: RunRecord) -> String {
    let plan = header.plan
    let share =
      plan.enduranceShare.map { Quantity.percent(fraction: $0) + " of its rated endurance" }
      ?? "share of endurance unknown (set endurance.rated-tbw)"
    return """
      would run  \(plan.scenarioCount) scenarios, about \(Quantity.duration(plan.duration)), \
      at most \(Quantity.duration(plan.durationMax))
      would write  at most \(Quantity.bytes(plan.bytesWritten)), \(share)
      nothing was loaded or written

      """
  }
}
