internal import Measurements

/// Joins gates and faults into the judgement of a run and says it in words.
struct VerdictSummary {
  var record: RunRecord
  var profile: TierProfile
  var gates: [GateResult]
  var faults: [Fault]
  var warnings: [String]
  var unsteady: String?

  var verdict: VerdictRecord {
    let outcome = outcome
    var objections = CertifiableRule.objections(record, profile: profile)
    if outcome != .pass { objections.append("the outcome is \(outcome.rawValue)") }
    if gates.contains(where: { $0.outcome == .notApplicable }) {
      objections.append("some gates do not apply to this subject")
    }
    if record.phases.allSatisfy({ $0.kind != .steadyState }) {
      objections.append("the steady state was not looked for")
    }
    let remarks = warnings + (unsteady.map { [$0] } ?? []) + (record.notes ?? [])
    var verdict = VerdictRecord(
      outcome: outcome, exitCode: exitCode(outcome).rawValue, summary: summary(outcome),
      gates: gates, certifiable: objections.isEmpty, notCertifiable: objections, warnings: remarks)
    verdict.why = why
    verdict.remedy = remedy(outcome)
    return verdict
  }

  private var failed: [GateResult] { gates.filter { $0.outcome == .fail } }
  private var undecided: [GateResult] { gates.filter { $0.outcome == .inconclusive } }

  private var outcome: Outcome {
    if !faults.isEmpty || !failed.isEmpty { return .fail }
    guard record.interruptedBy == nil, undecided.isEmpty else { return .inconclusive }
    // A run that compared nothing has shown nothing.
    let passed = gates.contains { $0.outcome == .pass && $0.name.layer != .device }
    return passed ? .pass : .inconclusive
  }

  private func exitCode(_ outcome: Outcome) -> ExitCode {
    switch record.interruptedBy {
    case "SIGTERM": return .terminated
    case .some: return .interrupted
    case nil: break
    }
    switch outcome {
    case .pass: return .pass
    case .fail: return .fail
    case .inconclusive, .notApplicable:
      let hostBound = !undecided.isEmpty && undecided.allSatisfy { $0.bound == .cpu }
      return hostBound ? .unsuitable : .inconclusive
    }
  }

  private func summary(_ outcome: Outcome) -> String {
    let count = gates.count { $0.outcome != .notApplicable }
    if let fault = faults.first { return fault.message }
    if let signal = record.interruptedBy {
      return "interrupted by \(signal): \(undecided.count) of \(count) gates undecided"
    }
    if let first = failed.first {
      return "\(failed.count) of \(count) gates failed: \(Self.sentence(first))"
    }
    if let first = undecided.first {
      return "\(undecided.count) of \(count) gates undecided: \(Self.sentence(first))"
    }
    return outcome == .pass ? "\(count) of \(count) gates passed" : "no gate was measured"
  }

  /// The gate, and by how much.
  static func sentence(_ gate: GateResult) -> String {
    if let word = gate.valueWord {
      return "\(gate.name) is '\(word)', not '\(gate.limitWord ?? "")'"
    }
    guard let value = gate.value, let limit = gate.limit else {
      return "\(gate.name): \(gate.reason ?? "not measured")"
    }
    let figure = Figure.text(value, gate.unit)
    let wanted = "\(gate.side == .min ? "≥" : "≤") \(Figure.text(limit, gate.unit))"
    guard gate.outcome == .fail, limit > 0 else {
      return "\(gate.name) is \(figure), wanted \(wanted)"
        + (gate.reason.map { ": \($0)" } ?? "")
    }
    let distance = Figure.percent(abs(value - limit) / limit)
    return
      "\(gate.name) is \(figure), \(distance) \(gate.side == .min ? "under" : "over") \(wanted)"
  }

  private var why: String? {
    if !faults.isEmpty { return faults.map(\.message).joined(separator: "; ") }
    return (failed.first ?? undecided.first)?.reason ?? unsteady
  }

  private func remedy(_ outcome: Outcome) -> String? {
    if let fault = faults.first {
      switch fault.outcome {
      case .corrupt: return "Take the device out of service; its data cannot be trusted."
      case .lost, .stalled:
        return "Check the cable, slot, power and kernel log, then run again."
      default: return "Look into the kernel log and the device's own error log, then run again."
      }
    }
    if record.interruptedBy != nil { return "Run again and let it end." }
    guard let gate = failed.first ?? undecided.first else { return nil }
    if gate.name.layer == .device { return deviceRemedy(gate) }
    if gate.reason?.contains(RunVerdict.unwritten) == true {
      return "Let the run write first, so that reads reach the medium: --destroy-data SERIAL, or a "
        + "folder as the target."
    }
    if gate.reason?.contains(RunVerdict.implausible) == true {
      return "Compare the limit with what the scenario does: its block size, range and depth."
    }
    if gate.reason?.contains(EngineRule.memoryMeasured) == true {
      return "Give the store less memory or more data: --set engine.memory=…, --set engine.data=…"
    }
    switch gate.bound {
    case .thermal: return "Cool the device, then run again."
    case .link: return "Reseat the device or move it to a slot that gives it its whole link."
    case .numa: return "Leave the placement to the program: run again without pinning from outside."
    case .cpu: return "Run on a host that can drive the device, or with more CPUs for this one."
    case .neighbour: return "Run again while the machine is quiet."
    case .store:
      return "Run on a host with faster processors: here the store above the device takes too long."
    case .device where gate.outcome == .fail:
      return "The device does not reach this tier; try a lower one."
    case .device, nil: break
    }
    if unsteady != nil { return "Run again in mode nightly, which prepares the device longer." }
    if gate.value == nil { return unmeasuredRemedy(gate) }
    return
      "Run again in mode nightly, or with more rounds: --set rounds.max=\(profile.rounds.max * 2)"
  }

  private func deviceRemedy(_ gate: GateResult) -> String? {
    switch DeviceMetric(gate.name) {
    case .kind:
      return gate.outcome == .fail
        ? "Choose the tier that this kind of device serves."
        : "Qualify a drive that identifies itself, or give a folder on it as the target."
    case .linkGeneration, .linkLanes:
      return "Reseat the device or move it to a slot that gives it its whole link."
    case .capacity: return "Choose a larger device."
    case .criticalWarning, .mediaErrorGrowth, .availableSpare, .temperature:
      return gate.outcome == .fail
        ? "Look at the device's health (nvme smart-log or smartctl -a) before it is used."
        : "Install nvme-cli or smartmontools, then run again."
    case nil: return nil
    }
  }

  private func unmeasuredRemedy(_ gate: GateResult) -> String {
    gate.name.layer == .engine
      ? "Give a folder on the device, where the run may make a store, or choose --layer raw to judge "
        + "the device alone."
      : "Allow the run to write (--destroy-data SERIAL, or a folder as the target), or use a "
        + "read-only profile."
  }
}
