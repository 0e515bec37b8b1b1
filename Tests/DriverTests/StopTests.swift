import Driver
import Glibc
import LinuxIO
import Measurements
import Testing
import Workloads

/// A load of ten minutes that ends because somebody asked; more than five seconds is a hang.
@Suite("A stop") struct StopTests {
  @Test(
    "ends a long load on a file soon",
    arguments: [Arrival.closed, .constant(perSecond: 500), .poisson(perSecond: 500)], [1, 2])
  func ends(arrival: Arrival, threads: Int) throws {
    let scratch = try ScratchTarget(mebibytes: 8)
    var plan = LoadPlan.of(
      .randomMix, rangeBytes: 8 << 20, readPercent: 50, depth: 8, threads: threads,
      end: .seconds(600))
    plan.arrival = arrival
    let stop = StopSignal()
    var askedAt: Nanoseconds?
    let result = try LoadRun.run(plan, on: scratch.factory, stop: stop) { pulse in
      guard pulse.operations > 20, askedAt == nil else { return }
      askedAt = MonotonicClock.now()
      stop.request(signal: SIGINT)
    }
    #expect(MonotonicClock.now() - (try #require(askedAt)) < Nanoseconds(seconds: 5))
    #expect(result.outcome == .interrupted)
    #expect(result.round.operations > 20, "what was measured is kept")
    #expect(result.round.faults == FaultCounts())
    #expect(result.round.duration > .zero)
    #expect(stop.requestedBy == SIGINT)
  }

  @Test(
    "that was asked for before or during the ramp-up leaves an empty round, of no negative length",
    arguments: [Arrival.closed, .constant(perSecond: 500)])
  func early(arrival: Arrival) throws {
    var plan = LoadPlan.of(.randomRead, depth: 8, threads: 2, end: .seconds(600))
    plan.arrival = arrival
    plan.rampUp = Nanoseconds(seconds: 600)
    let stop = StopSignal()
    stop.request(signal: SIGTERM)
    let result = try LoadRun.run(plan, on: NullTargetFactory(), stop: stop)
    #expect(result.outcome == .interrupted)
    #expect(result.round.operations == 0)
    #expect(result.round.duration == .zero, "\(result.round.duration.seconds) s")
  }

  /// The reading end of a pipe into which nobody writes: a device that takes requests and never
  /// answers.
  private final class SilentPipe {
    let reading: Int32
    let writing: Int32

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
      (reading, writing) = (ends[0], ends[1])
    }

    deinit {
      close(reading)
      close(writing)
    }

    var factory: BlockTargetFactory {
      BlockTargetFactory(descriptor: reading, name: "a silent pipe", numaNode: nil)
    }
  }

  @Test(
    "is not needed where the kernel never answers: the load stalls by its own clock",
    arguments: [Arrival.closed, .constant(perSecond: 500)])
  func silent(arrival: Arrival) throws {
    let silence = try SilentPipe()
    var plan = LoadPlan.of(.randomRead, depth: 4, threads: 2, end: .seconds(600))
    plan.arrival = arrival
    plan.stallLimit = Nanoseconds(seconds: 0.5)
    let result = try LoadRun.run(plan, on: silence.factory)
    #expect(result.outcome == .stalled)
    #expect(result.round.faults.unanswered == 8)
    #expect(result.round.operations == 0)
  }

  @Test("ends a load whose device is silent within the stall limit", arguments: [1, 2])
  func stopsSilence(threads: Int) throws {
    let silence = try SilentPipe()
    var plan = LoadPlan.of(.randomRead, depth: 4, threads: threads, end: .seconds(600))
    plan.stallLimit = Nanoseconds(seconds: 1)
    let stop = StopSignal()
    let result = try LoadRun.run(plan, on: silence.factory, stop: stop) { pulse in
      stop.request(signal: SIGINT)
    }
    #expect(result.outcome == .interrupted)
    #expect(result.round.faults.unanswered == UInt64(4 * threads))
  }
}
