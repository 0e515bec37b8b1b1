import Measurements
import Testing
import Verdicts

@testable import Qualification

@Suite("A verdict, derived again from what its run left behind,")
struct RederivationTests {
  @Test(
    "is the same",
    arguments: [
      "", ",throttle-at=60,throttle-factor=1.5", ",lost-at=85", ",unwritten=1",
      ",corrupt-every=500",
    ])
  func same(fault: String) async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk + fault)
    let first = try #require(run.verdict)
    var stored = try #require(try SimulatedRun.record(journal: run.journal))
    stored.verdict = nil
    let profile = try ProfileLoader.load(
      text: stored.profile.text, file: "profile.yaml", mode: .quick)
    #expect(profile == run.profile)
    #expect(FileHash.sha256(of: stored.profile.text) == stored.profile.sha256)
    let again = RunVerdict.judge(record: stored, profile: profile, samples: run.samples)
    #expect(again == first)
  }

  @Test("needs the side file: without it percentiles cannot be judged")
  func withoutSamples() async throws {
    let run = try await SimulatedRun(
      .warm, on: "simulated:read-iops=80000,write-iops=40000,latency=100,bandwidth=550",
      overrides: ["rounds.duration=50 ms", "rounds.ramp-up=10 ms", "steady-state.round=50 ms"])
    #expect(run.gates(.pass).contains("raw/read-latency/p99"))
    let again = RunVerdict.judge(record: run.record, profile: run.profile, samples: [])
    #expect(again.gates.first { $0.name.description == "raw/read-latency/p99" }?.outcome != .pass)
  }
}

@Suite("A simulated run")
struct SimulatedSeedTests {
  @Test("gives the same figures for the same seed, and others for another")
  func seeds() async throws {
    func figures(_ run: SimulatedRun) -> [[LatencySummary]] {
      run.record.phases.map { $0.rounds.map(\.latency) }
    }
    let first = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk, seed: 7)
    let second = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk, seed: 7)
    let third = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk, seed: 8)
    #expect(figures(first) == figures(second))
    #expect(
      first.record.phases.map { $0.rounds.map(\.operations) }
        == second.record.phases.map { $0.rounds.map(\.operations) })
    #expect(first.record.bytesWritten == second.record.bytesWritten)
    #expect(figures(first) != figures(third))
    #expect(first.record.runID != second.record.runID)
  }

  @Test(
    "refuses settings that it does not know, with the ones that it does",
    arguments: [
      "simulated:speed=1", "simulated:read-iops", "simulated:read-iops=", "simulated:latency=nan",
      "simulated:latency=-1", "simulated:latency=1e300", "simulated:read-iops=fast", "null:",
    ])
  func unknownSettings(device: String) async throws {
    await #expect {
      _ = try await SimulatedRun(.cold, on: device)
    } throws: { error in
      guard let failure = error as? TargetFailure else { return false }
      let remedy = device == "null:" ? "simulated:" : "read-iops, write-iops, latency"
      return failure.category == .usage && failure.description.contains(remedy)
    }
  }

  @Test("refuses scenarios that do not fit its device before anything runs")
  func misfit() async throws {
    await #expect {
      _ = try await SimulatedRun(.cold, on: "simulated:capacity=0.004")
    } throws: { error in
      guard let failure = error as? TargetFailure else { return false }
      return failure.category == .usage && failure.description.contains("sequential-read-outer")
    }
  }
}
