import Driver
import LinuxIO
import Measurements
import Testing
import Workloads

@Suite("A load's record") struct PlacementTests {
  @Test("names the CPU that each worker was pinned to", arguments: [1, 2, 3])
  func cpus(threads: Int) throws {
    let usable = NUMATopology.current().cpus
    let chosen = Array(usable.reversed())
    var plan = LoadPlan.of(.randomRead, depth: 4, threads: threads, end: .operations(3000))
    plan.cpus = chosen
    let result = try LoadRun.run(plan, on: NullTargetFactory())
    #expect(result.round.placement.map(\.worker) == Array(0..<threads))
    #expect(result.round.placement.map(\.cpu) == (0..<threads).map { chosen[$0 % chosen.count] })
  }

  @Test("names the node of the worker and of its buffers")
  func nodes() throws {
    let scratch = try ScratchTarget(mebibytes: 4)
    let topology = NUMATopology.current()
    let node = try #require(topology.cpusByNode.keys.min())
    var factory = scratch.factory
    factory.numaNode = node
    let plan = LoadPlan.of(
      .randomRead, rangeBytes: 4 << 20, depth: 8, threads: 2, end: .operations(100))
    let result = try LoadRun.run(plan, on: factory)
    for placement in result.round.placement {
      #expect(placement.node == node && placement.bufferNodes == [node])
      #expect(topology.cpus(onNode: node).contains(placement.cpu))
    }
    #expect(result.mechanism.hasPrefix("io_uring "), "\(result.mechanism)")
    #expect(result.mechanism.hasSuffix("fixed-buffers fixed-file"), "\(result.mechanism)")
  }

  @Test(
    "holds seconds that add up to its operations",
    arguments: [Arrival.closed, .poisson(perSecond: 3000)])
  func seconds(arrival: Arrival) throws {
    var plan = LoadPlan.of(.randomRead, depth: 4, threads: 3, end: .seconds(3.5))
    plan.arrival = arrival
    var device = SimulatedDevice()
    device.jitter = 1
    let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    let perSecond = result.round.perSecondOperations
    #expect((4...5).contains(perSecond.count))
    #expect(perSecond.reduce(0, +) == result.round.operations)
    #expect(result.seconds.count == perSecond.count)
    for (histogram, operations) in zip(result.seconds, perSecond) {
      #expect(histogram.counts.reduce(0, +) == operations)
    }
  }

  @Test("of a pulse shows what was done so far, and never more than in the end")
  func pulse() throws {
    var shown: [LoadPulse] = []
    let plan = LoadPlan.of(.randomRead, depth: 4, threads: 2, end: .seconds(0.5))
    let result = try LoadRun.run(plan, on: NullTargetFactory()) { shown.append($0) }
    #expect(!shown.isEmpty)
    #expect(zip(shown, shown.dropFirst()).allSatisfy { $0.operations <= $1.operations })
    #expect(shown.allSatisfy { $0.operations <= result.round.operations })
    #expect(shown.allSatisfy { $0.bytes <= result.round.bytes && $0.elapsed > .zero })
  }
}
