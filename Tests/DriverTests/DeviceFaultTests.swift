import Measurements
import Testing
import Workloads

@testable import Driver

@Suite("A device that goes wrong") struct DeviceFaultTests {
  /// Eight requests in flight for each worker; ten seconds unless it ends earlier.
  private func load(
    _ kind: WorkloadKind = .randomRead, rangeBytes: UInt64 = 1 << 30, threads: Int = 1,
    check: ReadCheck = .none, _ change: (inout SimulatedDevice) -> Void
  ) throws -> LoadResult {
    // A millisecond each: 8000 a second.
    var device = SimulatedDevice()
    device.readNanoseconds = 1e6
    device.writeNanoseconds = 1e6
    change(&device)
    var plan = LoadPlan.of(
      kind, rangeBytes: rangeBytes, depth: 8, threads: threads, end: .seconds(10))
    plan.check = check
    plan.stallLimit = Nanoseconds(seconds: 3)
    return try LoadRun.run(plan, on: SimulatedTargetFactory(device))
  }

  @Test("stalls when it falls silent, within the limit and a step", arguments: [1, 2])
  func silent(threads: Int) throws {
    let result = try load(threads: threads) { $0.silentFrom = Nanoseconds(seconds: 2) }
    #expect(result.outcome == .stalled)
    #expect(result.round.faults.unanswered == UInt64(8 * threads))
    #expect(result.clockAtEnd >= Nanoseconds(seconds: 5))
    #expect(result.clockAtEnd <= Nanoseconds(seconds: 5.3), "\(result.clockAtEnd.seconds) s")
    let detail = try #require(result.detail)
    #expect(detail.contains("8 requests in flight"), "\(detail)")
    #expect(result.round.perSecondOperations.count == 2)
  }

