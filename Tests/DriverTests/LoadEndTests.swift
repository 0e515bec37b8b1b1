import Driver
import LinuxIO
import Measurements
import Synchronization
import Testing
import Workloads

@Suite("A load ends") struct LoadEndTests {
  @Test(
    "after exactly so many operations over all workers",
    arguments: [
      (UInt64(1), 1, 1), (1, 32, 1), (100, 8, 1), (1000, 8, 3), (1001, 32, 4), (2, 8, 3), (5, 1, 5),
    ])
  func operations(count: UInt64, depth: Int, threads: Int) throws {
    var device = SimulatedDevice()
    device.jitter = 0.5
    let plan = LoadPlan.of(
      .randomRead, depth: depth, threads: threads, end: .operations(count))
    let simulated = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(simulated.round.operations == count)
    #expect(simulated.latency.count == count)
    let scripted = ScriptedTargetFactory(reapSize: 5)
    #expect(try LoadRun.run(plan, on: scripted).round.operations == count)
    let asked = scripted.log.requests.withLock { $0.reduce(0) { $0 + $1.count } }
    #expect(asked == Int(count), "nothing is asked for in vain")
    #expect(try LoadRun.run(plan, on: NullTargetFactory()).round.operations == count)
  }

  @Test("after so many operations beyond the ramp-up", arguments: [UInt64(3), 1000])
  func operationsAfterRampUp(count: UInt64) throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, end: .operations(count))
    plan.rampUp = Nanoseconds(seconds: 1)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(SimulatedDevice()))
    #expect(result.round.operations == count)
    #expect(result.clockAtEnd >= Nanoseconds(seconds: 1))
  }

  @Test("on the real clock no sooner than its ramp-up and its time are over")
  func rampUpOnRealClock() throws {
    var plan = LoadPlan.of(.randomRead, depth: 4, end: .operations(100))
    plan.rampUp = Nanoseconds(seconds: 0.2)
    let began = MonotonicClock.now()
    let result = try LoadRun.run(plan, on: NullTargetFactory())
    #expect(MonotonicClock.now() - began >= Nanoseconds(seconds: 0.2))
    #expect(result.round.operations == 100)

    plan.end = .seconds(0.2)
    let second = MonotonicClock.now()
    _ = try LoadRun.run(plan, on: NullTargetFactory())
    #expect(MonotonicClock.now() - second >= Nanoseconds(seconds: 0.4))
  }

  @Test(
    "when its last counted answer is there, however differently its workers end",
    arguments: [Arrival.closed, .constant(perSecond: 1e6), .poisson(perSecond: 1e6)],
    [LoadEnd.operations(100), .rangeCovered, .after(Nanoseconds(100_000))])
  func duration(arrival: Arrival, end: LoadEnd) throws {
    for pollCosts: [Int64] in [[300_000], [1000, 300_000], [300_000, 1000, 20_000]] {
      var plan = LoadPlan.of(
        .sequentialWrite, rangeBytes: 100 * 4096, depth: 4, threads: pollCosts.count, end: end)
      plan.arrival = arrival
      let target = ScriptedTargetFactory(reapSize: 8, pollCosts: pollCosts)
      let round = try LoadRun.run(plan, on: target).round
      #expect(round.operations > 0)
      #expect(round.duration >= Nanoseconds(300_000), "\(pollCosts): the slowest worker's answer")
      #expect(UInt64(round.duration.rawValue) >= round.latency.max, "\(pollCosts)")
      guard end == .rangeCovered else { continue }
      // The slowest worker's share, four requests a poll.
      let polls = Int64(100 / pollCosts.count / 4)
      #expect(round.duration >= Nanoseconds(polls * 300_000), "\(pollCosts): \(round.duration)")
    }
  }

  @Test("and leaves out what completed in the ramp-up", arguments: [1, 8])
  func rampUp(depth: Int) throws {
    var plan = LoadPlan.of(.randomRead, depth: depth, end: .seconds(2))
    plan.rampUp = Nanoseconds(seconds: 1)
    var device = SimulatedDevice()
    device.readNanoseconds = 1_000_000
    device.throttle = (at: Nanoseconds(seconds: 1), factor: 0.5)
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(result.round.iops.isWithin(1, of: Double(depth) * 2000), "\(result.round.iops)")
    #expect(result.round.perSecondOperations.reduce(0, +) == result.round.operations)
    #expect(result.clockAtEnd >= Nanoseconds(seconds: 3))
  }

  @Test(
    "when every byte of its range was asked for once",
    arguments: [
      (100 * 65536, 65536, 1, 8), (100 * 65536, 65536, 3, 8),
      (10 * 65536 + 4096, 65536, 3, 4), (4096, 65536, 1, 4), (3 * 65536, 65536, 5, 32),
    ] as [(UInt64, UInt32, Int, Int)])
  func covered(rangeBytes: UInt64, blockBytes: UInt32, threads: Int, depth: Int) throws {
    let factory = ScriptedTargetFactory(reapSize: 3)
    let plan = LoadPlan.of(
      .sequentialWrite, blockBytes: blockBytes, rangeBytes: rangeBytes, depth: depth,
      threads: threads, end: .rangeCovered)
    let result = try LoadRun.run(plan, on: factory)
    #expect(result.outcome == .completed)
    #expect(result.round.bytesWritten == rangeBytes)
    #expect(result.bytesSubmittedForWriting == rangeBytes)
    let pieces = factory.log.requests.withLock { $0.flatMap { $0 } }.sorted {
      $0.offset < $1.offset
    }
    var position: UInt64 = 0
    for piece in pieces {
      #expect(piece.offset == position && !piece.isRead)
      position += UInt64(piece.length)
    }
    #expect(position == rangeBytes)
  }

  @Test("with every request that it made counted or answered for")
  func bytesSubmitted() throws {
    let plan = LoadPlan.of(.randomWrite, depth: 16, end: .seconds(0.01))
    let factory = ScriptedTargetFactory(reapSize: 7)
    let result = try LoadRun.run(plan, on: factory)
    let asked = factory.log.requests.withLock { $0.flatMap { $0 } }
    #expect(result.bytesSubmittedForWriting == asked.reduce(0) { $0 + UInt64($1.length) })
    #expect(result.round.bytesWritten == result.round.operations * 4096)
    #expect(result.round.bytesWritten <= result.bytesSubmittedForWriting)
    #expect(result.round.reads == 0)
  }

  @Test("before it begins where a worker's target cannot be opened, and the others do not go on")
  func openingFails() throws {
    var factory = ScriptedTargetFactory(reapSize: 4)
    factory.failingWorker = 1
    let stop = StopSignal()
    // So many operations last for hours: a worker that goes on is stopped by the pulse.
    let plan = LoadPlan.of(.randomRead, depth: 1, threads: 3, end: .operations(1 << 50))
    var pulses = 0
    #expect {
      try LoadRun.run(plan, on: factory, stop: stop) { _ in
        pulses += 1
        if pulses > 20 { stop.request(signal: 99) }
      }
    } throws: { error in
      (error as? TargetError)?.description == "no memory for worker 1"
    }
    #expect(stop.requestedBy == nil, "it ended by itself, and the caller's wish is untouched")
  }
}
