import Driver
import Measurements
import Testing
import Workloads

@Suite("A simulated device") struct SimulatedTargetTests {
  static let constant: SimulatedDevice = {
    var device = SimulatedDevice()
    device.readNanoseconds = 100_000
    device.writeNanoseconds = 30_000
    return device
  }()

  @Test(
    "has its latency read back within 2 % by a closed loop",
    arguments: [
      (WorkloadKind.randomRead, 1, 100_000.0), (.randomRead, 32, 100_000),
      (.randomWrite, 1, 30_000),
      (.randomWrite, 32, 30_000),
    ])
  func closedLatency(kind: WorkloadKind, depth: Int, expected: Double) throws {
    let plan = LoadPlan.of(kind, depth: depth, end: .seconds(2))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(Self.constant))
    #expect(result.outcome == .completed)
    let summary = result.round.latency
    for value in [summary.meanNanoseconds, Double(summary.p50), Double(summary.p99)] {
      #expect(value.isWithin(2, of: expected), "\(value) ns")
    }
    // Little's law: depth = throughput × latency.
    #expect((result.round.iops * expected / 1e9).isWithin(2, of: Double(depth)))
  }

  @Test(
    "has its latency read back within 2 % by an open loop",
    arguments: [Arrival.constant(perSecond: 1000), .poisson(perSecond: 1000)])
  func openLatency(arrival: Arrival) throws {
    var plan = LoadPlan.of(.randomRead, depth: 32, end: .seconds(5))
    plan.arrival = arrival
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(Self.constant))
    #expect(result.outcome == .completed)
    #expect(result.round.latency.meanNanoseconds.isWithin(2, of: 100_000))
    #expect(Double(result.round.latency.p99).isWithin(2, of: 100_000))
    #expect(result.round.iops.isWithin(5, of: 1000))
    #expect(try #require(result.lateness).maxNanoseconds == 0, "a simulated clock waits exactly")
  }

  @Test(
    "gives the same figures to the nanosecond for the same seed, and others for another",
    arguments: [Arrival.closed, .constant(perSecond: 20_000), .poisson(perSecond: 20_000)])
  func repeatable(arrival: Arrival) throws {
    func run(seed: UInt64) throws -> LoadResult {
      var device = Self.constant
      device.jitter = 0.8
      var plan = LoadPlan.of(
        .randomMix, readPercent: 70, depth: 8, threads: 2, end: .seconds(1), seed: seed)
      plan.arrival = arrival
      plan.rampUp = Nanoseconds(seconds: 0.1)
      return try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    }
    let (first, second, other) = (
      try run(seed: testSeed), try run(seed: testSeed), try run(seed: testSeed + 1)
    )
    #expect(first.latency.sparse == second.latency.sparse)
    #expect(first.seconds == second.seconds)
    #expect(first.lateness?.sparse == second.lateness?.sparse)
    #expect(first.clockAtEnd == second.clockAtEnd)
    #expect(first.round.duration == second.round.duration)
    #expect(first.round.operations == second.round.operations)
    #expect(first.round.reads == second.round.reads)
    #expect(first.latency.sparse != other.latency.sparse)
  }

  @Test("answers in another order than it was asked, if and only if it has jitter")
  func reorders() throws {
    func order(jitter: Double) throws -> [UInt32] {
      var device = Self.constant
      device.jitter = jitter
      let plan = LoadPlan.of(.randomRead, depth: 16, end: .seconds(1))
      let target = try SimulatedTargetFactory(device).makeTarget(worker: 0, plan: plan)
      let requests = (0..<16).map {
        Request(offset: UInt64($0) * 4096, length: 4096, operation: .read, slot: $0)
      }
      #expect(try target.submit(requests.span, .now) == 16)
      var slots: [UInt32] = []
      var completions = Array(repeating: Completion(slot: 0, result: 0), count: 16)
      while slots.count < 16 {
        var span = completions.mutableSpan
        let count = try target.poll(into: &span, waitingAtMost: nil)
        if count == 0 { break }
        slots += completions[..<count].map(\.slot)
      }
      return slots
    }
    let shuffled = try order(jitter: 1)
    #expect(shuffled.sorted() == Array(0..<16))
    #expect(shuffled != Array(0..<16))
    #expect(Set(try order(jitter: 0)) == Set(0..<16))
  }

  @Test(
    "serves no more at a time than it has channels, over all workers",
    arguments: [(4, 1), (4, 2), (4, 4), (1, 1), (2, 4)])
  func channels(channels: Int, workers: Int) throws {
    var device = Self.constant
    device.channels = channels
    device.jitter = 0.5
    let plan = LoadPlan.of(.randomRead, depth: 32, threads: workers, end: .seconds(2))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.round.iops.isWithin(3, of: Double(channels) * 10_000), "\(result.round.iops)")
    let inFlight = result.round.iops * result.round.latency.meanNanoseconds / 1e9
    #expect(inFlight.isWithin(3, of: 32 * Double(workers)), "Little's law: \(inFlight)")
  }

  @Test("carries no more than its link, over all workers", arguments: [1, 3])
  func link(workers: Int) throws {
    var device = Self.constant
    device.linkBytesPerSecond = 100e6
    let plan = LoadPlan.of(
      .randomRead, blockBytes: 65536, depth: 16, threads: workers, end: .seconds(3))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.round.bandwidth.isWithin(2, of: 100e6), "\(result.round.bandwidth) B/s")
  }

  @Test("takes so many times as long from the moment it is throttled")
  func throttle() throws {
    var device = Self.constant
    device.throttle = (at: Nanoseconds(seconds: 2), factor: 4)
    let plan = LoadPlan.of(.randomRead, depth: 4, end: .seconds(4))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    let perSecond = result.round.perSecondOperations.map(Double.init)
    try #require(perSecond.count >= 4)
    #expect(perSecond[0].isWithin(1, of: 40_000) && perSecond[1].isWithin(1, of: 40_000))
    #expect(perSecond[2].isWithin(1, of: 10_000) && perSecond[3].isWithin(1, of: 10_000))
  }

  @Test("serves the rate and the latency that it was made for, by Little's law")
  func made() throws {
    let device = SimulatedDevice(
      readIOPS: 50_000, readLatency: Nanoseconds(200_000), writeIOPS: 25_000)
    let deep = try LoadRun.run(
      .of(.randomRead, depth: 64, end: .seconds(1)), on: SimulatedTargetFactory(device))
    #expect(deep.round.iops.isWithin(2, of: 50_000))
    let single = try LoadRun.run(
      .of(.randomRead, depth: 1, end: .seconds(1)), on: SimulatedTargetFactory(device))
    #expect(single.round.latency.meanNanoseconds.isWithin(2, of: 200_000))
    let writes = try LoadRun.run(
      .of(.randomWrite, depth: 64, end: .seconds(1)), on: SimulatedTargetFactory(device))
    #expect(writes.round.iops.isWithin(2, of: 25_000))
  }

  @Test("goes on where the clock of the last load ended")
  func clock() throws {
    var device = Self.constant
    device.silentFrom = Nanoseconds(seconds: 5)
    let clock = SimulatedClock()
    clock.advance(to: Nanoseconds(seconds: 4))
    clock.advance(to: Nanoseconds(seconds: 3))
    #expect(clock.reading == Nanoseconds(seconds: 4))
    let plan = LoadPlan.of(.randomRead, end: .seconds(3))
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device, clock: clock))
    #expect(result.outcome == .stalled)
    #expect(Double(result.round.operations).isWithin(1, of: 10_000), "one second's worth")
  }
}
