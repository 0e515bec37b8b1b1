import LinuxIO
import Measurements
import Testing
import Verdicts

@testable import Qualification

@Suite("A simulated device that breaks its promises")
struct FaultyDeviceTests {
  @Test(
    "fails the run at once, and the verdict says in which phase",
    arguments: [
      ("lost-at=5", "fill", PhaseOutcome.lost),
      ("lost-at=25", "steady-state", .lost),
      ("lost-at=85", "random-read-4k", .lost),
      ("silent-at=5", "fill", .stalled),
      ("silent-at=25", "steady-state", .stalled),
      ("silent-at=45", "sequential-read-outer", .stalled),
      ("write-error-at=1048576000", "fill", .failed),
      ("read-error-at=20971520", "sequential-read-outer", .failed),
      ("corrupt-every=500", "sequential-read-outer", .corrupt),
    ])
  func fails(setting: String, phase: String, outcome: PhaseOutcome) async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk + "," + setting)
    let verdict = try #require(run.verdict)
    #expect(verdict.outcome == .fail, "\(verdict.summary)")
    #expect(verdict.exitCode == 1)
    #expect(verdict.summary.contains("during \(phase)"), "\(verdict.summary)")
    let last = try #require(run.record.phases.last)
    #expect(last.name == phase)
    #expect(last.outcome == outcome)
    #expect(
      verdict.gates.allSatisfy {
        $0.name.layer == .device || $0.outcome != .pass || $0.value != nil
      })
  }

  @Test("that was never written leaves its read gates inconclusive, and the run")
  func unwritten() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk + ",unwritten=1")
    let verdict = try #require(run.verdict)
    #expect(verdict.outcome == .inconclusive)
    #expect(verdict.exitCode == 2)
    #expect(
      run.gates(.inconclusive) == [
        "raw/sequential-read-outer/bandwidth", "raw/random-read-4k/iops", "raw/random-read-4k/max",
      ])
    #expect(run.gates(.fail).isEmpty)
  }

  @Test("that never becomes steady is inconclusive, however fast it is")
  func unsteady() async throws {
    let run = try await SimulatedRun(
      .cold,
      on: "simulated:read-iops=900,write-iops=900,latency=12000,bandwidth=700,throttle-at=14,"
        + "throttle-factor=3",
      overrides: ["steady-state.max-rounds=6"])
    let verdict = try #require(run.verdict)
    #expect(verdict.outcome == .inconclusive, "\(verdict.summary)")
    #expect(verdict.exitCode == 2)
    #expect(run.gates(.pass).isEmpty)
    let steady = run.record.phases.first { $0.kind == .steadyState }?.steadyState
    #expect(steady?.reached == false)
    #expect(verdict.gates.contains { $0.reason?.contains("never steady") == true })
  }

  @Test("does not become sound because its run was interrupted: there is no verdict")
  func interrupted() async throws {
    let stop = StopSignal()
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk, stop: stop) { progress in
      if progress.phase == "random-read-4k" { stop.request(signal: 2) }
    }
    #expect(run.verdict == nil)
    #expect(run.record.interruptedBy == "SIGINT")
    #expect(run.record.phases.last?.outcome == .interrupted)
    #expect(run.record.phases.contains { $0.name == "fill" && $0.outcome == .completed })
    #expect(try SimulatedRun.record(journal: run.journal) == run.record)
  }
}
