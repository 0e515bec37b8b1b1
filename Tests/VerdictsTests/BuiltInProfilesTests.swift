import FoundationEssentials
import Measurements
import Testing

@testable import Verdicts

@Suite("The built-in profiles") struct BuiltInProfilesTests {
  /// The top of the package, from this file's place in it.
  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "profiles")
  }

  @Test("are the files in profiles/, byte for byte", arguments: BuiltInProfiles.names)
  func sameText(name: String) throws {
    let top = Self.folder.deletingLastPathComponent()
    let file = String(
      decoding: try Data(contentsOf: top.appending(path: "profiles/\(name).yaml")), as: UTF8.self)
    let indented = file.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.isEmpty ? "" : "    " + $0
    }.joined(separator: "\n")
    let embedded = """
      extension BuiltInProfiles {
        /// The text of `profiles/\(name).yaml`, which is its only source.
        static let \(name) = #\"""
      \(indented)
          \"""#
      }

      """
    let swift =
      "Sources/Verdicts/BuiltIn/BuiltInProfiles+\(name.prefix(1).uppercased())\(name.dropFirst()).swift"
    if ProcessInfo.processInfo.environment["STOREBENCH_EMBED_PROFILES"] == "1" {
      try Data(embedded.utf8).write(to: top.appending(path: swift))
    }
    let current = String(decoding: try Data(contentsOf: top.appending(path: swift)), as: UTF8.self)
    #expect(
      current == embedded,
      "after a change to profiles/\(name).yaml: STOREBENCH_EMBED_PROFILES=1 swift test --filter BuiltIn"
    )
    #expect(try BuiltInProfiles.source(named: name).text == file || current != embedded)
  }

  @Test("load in both modes without a mistake", arguments: BuiltInProfiles.names)
  func load(name: String) throws {
    let source = try BuiltInProfiles.source(named: name)
    for mode in QualificationMode.allCases {
      let profile = try ProfileLoader.load(text: source.text, file: source.file, mode: mode)
      #expect(profile.name == name)
      #expect(profile.demonstration == (name == "demo"))
      #expect(profile.gates.allSatisfy { $0.reason.count > 20 && $0.source.count > 10 })
      let raw = profile.scenarios.filter { $0.layer == .raw }
      for scenario in raw {
        let judged = profile.gates.contains {
          $0.name.layer == .raw && $0.name.scenario == scenario.name
        }
        #expect(judged, "no gate looks at \(scenario.name)")
      }
    }
  }

  @Test("ask what the tiers promise")
  func promises() throws {
    func limit(_ profile: String, _ gate: String) throws -> Double? {
      let source = try BuiltInProfiles.source(named: profile)
      return try ProfileLoader.load(text: source.text, file: source.file, mode: .nightly).gates
        .first { $0.name.description == gate }?.limit
    }
    #expect(try limit("hot", "raw/random-read-4k/iops") == 500_000)
    #expect(try limit("hot", "raw/random-write-4k/iops") == 300_000)
    #expect(try limit("hot", "raw/read-latency/mean") == 100_000)
    #expect(try limit("hot", "raw/point-lookup/p99") == 2_000_000)
    #expect(try limit("hot", "engine/batch-write/iops") == 1_000_000)
    #expect(try limit("hot", "engine/scan/bandwidth") == 2e9)
    #expect(try limit("hot", "engine/batch-10k/p99") == 10_000_000)
    #expect(try limit("warm", "engine/random-read/iops") == 200_000)
    #expect(try limit("warm", "raw/read-latency/p99") == 1_000_000)
    #expect(try limit("cold", "engine/random-write/iops") == 5000)
    #expect(try limit("cold", "raw/random-read-4k/max") == 1_000_000_000)
  }

  @Test("the demonstration ends within 150 s at its longest") func demonstrationTime() throws {
    let source = try BuiltInProfiles.source(named: "demo")
    for mode in QualificationMode.allCases {
      let profile = try ProfileLoader.load(text: source.text, file: source.file, mode: mode)
      let round = (profile.rounds.duration + profile.rounds.rampUp).seconds
      let scenarios = Double(profile.scenarios.count * profile.rounds.max) * round
      let steady = Double(profile.steadyState.maxRounds) * profile.steadyState.round.seconds
      // A disk that just meets the write gate fills the file at 80 MB/s.
      let fill = Double(profile.fileBytes ?? 0) / 80e6
      #expect(scenarios + steady + fill <= 150)
      #expect(profile.gates.allSatisfy { $0.name.layer == .raw })
    }
  }

  @Test("an unknown name is answered with the known ones") func unknown() {
    #expect(throws: UnknownProfile(name: "hott")) { try BuiltInProfiles.source(named: "hott") }
    #expect(UnknownProfile(name: "hott").description.contains("did you mean 'hot'?"))
  }
}

