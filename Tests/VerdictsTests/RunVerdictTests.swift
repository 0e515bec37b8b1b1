import Measurements
import Testing

@testable import Verdicts

@Suite("A run's verdict") struct RunVerdictTests {
  @Test("is a pass for a device better than every gate", arguments: BuiltInProfiles.names)
  func pass(name: String) throws {
    let verdict = try SyntheticRun(SyntheticRun.profile(name)).verdict
    #expect(verdict.outcome == .pass, "\(verdict.summary) \(verdict.gates)")
    #expect(verdict.exitCode == 0)
    #expect(verdict.gates.allSatisfy { $0.outcome == .pass })
    #expect(!verdict.certifiable, "no mode of this release is certifiable")
  }

  @Test("is a fail that names the gate, for every gate", arguments: BuiltInProfiles.names)
  func fail(name: String) throws {
    let profile = try SyntheticRun.profile(name)
    for gate in profile.gates where gate.name.layer == .raw {
      let text = gate.name.description
      let verdict = SyntheticRun(profile, ratios: [text: 0.8]).verdict
      #expect(verdict.outcome == .fail, "\(text): \(verdict.summary)")
      #expect(verdict.exitCode == 1)
      #expect(verdict.summary.contains(text))
      #expect(verdict.gates.filter { $0.outcome == .fail }.map(\.name) == [gate.name])
      #expect(verdict.gates.first { $0.name == gate.name }?.bound == .device)
    }
  }

  @Test("is inconclusive on the limit itself") func undecided() throws {
    let profile = try SyntheticRun.profile("hot")
    let run = SyntheticRun(profile, ratios: ["raw/random-read-4k/iops": 1], noise: 0.05)
    #expect(run.verdict.outcome == .inconclusive)
    #expect(run.verdict.exitCode == 2)
    #expect(run.verdict.remedy?.contains("--set rounds.max=60") == true)
  }

  @Test("is a fail for a hard disk offered as hot, before any load") func wrongKind() throws {
    let profile = try SyntheticRun.profile("hot")
    var subject = SyntheticRun.subject(profile)
    subject.identity.kind = .hdd
    var run = SyntheticRun(profile, subject: subject)
    run.record.phases = []
    run.samples = []
    #expect(run.verdict.outcome == .fail)
    #expect(run.verdict.exitCode == 1)
    #expect(run.verdict.summary.contains("device/identity/kind is 'hdd', not 'nvme'"))
  }

