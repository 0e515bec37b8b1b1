import Driver
import LinuxIO
import Measurements
import Testing
import Workloads

@Suite("An open loop") struct OpenLoopTests {
  /// 80 µs, but for one second without an answer.
  static let stalling: SimulatedDevice = {
    var device = SimulatedDevice()
    device.stall = (at: Nanoseconds(seconds: 10), length: Nanoseconds(seconds: 1))
    return device
  }()

  @Test(
    "shows a stall of one second in thirty in its P99",
    arguments: [Arrival.constant(perSecond: 1000), .poisson(perSecond: 1000)], [1, 3])
  func stallShows(arrival: Arrival, workers: Int) throws {
    var plan = LoadPlan.of(.randomRead, depth: 32, threads: workers, end: .seconds(30))
    plan.arrival = arrival
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(Self.stalling))
    #expect(result.outcome == .completed)
    // 3.3 % of the requests wait, evenly from 0 to 1 s: the slowest 1 % for 0.7 s and longer.
    #expect(Double(result.round.latency.p99).isWithin(10, of: 0.7e9), "\(result.round.latency)")
    #expect(Double(result.round.latency.p50).isWithin(2, of: 80_000))
    #expect(result.round.latency.count == result.round.operations)
    #expect(result.round.operations.distance(to: 30_000).magnitude <= 600)
    // With 32 slots taken, the rest of that second could only be sent late.
    let lateness = try #require(result.round.lateness)
    #expect(lateness.max > 800_000_000 && lateness.max <= 1_000_000_000)
    #expect(lateness.count == result.round.operations)
  }

  @Test("shows it where a closed loop's P99 does not", arguments: [1, 8])
  func closedHides(depth: Int) throws {
    var device = Self.stalling
    device.readNanoseconds = 1e6
    let plan = LoadPlan.of(.randomRead, depth: depth, end: .seconds(30))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .completed)
    #expect(result.round.latency.p99 <= 2_000_000)
    #expect(result.round.latency.max >= 999_000_000, "it is there, but hardly ever")
    #expect(result.round.lateness == nil)
  }

  @Test("sends constant arrivals at exactly its rate", arguments: [1, 2, 3])
  func exactRate(workers: Int) throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, threads: workers, end: .seconds(4))
    plan.arrival = .constant(perSecond: 900)
    plan.rampUp = Nanoseconds(seconds: 1)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(SimulatedDevice()))
    #expect(result.round.operations == 3600)
    // The last is answered 80 µs after it was due, which may be after the window's end.
    #expect(result.round.duration >= Nanoseconds(seconds: 4))
    #expect(result.round.duration <= Nanoseconds(seconds: 4.0001))
    // By completion: the last of each second is answered in the next.
    #expect(result.round.perSecondOperations == [899, 900, 900, 900, 1])
  }

  @Test(
    "on a device that cannot keep up ends on time and counts what was due and never sent",
    arguments: [1, 2])
  func overload(workers: Int) throws {
    var device = SimulatedDevice()
    device.channels = 2
    device.readNanoseconds = 20_000_000
    var plan = LoadPlan.of(.randomRead, depth: 4, threads: workers, end: .seconds(5))
    plan.arrival = .constant(perSecond: 1000)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .completed)
    #expect(result.clockAtEnd < Nanoseconds(seconds: 5.5), "\(result.clockAtEnd.seconds) s")
    #expect(result.round.iops.isWithin(5, of: 100), "\(result.round.iops)")
    #expect(result.round.latency.count == 5000, "every arrival has a latency")
    // Half of the arrivals came in the second half and most of them were never sent.
    #expect(result.round.latency.p50 > 2_000_000_000)
  }

  @Test("against silence stalls, and counts the arrivals in the meantime")
  func silence() throws {
    var device = SimulatedDevice()
    device.silentFrom = Nanoseconds(seconds: 1)
    var plan = LoadPlan.of(.randomRead, depth: 4, end: .seconds(60))
    plan.arrival = .constant(perSecond: 100)
    plan.stallLimit = Nanoseconds(seconds: 2)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .stalled)
    #expect(result.round.faults.unanswered == 4)
    #expect(result.clockAtEnd <= Nanoseconds(seconds: 3.4))
    #expect(result.round.operations == 100)
    // Requests in flight have no latency; what waited behind them has.
    #expect((280...310).contains(result.round.latency.count), "\(result.round.latency.count)")
  }

  @Test("ends after so many operations, exactly", arguments: [1, 3])
  func operations(workers: Int) throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, threads: workers, end: .operations(1000))
    plan.arrival = .poisson(perSecond: 5000)
    // Only so that a loop that does not end fails instead of hanging.
    var device = SimulatedDevice()
    device.silentFrom = Nanoseconds(seconds: 60)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .completed)
    #expect(result.round.operations == 1000)
    #expect(result.round.latency.count == 1000)
    #expect(result.round.iops.isWithin(15, of: 5000), "\(result.round.iops)")
  }

  @Test("covers its range once, and ends", arguments: [1, 3])
  func covers(workers: Int) throws {
    var plan = LoadPlan.of(
      .sequentialWrite, rangeBytes: 100 * 4096, depth: 8, threads: workers, end: .rangeCovered)
    plan.arrival = .constant(perSecond: 5000)
    var device = SimulatedDevice()
    device.silentFrom = Nanoseconds(seconds: 60)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.outcome == .completed)
    #expect(result.round.bytesWritten == 100 * 4096)
  }

  @Test("ends although what it could never send would take hours to count")
  func overload() throws {
    var plan = LoadPlan.of(.randomRead, depth: 1, end: .seconds(600))
    plan.arrival = .constant(perSecond: 1e9)
    let device = SimulatedDevice(
      readIOPS: 100, readLatency: Nanoseconds(seconds: 0.01), writeIOPS: 100)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.round.latency.count > 1_000_000)
    // What was never sent has waited for the whole time that was left.
    #expect(result.round.latency.p50 > 590_000_000_000)
  }

  @Test("on the real clock keeps its rate and says how late it was")
  func realClock() throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, end: .seconds(0.5))
    plan.arrival = .constant(perSecond: 2000)
    let result = try LoadRun.run(plan, on: NullTargetFactory())
    #expect(result.outcome == .completed)
    #expect(result.round.operations == 1000)
    #expect(try #require(result.lateness).count == 1000)
  }
}