@Suite("A gate above the interface's bound") struct InterfaceBoundTests {
  @Test(
    "is known by the standard's arithmetic",
    arguments: [
      ("sata", 1, 1, 150e6), ("sata", 2, 1, 300e6), ("sata", 3, 1, 600e6),
      ("pcie", 1, 1, 0.25e9), ("pcie", 2, 4, 2e9), ("pcie", 3, 1, 0.985e9),
      ("pcie", 4, 4, 7.877e9), ("pcie", 5, 1, 3.938e9), ("pcie", 6, 1, 7.563e9),
    ])
  func bound(bus: String, generation: Int, lanes: Int, bytes: Double) throws {
    let bound = try #require(InterfaceBound(bus: bus, generation: generation, lanes: lanes))
    #expect(abs(bound.bytesPerSecond / bytes - 1) < 0.001)
  }

  @Test("is not known for other links", arguments: [("usb", 3, 1), ("sata", 4, 1), ("pcie", 7, 4)])
  func unknown(bus: String, generation: Int, lanes: Int) {
    #expect(InterfaceBound(bus: bus, generation: generation, lanes: lanes) == nil)
  }

  private static let sata =
    "link: {bus: sata, generation: 3, reason: declared, source: us}\ntier: hot"

  @Test(
    "is refused with the arithmetic",
    arguments: [
      ("min: 146K", nil), ("min: 200K", "600 MB/s ÷ 4 KiB = 146 484"),
    ])
  func refused(limit: String, arithmetic: String?) {
    let text = Fixture.replacing("tier: hot", Self.sata).split(separator: "\n").map {
      $0.contains("min: 20K") ? "  raw/random-read-4k/iops: {\(limit), reason: r, source: s}" : $0
    }.joined(separator: "\n")
    let found = Fixture.mistakes(text)
    if let arithmetic {
      #expect(found.count == 1 && found[0].hasPrefix("lab.yaml:20:34: "), "\(found)")
      #expect(found[0].contains(arithmetic))
      #expect(found[0].contains("200 000"))
    } else {
      #expect(found.isEmpty)
    }
  }

  @Test(
    "is found again on the trained link",
    arguments: [
      (3, 4, 0), (4, 4, 0), (3, 2, 2), (4, 1, 2), (1, 1, 5), (1, 4, 3),
    ])
  func trained(generation: Int, lanes: Int, violations: Int) throws {
    let source = try BuiltInProfiles.source(named: "hot")
    let profile = try ProfileLoader.load(text: source.text, file: source.file, mode: .quick)
    let link = LinkRecord(
      bus: "pcie", generation: generation, lanes: lanes, generationMax: 4, lanesMax: 4)
    let found = InterfaceBound.boundViolations(profile, link: link)
    #expect(found.count == violations, "\(found.map(\.message))")
  }

  @Test("lets a mix use both directions of PCIe at once") func duplex() throws {
    let bound = try #require(InterfaceBound(bus: "pcie", generation: 1, lanes: 1))
    let profile = try Fixture.load(
      Fixture.replacing("workload: random-read,", "workload: random-mix, read-percent: 50,"))
    #expect(bound.limit(of: .iops, in: profile.scenarios[0]) == 0.5e9 / 4096)
  }
}
