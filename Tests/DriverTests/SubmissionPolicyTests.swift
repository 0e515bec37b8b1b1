import Measurements
import Synchronization
import Testing
import Workloads

@testable import Driver

@Suite("Successors of a reap are submitted") struct SubmissionPolicyTests {
  typealias Submission = ScriptedLog.Submission

  static let policies: [SubmissionPolicy] = [
    .each, .batched, .ramp(factor: 2), .ramp(factor: 4), .ramp(factor: 1), .ramp(factor: 0),
  ]

  @Test(
    "in chunks by the policy",
    arguments: [
      (SubmissionPolicy.ramp(factor: 4), [1, 4, 16, 64, 256]),
      (.ramp(factor: 2), [1, 2, 4, 8, 16]),
      (.ramp(factor: 1), [1, 1, 1, 1, 1]),
      (.ramp(factor: 0), [1, 1, 1, 1, 1]),
      (.ramp(factor: -3), [1, 1, 1, 1, 1]),
      (.each, [1, 1, 1, 1, 1]),
      (.batched, [22, 22, 22, 22, 22]),
    ])
  func chunks(policy: SubmissionPolicy, expected: [Int]) {
    var chunk = policy.firstChunk(of: 22)
    var chunks = [chunk]
    while chunks.count < expected.count {
      chunk = policy.nextChunk(after: chunk)
      chunks.append(chunk)
    }
    #expect(chunks == expected)
  }

  @Test(
    "at once while completions of the reap remain, the rest with the next wait",
    arguments: [
      (SubmissionPolicy.ramp(factor: 4), 22, [1, 4, 16, 1]),
      (.ramp(factor: 2), 22, [1, 2, 4, 8, 7]),
      (.ramp(factor: 4), 1, [1]),
      (.ramp(factor: 4), 5, [1, 4]),
      (.batched, 22, [22]),
      (.each, 3, [1, 1, 1]),
    ])
  func systemCalls(policy: SubmissionPolicy, reapSize: Int, expected: [Int]) throws {
    let factory = ScriptedTargetFactory(reapSize: reapSize)
    var plan = LoadPlan.of(.randomRead, depth: reapSize, end: .seconds(0.001))
    plan.submission = policy
    _ = try LoadRun.run(plan, on: factory)
    let submissions = factory.log.submissions.withLock { $0 }
    #expect(submissions.first == Submission(count: reapSize, isNow: false))
    let firstReap = Array(submissions.dropFirst().prefix(expected.count))
    #expect(firstReap.map(\.count) == expected)
    #expect(firstReap.map(\.isNow) == expected.indices.map { $0 < expected.count - 1 })
  }

  @Test("by every policy as the same requests, and all are answered", arguments: [1, 3])
  func sameRequests(threads: Int) throws {
    let runs = try Self.policies.map { policy in
      let factory = ScriptedTargetFactory(reapSize: 9)
      var plan = LoadPlan.of(
        .randomMix, readPercent: 60, depth: 32, threads: threads, end: .operations(5000))
      plan.submission = policy
      let result = try LoadRun.run(plan, on: factory)
      #expect(result.outcome == .completed && result.round.operations == 5000, "\(policy)")
      #expect(result.round.faults == FaultCounts())
      return factory.log.requests.withLock { $0 }
    }
    #expect(runs.allSatisfy { $0 == runs[0] })
    #expect(runs[0].reduce(0) { $0 + $1.count } == 5000)
  }

  @Test("by every policy through io_uring, and all are answered", arguments: policies)
  func throughRing(policy: SubmissionPolicy) throws {
    let scratch = try ScratchTarget(mebibytes: 8)
    var plan = LoadPlan.of(
      .randomMix, rangeBytes: 8 << 20, readPercent: 50, depth: 16, threads: 2,
      end: .operations(2000))
    plan.submission = policy
    let result = try LoadRun.run(plan, on: scratch.factory)
    #expect(result.outcome == .completed, "\(result.detail ?? "")")
    #expect(result.round.operations == 2000)
    #expect(result.round.faults == FaultCounts())
  }
}
