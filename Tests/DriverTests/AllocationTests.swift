import CAllocationCount
import Driver
import LinuxIO
import Measurements
import Testing
import Workloads

/// Not under a sanitizer, which has an allocator of its own.
private let areAllocationsCounted = allocation_count_end() >= 0

/// Counts what the seventh of seven workers allocates; no other test has that many.
@Suite("The measuring loop", .serialized, .enabled(if: areAllocationsCounted))
struct AllocationTests {
  static let threads = 7

  /// Unoptimised code allocates for closures and generics that optimised code does away with.
  static let isOptimised: Bool = {
    #if DEBUG
      false
    #else
      true
    #endif
  }()

  private func allocations<Factory: LoadTargetFactory>(
    operations: UInt64, on factory: Factory, _ change: (inout LoadPlan) -> Void
  ) throws -> Int {
    var plan = LoadPlan.of(
      .randomMix, rangeBytes: 8 << 20, readPercent: 50, depth: 16, threads: Self.threads,
      end: .operations(operations * UInt64(Self.threads)))
    change(&plan)
    allocation_count_begin("load-6")
    let result = try LoadRun.run(plan, on: factory)
    let count = allocation_count_end()
    #expect(result.outcome == .completed, "\(result.detail ?? "")")
    if case .operations(let wanted) = plan.end { #expect(result.round.operations == wanted) }
    return count
  }

  /// Two loads, the second of which only lasts longer; a short one before them pays for what a
  /// process does once.
  ///
  /// While a target is opened, arrays grow by what malloc happens to have: a piece larger than asked
  /// for saves an allocation. So a pair may differ by one or two; of some pairs, one does not.
  private func expectNoneOfLoop<Factory: LoadTargetFactory>(
    on factory: Factory, _ few: UInt64, _ many: UInt64,
    _ change: (inout LoadPlan) -> Void = { _ in }
  ) throws {
    _ = try allocations(operations: few, on: factory, change)
    var differences: [Int] = []
    while differences.count < 6, differences.last != 0 {
      let short = try allocations(operations: few, on: factory, change)
      let long = try allocations(operations: many, on: factory, change)
      #expect(short > 0, "the counter counts what the worker takes before it begins")
      differences.append(long - short)
    }
    #expect(differences.last == 0, "\(many - few) more requests allocated \(differences) times")
    #expect(differences.allSatisfy { abs($0) <= 2 })
  }

  /// What the runtime takes now and then beside the loop is not in each of three counts.
  private func least(_ count: () throws -> Int) throws -> Int {
    try min(count(), count(), count())
  }

  @Test("is seen by the counter, and nobody else's threads are")
  func counter() throws {
    func count(_ name: String) throws -> Int {
      allocation_count_begin("counted")
      let thread = try PinnedThread(name: name, cpu: nil) {
        withExtendedLifetime((1...100).map { _ in LatencyHistogram() }) {}
      }
      thread.join()
      return allocation_count_end()
    }
    #expect(try count("counted") >= 100)
    #expect(try count("counted-not") == 0)
  }

  @Test(
    "allocates nothing for a million more requests of the null target",
    .enabled(if: isOptimised, "only optimised code is measured"))
  func nullTarget() throws { try expectNoneOfLoop(on: NullTargetFactory(), 100_000, 1_100_000) }

  @Test(
    "allocates nothing for more requests through io_uring, looking at what it reads",
    .enabled(if: isOptimised, "only optimised code is measured"))
  func ring() throws {
    let scratch = try ScratchTarget(mebibytes: 8)
    try expectNoneOfLoop(on: scratch.factory, 2000, 22_000) {
      $0.check = .own(every: 2)
      // In which the way of submitting is found out.
      $0.rampUp = Nanoseconds(seconds: 0.1)
    }
  }

  @Test(
    "allocates nothing for a million more requests of an open loop",
    .enabled(if: isOptimised, "only optimised code is measured"),
    arguments: [Arrival.constant(perSecond: 1e6), .poisson(perSecond: 1e6)])
  func open(arrival: Arrival) throws {
    try expectNoneOfLoop(on: SimulatedTargetFactory(SimulatedDevice()), 100_000, 1_100_000) {
      $0.arrival = arrival
    }
  }

  @Test(
    "allocates nothing for faults",
    .enabled(if: isOptimised, "only optimised code is measured"))
  func faults() throws {
    var device = SimulatedDevice()
    device.readErrorAt = 4096
    device.unwritten = true
    try expectNoneOfFaults(device)
  }

  private func expectNoneOfFaults(_ device: SimulatedDevice) throws {
    func count(_ seconds: Double) throws -> Int {
      var plan = LoadPlan.of(
        .randomRead, rangeBytes: 8 << 20, depth: 16, threads: Self.threads, end: .seconds(seconds))
      plan.faultLimit = .max
      plan.check = .own(every: 1)
      allocation_count_begin("load-6")
      let result = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
      let count = allocation_count_end()
      #expect((result.round.faults.errors[5] ?? 0) > 0)
      return count
    }
    _ = try count(1)
    let (short, long) = (try least { try count(1.5) }, try least { try count(1.9) })
    #expect(short == long, "as many seconds in the tables")
  }
}