  @Test("tells which gate of the device kept everything else from being measured")
  func endedByGate() throws {
    let profile = try SyntheticRun.profile("hot")
    var subject = SyntheticRun.subject(profile)
    subject.identity.capacityBytes = 1 << 20
    var run = SyntheticRun(profile, subject: subject)
    run.record.phases = []
    run.record.bytesWritten = 0
    run.record.layer = "all"
    run.samples = []
    let failed = run.verdict.gates.filter { $0.outcome == .fail }.map(\.name.description)
    #expect(failed == ["device/identity/capacity"])
    let loaded = run.verdict.gates.filter { $0.name.layer != .device }
    #expect(!loaded.isEmpty)
    for gate in loaded {
      #expect(
        gate.reason == "not measured: the run ended before it: device/identity/capacity failed, "
          + "so nothing was loaded", "\(gate.name)")
    }
  }

  @Test("tells which phase kept the gates behind it from being measured")
  func endedByPhase() throws {
    var run = try SyntheticRun(SyntheticRun.profile("hot"))
    run.record.phases.removeLast(run.record.phases.count - 1)
    run.record.phases[0].outcome = .lost
    run.record.bytesWritten = 0
    let loaded = run.verdict.gates.filter { $0.name.layer == .raw }
    #expect(!loaded.isEmpty)
    for gate in loaded {
      #expect(
        gate.reason
          == "not measured: the run ended before it: in phase 'fill' the device was lost",
        "\(gate.name)")
    }
    run.record.interruptedBy = "SIGINT"
    #expect(
      run.verdict.gates.first { $0.name.layer == .raw }?.reason
        == "not measured: the run ended before it: it was stopped by SIGINT")
  }

  @Test(
    "is a fail where the device broke its promises, whatever its speed",
    arguments: [
      (PhaseOutcome.lost, "lost"), (.stalled, "stopped answering"), (.failed, "errors"),
      (.corrupt, "not what was written"),
    ])
  func faults(outcome: PhaseOutcome, words: String) throws {
    for phase in ["fill", "steady", "random-write-4k"] {
      var run = try SyntheticRun(SyntheticRun.profile("demo"))
      for index in run.record.phases.indices where run.record.phases[index].name == phase {
        run.record.phases[index].outcome = outcome
      }
      #expect(run.verdict.outcome == .fail)
      #expect(run.verdict.exitCode == 1)
      #expect(run.verdict.summary.contains(words) && run.verdict.summary.contains(phase))
    }
  }

  @Test("is a fail for single faults in phases that completed") func singleFaults() throws {
    let faults: [(inout FaultCounts) -> Void] = [
      { $0.errors[5] = 1 }, { $0.short = 1 }, { $0.empty = 1 }, { $0.corrupt = 1 },
      { $0.unanswered = 1 },
    ]
    for fault in faults {
      var run = try SyntheticRun(SyntheticRun.profile("demo"))
      run.change("random-read-4k") { fault(&$0.faults) }
      #expect(run.verdict.outcome == .fail)
    }
  }

  @Test("leaves the null target's phase out") func headroomFaults() throws {
    var run = try SyntheticRun(SyntheticRun.profile("demo"))
    var phase = PhaseRecord(
      kind: .headroom, name: "headroom", scenario: nil, startedAt: .zero, startedAtUTC: "")
    phase.outcome = .failed
    run.record.phases.append(phase)
    #expect(run.verdict.outcome == .pass)
  }

  @Test("is inconclusive where the device never became steady", arguments: [0.8, 1.3])
  func unsteady(ratio: Double) throws {
    let gate = "raw/random-read-4k/iops"
    var run = try SyntheticRun(SyntheticRun.profile("hot"), ratios: [gate: ratio])
    run.change("steady") { $0.operations = UInt64(1000 + 200 * $0.index) }
    #expect(run.verdict.outcome == .inconclusive)
    #expect(run.verdict.why?.contains("never steady") == true)
    run.record.phases.removeAll { $0.kind == .steadyState }
    #expect(run.verdict.outcome == .inconclusive)
  }

  @Test("is inconclusive where reads may not have touched the medium") func unwritten() throws {
    var run = try SyntheticRun(SyntheticRun.profile("hot"))
    run.change("random-read-4k") { $0.faults.unwritten = $0.reads / 100 }
    let verdict = run.verdict
    #expect(verdict.outcome == .inconclusive)
    #expect(
      verdict.gates.filter { $0.outcome == .inconclusive }.map(\.name.scenario)
        == ["random-read-4k"])
    run.change("random-read-4k") { $0.faults.unwritten = 1 }
    #expect(run.verdict.outcome == .pass)
    #expect(run.verdict.warnings.count == 1)
  }

  @Test("is inconclusive where a gate was not measured") func unmeasured() throws {
    let whole = try SyntheticRun(SyntheticRun.profile("hot"))
    var run = whole
    run.record.phases.removeAll { $0.name == "random-mix" }
    #expect(run.verdict.outcome == .inconclusive)
    run = whole
    run.samples.removeAll { $0.phase == "point-lookup" && $0.round == 7 }
    #expect(run.verdict.outcome == .inconclusive)
    run = whole
    run.record.phases[3].rounds.removeLast(26)
    #expect(run.verdict.outcome == .inconclusive, "four rounds are fewer than the first look needs")
    run = whole
    run.change("read-latency") { $0.latency.count = 0 }
    #expect(run.verdict.outcome == .inconclusive)
    run = whole
    run.record.layer = "all"
    #expect(run.verdict.outcome == .inconclusive, "no engine was there")
  }

  @Test("of a run that might not write is inconclusive, unless the profile is read-only")
  func readOnly() throws {
    for readOnly in [false, true] {
      var profile = try SyntheticRun.profile("hot")
      profile.readOnly = readOnly
      var run = SyntheticRun(profile)
      run.record.bytesWritten = 0
      run.record.phases.removeAll { phase in
        phase.kind == .fill || phase.kind == .steadyState
          || profile.scenarios.contains { $0.writes && $0.phaseName == phase.name }
      }
      #expect(run.verdict.outcome == (readOnly ? .pass : .inconclusive))
      let write = run.verdict.gates.first { $0.name.description == "raw/random-write-4k/iops" }
      #expect(write?.outcome == (readOnly ? .notApplicable : .inconclusive))
      #expect(!run.verdict.certifiable)
    }
  }

  @Test(
    "of a device of unknown kind",
    arguments: [
      (SubjectForm.device, false, Outcome.inconclusive), (.device, true, .notApplicable),
      (.file, false, .notApplicable), (.simulated, false, .notApplicable),
      (.null, false, .notApplicable),
    ])
  func unknownKind(form: SubjectForm, demonstration: Bool, outcome: Outcome) throws {
    var profile = try SyntheticRun.profile("hot")
    profile.demonstration = demonstration
    var subject = SyntheticRun.subject(profile, form: form)
    subject.identity.kind = .unknown
    let verdict = SyntheticRun(profile, subject: subject).verdict
    #expect(verdict.gates.first { $0.name.metric == "kind" }?.outcome == outcome)
    #expect(verdict.outcome == (outcome == .inconclusive ? .inconclusive : .pass))
    #expect(!verdict.certifiable)
  }

  @Test("is inconclusive where the wrong thing was measured") func sanity() throws {
    let profile = try SyntheticRun.profile("hot")
    let fast = SyntheticRun(profile, ratios: ["raw/random-read-4k/iops": 100.5]).verdict
    #expect(fast.outcome == .inconclusive)
    #expect(fast.warnings.count == 1)
    let slow = SyntheticRun(profile, ratios: ["raw/random-read-4k/iops": 0.009]).verdict
    #expect(slow.outcome == .inconclusive)
    var merged = SyntheticRun(profile)
    merged.change("random-read-4k") { $0.bytes *= 4 }
    #expect(merged.verdict.outcome == .inconclusive)
    #expect(merged.verdict.warnings.first?.contains("16 KiB each, not 4 KiB") == true)
    var late = SyntheticRun(profile)
    late.change("point-lookup") {
      $0.operations = $0.operations * 9 / 10
      $0.bytes = $0.operations * 4096
    }
    #expect(late.verdict.outcome == .inconclusive)
    let demo = try SyntheticRun(
      SyntheticRun.profile("demo"), ratios: ["raw/random-read-4k/iops": 150]
    ).verdict
    #expect(demo.outcome == .pass)
    // Its limits are low on purpose, and no reader should wonder at that.
    #expect(demo.warnings.isEmpty)
  }

  @Test("is the host's, not the device's, where the host is the bottleneck") func hostBound() throws
  {
    let gate = "raw/random-read-4k/iops"
    var run = try SyntheticRun(SyntheticRun.profile("hot"), ratios: [gate: 0.5])
    #expect(run.verdict.exitCode == 1)
    var headroom = PhaseRecord(
      kind: .headroom, name: "headroom", scenario: nil, startedAt: .zero, startedAtUTC: "")
    var round = RoundRecord(index: 0, startedAt: .zero)
    round.duration = Nanoseconds(1_000_000_000)
    round.operations = 400_000
    headroom.rounds = [round]
    run.record.phases.append(headroom)
    #expect(run.verdict.exitCode == 4)
    #expect(run.verdict.gates.first { $0.name.description == gate }?.bound == .cpu)
  }

  @Test("of an interrupted run", arguments: [("SIGINT", Int32(130)), ("SIGTERM", 143)])
  func interrupted(signal: String, code: Int32) throws {
    var run = try SyntheticRun(SyntheticRun.profile("demo"))
    run.record.interruptedBy = signal
    #expect(run.verdict.exitCode == code)
    #expect(run.verdict.outcome == .inconclusive)
    #expect(!run.verdict.certifiable)
  }

  @Test("comes out the same from the resolved text") func derivedAgain() throws {
    let run = try SyntheticRun(
      SyntheticRun.profile("warm"), ratios: ["raw/random-write-4k/iops": 0.9])
    let again = try ProfileLoader.load(
      text: run.record.profile.text, file: "profile.yaml", mode: .nightly)
    let verdict = RunVerdict.judge(record: run.record, profile: again, samples: run.samples)
    #expect(verdict == run.verdict)
    #expect(verdict.outcome == .fail)
  }

  @Test("is inconclusive where nothing was compared") func nothing() throws {
    var run = try SyntheticRun(SyntheticRun.profile("demo"))
    run.profile.gates = []
    #expect(run.verdict.outcome == .inconclusive)
    run.record.subjects = []
    #expect(run.verdict.outcome == .inconclusive)
  }
}

