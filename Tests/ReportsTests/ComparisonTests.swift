import Measurements
import Testing

@testable import Reports

@Suite("A comparison") struct ComparisonTests {
  private static func gate(
    _ side: LimitSide, _ value: Double?, _ lower: Double?, _ upper: Double?,
    unit: MetricUnit = .perSecond
  ) -> GateResult {
    let name = GateName(layer: .raw, scenario: "random-read-4k", metric: "iops")
    var gate = GateResult(name: name, side: side, limit: 100, unit: unit)
    gate.value = value
    gate.lower = lower
    gate.upper = upper
    return gate
  }

  @Test(
    "judges a gate by whether the intervals overlap",
    arguments: [
      (LimitSide.min, [100.0, 95, 105], [120.0, 115, 125], Comparison.Change.improved),
      (.min, [100, 95, 105], [80, 75, 85], .regressed),
      (.min, [100, 95, 105], [106, 101, 111], .same),
      (.min, [100, 95, 105], [110, 105, 115], .same),
      // Far worse, but so noisy that nobody can tell.
      (.min, [100, 60, 140], [79, 40, 118], .unclear),
      (.min, [100, 60, 140], [81, 40, 122], .same),
      (.min, [100, 60, 140], [139, 90, 170], .same),
      (.max, [3.9, 2.8, 5.0], [2030, 0.09], .unclear),
      (.max, [100, 60, 140], [124, 80, 160], .same), (.max, [100, 60, 140], [70, 50, 90], .same),
      (.max, [100, 95, 105], [80, 75, 85], .improved),
      (.max, [100, 95, 105], [120, 115, 125], .regressed),
      (.min, [100, 95], [80, 75, 85], .regressed),
      (.min, [100, 95], [120, 115, 125], .same),
      (.min, [100], [80, 75, 85], .notComparable),
      (.min, [], [80, 75, 85], .notComparable),
      (.min, [.nan, 95, 105], [80, 75, 85], .notComparable),
      (.min, [100, .nan, 105], [80, 75, 85], .notComparable),
    ] as [(LimitSide, [Double], [Double], Comparison.Change)])
  func change(side: LimitSide, before: [Double], after: [Double], expected: Comparison.Change) {
    func gate(_ numbers: [Double]) -> GateResult {
      Self.gate(
        side, numbers.first, numbers.count > 1 ? numbers[1] : nil,
        numbers.count > 2 ? numbers[2] : nil)
    }
    #expect(Comparison.change(from: gate(before), to: gate(after)) == expected)
  }

  @Test("does not compare different units or sides") func otherShape() {
    let gate = Self.gate(.min, 100, 95, 105)
    #expect(
      Comparison.change(from: gate, to: Self.gate(.max, 100, 95, 105)) == .notComparable)
    #expect(
      Comparison.change(from: gate, to: Self.gate(.min, 100, 95, 105, unit: .nanoseconds))
        == .notComparable)
  }

  @Test(
    "judges a word by whether it is another one",
    arguments: [
      ("nvme", Outcome.pass, "nvme", Outcome.pass, Comparison.Change.same),
      ("hdd", .fail, "nvme", .pass, .improved), ("nvme", .pass, "hdd", .fail, .regressed),
      ("nvme", .pass, "unknown", .inconclusive, .notComparable),
    ])
  func words(
    before: String, was: Outcome, after: String, outcome: Outcome, expected: Comparison.Change
  ) {
    var old = Self.gate(.equals, nil, nil, nil, unit: .word)
    var new = old
    (old.valueWord, old.outcome) = (before, was)
    (new.valueWord, new.outcome) = (after, outcome)
    #expect(Comparison.change(from: old, to: new) == expected)
  }

  private static var earlier: RunRecord {
    var earlier = SyntheticRecord.full
    earlier.seed = 1
    earlier.runID = "fedcba9876543210fedcba9876543210"
    earlier.verdict?.outcome = .pass
    return earlier
  }

  @Test("has nothing to note where only the seed differs") func otherSeed() {
    #expect(Comparison(of: SyntheticRecord.full, with: Self.earlier).notes == [])
  }

  @Test("notes what else differs and keeps gates that only one run has") func notes() throws {
    var earlier = Self.earlier
    earlier.profile.sha256 = String(repeating: "c", count: 64)
    earlier.mode = "quick"
    earlier.subjects[0].identity.model = "Micron 7450"
    earlier.tool.build = "debug"
    earlier.verdict?.outcome = .inconclusive
    earlier.verdict?.gates.remove(at: 0)
    earlier.verdict?.gates[0].value = 600_000
    earlier.verdict?.gates[0].lower = 590_000
    earlier.verdict?.gates[0].upper = 610_000
    earlier.verdict?.gates[1].value = 320_000
    earlier.verdict?.gates[1].lower = 315_000
    earlier.verdict?.gates[1].upper = 325_000
    earlier.verdict?.gates[4].name.scenario = "gone"
    let comparison = Comparison(of: SyntheticRecord.full, with: earlier)
    #expect(comparison.hasRegressed)
    #expect(
      comparison.findings.map(\.change) == [
        .notComparable, .improved, .regressed, .same, .same, .notComparable, .notComparable,
      ])
    #expect(comparison.notes.count == 5)
    #expect(comparison.notes.last == "the earlier run was INCONCLUSIVE")
    try Fixture.expect(comparison.text(style: .plain), isIn: "comparison.txt")
    try Fixture.expect(comparison.markdown(heading: "##"), isIn: "comparison.md")
  }
}
