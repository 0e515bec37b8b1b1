import Measurements
import Testing

@testable import Verdicts

@Suite("A profile loads") struct ProfileLoaderTests {
  @Test("into values in base units") func values() throws {
    let profile = try Fixture.load(Fixture.profile)
    #expect(profile.tier == .hot)
    #expect(profile.confidence == 0.99)
    #expect(profile.rounds.duration == Nanoseconds(1_000_000_000))
    #expect(profile.preconditioning.blockBytes == 131_072)
    #expect(profile.scenarios.map(\.name) == ["random-read-4k", "random-write-4k", "point-lookup"])
    #expect(profile.gates.map(\.limit) == [20_000, 10_000, 2_000_000])
    #expect(profile.gates.map(\.side) == [.min, .min, .max])
    #expect(profile.scenarios[2].ratePerSecond == 1000)
  }

  @Test("the same again from its resolved text", arguments: BuiltInProfiles.names)
  func roundTrip(name: String) throws {
    let source = try BuiltInProfiles.source(named: name)
    for mode in QualificationMode.allCases {
      let profile = try ProfileLoader.load(text: source.text, file: source.file, mode: mode)
      for again in QualificationMode.allCases {
        let second = try ProfileLoader.load(
          text: profile.resolvedText, file: "profile.yaml", mode: again)
        #expect(second == profile)
      }
    }
  }

  @Test("the same again whatever its texts hold") func awkwardTexts() throws {
    let awkward = #"reason: "a \"quote\", a \\, a: colon # and\nline \u2028 é \u0007 {[*&!|>%@`""#
    let text = Fixture.replacing("min: 20K, reason: enough", "min: 20K, \(awkward)")
    let profile = try Fixture.load(text, overrides: ["endurance.rated-tbw=3.5", "confidence=0.95"])
    #expect(profile.gates[0].reason.contains("\u{2028}"))
    #expect(profile.ratedBytesWritten == 3_500_000_000_000)
    #expect(try Fixture.load(profile.resolvedText) == profile)
  }

  @Test("over its parent, with the mode's overlay on top") func layers() throws {
    let child = """
      schema: 1
      name: child
      extends: base
      summary: a child
      rounds: {min: 6}
      scenarios: {random-read-4k: {depth: 4}, random-write-4k: {depth: 2}}
      gates:
        raw/point-lookup/p99: null
        raw/random-read-4k/iops: {min: 5K, reason: less, source: child}
      modes:
        nightly:
          rounds: {max: 40}
          scenarios: {point-lookup: null}
      """
    let parents = ["base": Fixture.profile + "\nmodes: {quick: {rounds: {min: 9, max: 12}}}"]
    let quick = try Fixture.load(child, mode: .quick, parents: parents)
    #expect(quick.name == "child")
    #expect(quick.rounds.min == 6, "the child's own key beats its parent's overlay")
    #expect(quick.rounds.max == 12)
    #expect(quick.scenarios.map(\.depth) == [4, 2, 8])
    #expect(quick.gates.map(\.limit) == [5000, 10_000])
    #expect(quick.gates[0].reason == "less")
    let nightly = try Fixture.load(child, mode: .nightly, parents: parents)
    #expect(nightly.rounds.max == 40)
    #expect(nightly.scenarios.count == 2)
  }

  @Test(
    "with overrides",
    arguments: [
      ("raw/random-read-4k/iops=7_500", 7500.0), ("raw/random-read-4k/iops=30K", 30_000),
      ("gates.raw/random-read-4k/iops=7500", 7500),
    ])
  func gateOverrides(text: String, limit: Double) throws {
    let profile = try Fixture.load(Fixture.profile, overrides: [text])
    #expect(profile.gates[0].limit == limit)
    #expect(profile.gates[0].reason == "enough")
    #expect(try Fixture.load(profile.resolvedText) == profile)
  }

  @Test("with any key overridden") func keyOverrides() throws {
    let profile = try Fixture.load(
      Fixture.profile,
      overrides: [
        "rounds.duration=250 ms", "scenarios.random-read-4k.depth=3", "demonstration=true",
        "raw/point-lookup/p99=null", "endurance.rated-tbw=3500", "steady-state.scenario=null",
        "scenarios.point-lookup.rate=2K",
      ])
    #expect(profile.rounds.duration == Nanoseconds(250_000_000))
    #expect(profile.scenarios[0].depth == 3)
    #expect(profile.demonstration)
    #expect(profile.gates.count == 2)
    #expect(profile.ratedBytesWritten == 3_500_000_000_000_000)
    #expect(profile.steadyState.scenario == nil)
    #expect(profile.scenarios[2].ratePerSecond == 2000)
  }

  @Test("with an override of a gate that only its own mode has") func overrideInMode() throws {
    let source = try BuiltInProfiles.source(named: "cold")
    let text = "raw/sequential-read-inner/bandwidth=50 MB/s"
    let profile = try ProfileLoader.load(
      text: source.text, file: source.file, mode: .nightly, overrides: [text])
    #expect(profile.gates.contains { $0.limit == 50e6 })
    #expect(throws: ProfileErrors.self) {
      try ProfileLoader.load(text: source.text, file: source.file, mode: .quick, overrides: [text])
    }
  }

  @Test("from an anchor or two") func anchors() throws {
    let text = Fixture.replacing("reason: enough, source: us}", "reason: &r enough, source: *r}")
    #expect(try Fixture.load(text).gates[0].source == "enough")
  }
}
