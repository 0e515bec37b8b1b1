import Measurements
import Synchronization
import Testing
import Workloads

@testable import Driver

@Suite("The way of submitting") struct SubmissionTunerTests {
  /// Feeds a tuner for `seconds` with reaps of eight from a target of those rates.
  private static func tuned(
    _ rates: [SubmissionPolicy: Double], depth: Int = 32, seconds: Double,
    policy: SubmissionPolicy = .automatic
  ) -> SubmissionPolicy {
    var tuner = SubmissionTuner(policy, depth: depth)
    var now = Nanoseconds.zero
    while now < Nanoseconds(seconds: seconds) {
      now = now + Nanoseconds(seconds: 8 / (rates[tuner.policy] ?? 1))
      tuner.note(8, at: now)
    }
    tuner.decide()
    // What is decided stays, whatever comes.
    tuner.note(1000, at: now + Nanoseconds(seconds: 1))
    return tuner.policy
  }

  @Test(
    "is the one that moves the most, if it moves more than noise does",
    arguments: [
      (100e3, 120e3, 90e3, SubmissionPolicy.each),
      (100e3, 90e3, 120e3, .batched),
      (100e3, 110e3, 120e3, .batched),
      (120e3, 110e3, 100e3, .ramp(factor: 4)),
      (100e3, 101.5e3, 99e3, .ramp(factor: 4)),
      (100e3, 100e3, 100e3, .ramp(factor: 4)),
    ])
  func best(ramp: Double, each: Double, batched: Double, expected: SubmissionPolicy) {
    let rates: [SubmissionPolicy: Double] = [
      .ramp(factor: 4): ramp, .each: each, .batched: batched,
    ]
    #expect(Self.tuned(rates, seconds: 0.5) == expected)
  }

  @Test("is left as it was where there is too little time to try all")
  func tooShort() {
    let rates: [SubmissionPolicy: Double] = [
      .ramp(factor: 4): 100e3, .each: 900e3, .batched: 100e3,
    ]
    #expect(Self.tuned(rates, seconds: 0.04) == .ramp(factor: 4))
    // A slow device gives too few answers in a second: 8 × 32 are a slice.
    #expect(Self.tuned(rates.mapValues { $0 / 1000 }, seconds: 1) == .ramp(factor: 4))
  }

  @Test("is not looked for at depth 1, nor where one was asked for")
  func fixed() {
    let rates: [SubmissionPolicy: Double] = [
      .ramp(factor: 4): 100e3, .each: 900e3, .batched: 100e3,
    ]
    #expect(Self.tuned(rates, depth: 1, seconds: 0.5) == .ramp(factor: 4))
    #expect(Self.tuned(rates, seconds: 0.5, policy: .batched) == .batched)
  }

  @Test("is tried there and back again")
  func order() {
    #expect((0..<8).map(SubmissionTuner.candidate) == [0, 1, 2, 2, 1, 0, 0, 1])
  }

  @Test("is found by a load during its ramp-up, and kept")
  func found() throws {
    var factory = ScriptedTargetFactory(reapSize: 8)
    var plan = LoadPlan.of(.randomRead, depth: 8, end: .seconds(0.1))
    plan.rampUp = Nanoseconds(seconds: 0.5)
    // What waits for the next poll costs: least where each request is submitted alone.
    factory.lateCost = 10_000
    let result = try LoadRun.run(plan, on: factory)
    #expect(result.submission == "each")
    #expect(result.round.submission == "each")
    let last = factory.log.submissions.withLock { $0.suffix(800) }
    #expect(last.allSatisfy { $0.count == 1 })
  }

  @Test("is recorded, and a load without a ramp-up does not look for one")
  func recorded() throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, end: .operations(500))
    #expect(try LoadRun.run(plan, on: NullTargetFactory()).submission == "ramp(4)")
    plan.submission = .each
    #expect(try LoadRun.run(plan, on: NullTargetFactory()).submission == "each")
  }
}