  @Test("keeps the latency of a request that is starved for longer than the window")
  func starved() throws {
    var device = SimulatedDevice()
    device.readNanoseconds = 1e6
    device.starved = (offset: 4096, length: Nanoseconds(seconds: 2.5))
    let plan = LoadPlan.of(
      .randomRead, rangeBytes: 16 << 20, depth: 8, threads: 1, end: .seconds(2))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .completed)
    #expect(result.round.latency.max == 2_500_000_000)
  }

  @Test("that is silent from the start stalls and counts nothing")
  func silentFromStart() throws {
    let result = try load { $0.silentFrom = .zero }
    #expect(result.outcome == .stalled)
    #expect(result.round.operations == 0 && result.round.latency.count == 0)
    #expect(result.round.iops == 0)
  }

  @Test("and is silent for less than the limit has only stalled once")
  func shortSilence() throws {
    let result = try load {
      $0.stall = (at: Nanoseconds(seconds: 2), length: Nanoseconds(seconds: 2.5))
    }
    #expect(result.outcome == .completed)
    #expect(result.round.latency.max >= 2_499_000_000)
  }

  @Test(
    "is lost when it is pulled out, and what it then answers is no operation",
    arguments: [WorkloadKind.randomRead, .randomWrite], [1, 3])
  func lost(kind: WorkloadKind, threads: Int) throws {
    let whole = try load(kind, threads: threads) { _ in }
    let result = try load(kind, threads: threads) { $0.lostFrom = Nanoseconds(seconds: 5) }
    #expect(result.outcome == .lost)
    #expect(try #require(result.detail).contains("first at byte"))
    #expect(
      Double(result.round.operations).isWithin(1, of: Double(whole.round.operations) / 2))
    // Those in flight at the end are no operations of the window, but they have a latency.
    let late = Int(result.round.latency.count) - Int(result.round.operations)
    #expect((0...64).contains(late), "\(late) late")
    #expect(result.round.perSecondOperations.reduce(0, +) == result.round.operations)
    #expect(result.clockAtEnd < Nanoseconds(seconds: 5.1), "it gives up")
    let faults = result.round.faults
    if kind == .randomRead {
      #expect(faults.empty >= 16 && faults.errors.isEmpty)
    } else {
      #expect((faults.errors[28] ?? 0) >= 16 && faults.empty == 0)
    }
    #expect(faults.total <= UInt64(threads * (16 + 2 * 8)))
  }

  @Test(
    "answers one block with EIO: failed, the error counted, the rest measured, the place named",
    arguments: [WorkloadKind.sequentialRead, .sequentialWrite])
  func error(kind: WorkloadKind) throws {
    var plan = LoadPlan.of(kind, rangeBytes: 1000 * 4096, depth: 8, end: .rangeCovered)
    plan.seed = testSeed
    var device = SimulatedDevice()
    device.readErrorAt = kind == .sequentialRead ? 700 * 4096 + 17 : nil
    device.writeErrorAt = kind == .sequentialWrite ? 700 * 4096 + 17 : nil
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .failed)
    #expect(result.round.faults.errors == [5: 1])
    #expect(result.round.faults.firstOffset == 700 * 4096)
    #expect(result.round.operations == 999)
    #expect(result.round.bytes == 999 * 4096)
    let detail = try #require(result.detail)
    #expect(detail.contains("1 × Input/output error"), "\(detail)")
  }

  @Test("that errors all the time is given up at the fault limit")
  func faultLimit() throws {
    // A range of two blocks: every other read fails.
    let result = try load(rangeBytes: 8192) { $0.readErrorAt = 0 }
    #expect(result.outcome == .failed)
    let count = try #require(result.round.faults.errors[5])
    #expect((16..<16 + 16).contains(count), "\(count)")
    #expect(result.clockAtEnd < Nanoseconds(seconds: 0.1))
    #expect(result.round.faults.firstOffset == 0)
  }

  @Test("gives up in an open loop, too")
  func faultLimitOpen() throws {
    var device = SimulatedDevice()
    device.readErrorAt = 0
    var plan = LoadPlan.of(.randomRead, rangeBytes: 8192, depth: 8, end: .seconds(10))
    plan.arrival = .constant(perSecond: 1000)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .failed)
    #expect(result.clockAtEnd < Nanoseconds(seconds: 1))
    #expect(result.round.faults.errors[5] == 16)
  }

  @Test("that moves fewer bytes than asked has failed, and its short reads are no operations")
  func short() throws {
    let result = try load { $0.shortReadEvery = 1000 }
    #expect(result.outcome == .failed)
    #expect((16...24).contains(result.round.faults.short))
    #expect(result.round.operations.distance(to: 16_000).magnitude <= 24)
    #expect(result.round.bytes == result.round.operations * 4096)
    #expect(try #require(result.detail).contains("fewer bytes than asked"))
  }

  @Test("that returns other data than were written is corrupt, where that is looked at")
  func corrupt() throws {
    let result = try load(check: .own(every: 1)) { $0.corruptReadEvery = 1000 }
    #expect(result.outcome == .corrupt)
    #expect((16...24).contains(result.round.faults.corrupt))
    // Those in flight at the end are no operations of the window, but they have a latency.
    let late = Int(result.round.latency.count) - Int(result.round.operations)
    #expect((0...64).contains(late), "\(late) late")
    let unseen = try load { $0.corruptReadEvery = 1000 }
    #expect(unseen.outcome == .completed && unseen.round.faults.total == 0)
  }

  @Test("that was never written is measured, and its reads are counted as unwritten")
  func unwritten() throws {
    let result = try load(check: .constant(every: 1)) { $0.unwritten = true }
    #expect(result.outcome == .completed)
    // The reads in flight at the end are looked at, too.
    #expect(result.round.faults.unwritten.distance(to: result.round.operations).magnitude <= 8)
    #expect(result.round.faults.total == 0)
  }

  @Test("counts faults of the ramp-up: they are faults")
  func duringRampUp() throws {
    var device = SimulatedDevice()
    device.readErrorAt = 0
    var plan = LoadPlan.of(.sequentialRead, rangeBytes: 1 << 30, depth: 1, end: .seconds(1))
    plan.rampUp = Nanoseconds(seconds: 1)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.round.faults.errors == [5: 1])
    #expect(result.outcome == .failed)
  }

  @Test(
    "is called by the worst of its faults",
    arguments: [
      (FaultCounts(), PhaseOutcome.completed),
      (.with { $0.unwritten = 9 }, .completed),
      (.with { $0.short = 1 }, .failed),
      (.with { $0.errors = [5: 1] }, .failed),
      (.with { $0.corrupt = 1 }, .corrupt),
      (.with { $0.errors = [5: 3, 19: 1] }, .lost),
      (.with { $0.errors = [6: 1] }, .lost),
      (.with { $0.errors = [108: 1] }, .lost),
      (.with { $0.errors = [123: 1] }, .lost),
      (
        .with {
          $0.corrupt = 1
          $0.empty = 1
        }, .lost
      ),
    ])
  func outcome(faults: FaultCounts, expected: PhaseOutcome) {
    #expect(LoadResult.outcome(of: faults).outcome == expected)
    #expect((LoadResult.outcome(of: faults).detail == nil) == (expected == .completed))
  }
}

extension FaultCounts {
  static func with(_ change: (inout FaultCounts) -> Void) -> FaultCounts {
    var counts = FaultCounts()
    change(&counts)
    return counts
  }
}
