import Measurements
import Testing
import Verdicts

@testable import Qualification

@Suite("A shipped profile, unmodified, on a simulated device")
struct ShippedProfileTests {
  /// The tier, the device, and the gates that it misses.
  static let cases: [(Tier, String, Set<String>)] = [
    (Tier.cold, SimulatedRun.soundDisk, []),
    (
      .cold, "simulated:read-iops=300,write-iops=300,latency=12000,bandwidth=100",
      ["raw/sequential-read-outer/bandwidth", "raw/sequential-write-1m/bandwidth"]
    ),
    (
      .cold,
      "simulated:read-iops=300,write-iops=300,latency=12000,bandwidth=240,stall-at=85,stall-for=3",
      ["raw/random-read-4k/max"]
    ),
    (.warm, "simulated:read-iops=80000,write-iops=40000,latency=100,bandwidth=550", []),
    (
      .warm, "simulated:read-iops=60000,write-iops=20000,latency=133,bandwidth=450",
      [
        "raw/random-read-4k/iops", "raw/random-write-4k/iops", "raw/sequential-read-1m/bandwidth",
      ]
    ),
  ]

  static let hotCases: [(String, Set<String>)] = [
    ("simulated:read-iops=640000,write-iops=384000,latency=75", []),
    ("simulated:read-iops=480000,write-iops=384000,latency=75", ["raw/random-read-4k/iops"]),
  ]

  @Test(
    "passes one that is fast enough and fails one that is not, naming each gate",
    arguments: cases)
  func judges(tier: Tier, device: String, failing: Set<String>) async throws {
    try await check(tier, device, failing)
  }

  @Test(
    "of the hot tier does so as well",
    .enabled(if: BuildForm.isOptimized, "tens of millions of requests need an optimized build"),
    arguments: hotCases)
  func judgesHot(device: String, failing: Set<String>) async throws {
    try await check(.hot, device, failing)
  }

  private func check(_ tier: Tier, _ device: String, _ failing: Set<String>) async throws {
    let run = try await SimulatedRun(tier, on: device)
    let verdict = try #require(run.verdict)
    #expect(run.gates(.fail) == failing, "\(verdict.summary)")
    #expect(verdict.outcome == (failing.isEmpty ? .pass : .fail), "\(verdict.summary)")
    #expect(verdict.exitCode == (failing.isEmpty ? 0 : 1))
    for gate in verdict.gates where gate.name.layer == .raw {
      #expect(gate.outcome == .fail || gate.outcome == .pass, "\(gate.name): \(gate.reason ?? "")")
    }
    if let name = failing.sorted().first(where: verdict.summary.contains) {
      #expect(failing.contains(name))
    } else {
      #expect(failing.isEmpty, "the summary names no gate: \(verdict.summary)")
    }
    #expect(!verdict.certifiable)
    #expect(!verdict.notCertifiable.isEmpty)
  }
}