@Suite("A certificate") struct CertifiableRuleTests {
  private func record(_ change: (inout RunRecord) -> Void) throws -> [String] {
    let profile = try SyntheticRun.profile("hot")
    var record = SyntheticRun(profile, rounds: 1).record
    record.mode = "full"
    record.layer = "all"
    change(&record)
    return CertifiableRule.objections(record, profile: profile)
  }

  @Test("has nothing against a full run on a known device") func clean() throws {
    #expect(try record { _ in }.isEmpty)
  }

  @Test("is refused for each single reason") func objections() throws {
    let changes: [(inout RunRecord) -> Void] = [
      { $0.mode = "quick" }, { $0.mode = "nightly" }, { $0.layer = "raw" },
      { $0.profile.overrides = ["a=b"] }, { $0.tool.build = "debug" }, { $0.subjects = [] },
      { $0.subjects[0].form = .file }, { $0.subjects[0].form = .simulated },
      { $0.subjects[0].identity.kind = .unknown }, { $0.subjects[0].shared = true },
      { $0.subjects[0].identity.transport = "tmpfs" }, { $0.subjects[0].identity.name = "ram0" },
      { $0.subjects[0].identity.serial = nil }, { $0.interruptedBy = "SIGINT" },
    ]
    for change in changes { #expect(try record(change).count == 1) }
  }
}
