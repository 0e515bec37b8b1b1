import Driver
import LinuxIO
import Measurements
import StorageEngine
import Testing
import Workloads

@testable import storebench

/// A small store of known keys, and a target on it that a test drives by hand.
private final class TargetFixture {
  static let keyCount: UInt64 = 500

  let store: TieredStore
  let factory: StoreTargetFactory
  let target: StoreTarget
  let keys = StoreKeys(seed: 3)
  let values = StoreValues(
    runID: RunID(high: 1, low: 2), valueBytes: 100, compressiblePercent: 20)
  let workload: StoreWorkload
  private let folder: TestFolder

  init(_ kind: StoreWorkloadKind, depth: Int = 4) throws {
    folder = try TestFolder()
    var configuration = StoreConfiguration.measured.scaled(by: 0.01)
    configuration.durability = .async
    store = try TieredStore.create(at: folder.path("store"), configuration: configuration)
    for number in 0..<Self.keyCount {
      try store.put(
        keys.key(number), values.value(identity: keys.identity(number), generation: 1))
    }
    var workload = StoreWorkload(kind: kind, keyCount: Self.keyCount, valueBytes: 100)
    workload.entries = 10
    self.workload = workload
    factory = StoreTargetFactory(store: store, keys: keys, values: values, inFlight: depth)
    let plan = LoadPlan(
      store: workload, depth: depth, threads: 1, end: .operations(1), seed: 1,
      runID: RunID(high: 1, low: 2))
    target = try factory.makeTarget(worker: 0, plan: plan)
  }

  deinit {
    factory.lanes.close()
    try? store.close()
  }

  /// Asks for one thing and waits for its answer.
  func ask(_ operation: Operation, _ number: UInt64, count: UInt32 = 1, missing: Bool = false)
    throws -> Completion
  {
    let request = Request(
      offset: number, length: missing ? 0 : count * 116, operation: operation, slot: 0,
      count: count)
    let requests = [request]
    let accepted = try target.submit(requests.span, .now)
    #expect(accepted == 1)
    var answers = [Completion(slot: 9, result: 0)]
    for _ in 0..<200 {
      var span = answers.mutableSpan
      if try target.poll(into: &span, waitingAtMost: nil) == 1 {
        #expect(answers[0].slot == 0)
        return answers[0]
      }
    }
    Issue.record("\(operation) was never answered")
    return answers[0]
  }

  func put(_ number: UInt64, _ value: [UInt8]) throws { try store.put(keys.key(number), value) }

  func value(_ number: UInt64, generation: UInt64) -> [UInt8] {
    values.value(identity: keys.identity(number), generation: generation)
  }
}

@Suite("A store as a load target") struct StoreTargetTests {
  @Test(
    "answers every operation with its bytes, in flight alone or among others", arguments: [1, 4],
    [
      (.read, 1), (.write, 1), (.batch, 10), (.readModifyWrite, 1), (.multiGet, 10),
      (.scanForward, 10), (.scanBackward, 10),
    ] as [(Operation, UInt32)])
  func whole(depth: Int, work: (operation: Operation, count: UInt32)) throws {
    let fixture = try TargetFixture(.ycsbA, depth: depth)
    for number in [0, 7, 499] as [UInt64] {
      let answer = try fixture.ask(work.operation, number, count: work.count)
      #expect(answer.result == Int32(116 * work.count) && answer.check != .corrupt)
    }
    #expect(fixture.factory.findings.text == nil)
  }

  @Test("tells what is wrong with a value", arguments: [1, 4])
  func findings(depth: Int) throws {
    let fixture = try TargetFixture(.ycsbA, depth: depth)
    let (store, keys) = (fixture.store, fixture.keys)
    var torn = fixture.value(1, generation: 1)
    torn[50] ^= 1
    let foreign = StoreValues(
      runID: RunID(high: 9, low: 9), valueBytes: 100, compressiblePercent: 20)
    let cases: [(StoreFinding, () throws -> Void)] = [
      (.missing, { try store.delete(keys.key(1)) }),
      (.torn, { try fixture.put(1, torn) }),
      (.wrongLength, { try fixture.put(1, [1, 2, 3]) }),
      (.wrongKey, { try fixture.put(1, fixture.value(2, generation: 1)) }),
      (.foreignRun, { try fixture.put(1, foreign.value(identity: 1, generation: 1)) }),
      (
        .lostWrite,
        {
          #expect(try fixture.ask(.write, 1).result == 116)
          try fixture.put(1, fixture.value(1, generation: 1))
        }
      ),
    ]
    for (finding, damage) in cases {
      try damage()
      for operation in [Operation.read, .readModifyWrite] {
        #expect(try fixture.ask(operation, 1).check == .corrupt, "\(finding)")
      }
      #expect(fixture.factory.findings.counts[finding] == 2, "\(finding)")
    }
    #expect(fixture.factory.findings.text?.contains("a write was lost") == true)
    #expect(fixture.factory.findings.text?.contains("first at key number 1") == true)
  }

  @Test("reads back the newest of its own puts", arguments: [1, 4])
  func newest(depth: Int) throws {
    let fixture = try TargetFixture(.ycsbA, depth: depth)
    for _ in 0..<3 {
      #expect(try fixture.ask(.write, 5).result == 116)
      #expect(try fixture.ask(.read, 5).check == .intact)
      #expect(try fixture.ask(.readModifyWrite, 5).check != .corrupt)
    }
    #expect(fixture.factory.findings.text == nil)
  }

  @Test("tells a key that must not be there", arguments: [1, 4])
  func missing(depth: Int) throws {
    let fixture = try TargetFixture(.missingKeys, depth: depth)
    let answer = try fixture.ask(.read, 3, missing: true)
    #expect(answer.result == 0 && answer.check == .intact)
    try fixture.store.put(
      fixture.keys.missingKey(3), fixture.value(3 | StoreKeys.countMax, generation: 1))
    #expect(try fixture.ask(.read, 3, missing: true).check == .corrupt)
    #expect(fixture.factory.findings.counts[.unexpected] == 1)
  }

  @Test(
    "looks at each entry of scans and multi-gets", arguments: [1, 4],
    [Operation.multiGet, .scanForward, .scanBackward])
  func entries(depth: Int, operation: Operation) throws {
    let fixture = try TargetFixture(operation == .multiGet ? .multiGet : .ycsbE, depth: depth)
    for number in 0..<TargetFixture.keyCount {
      try fixture.put(number, fixture.value(number ^ 1, generation: 1))
    }
    #expect(try fixture.ask(operation, 7, count: 10).check == .corrupt)
    #expect(fixture.factory.findings.counts == [.wrongKey: 1])
  }

  @Test("walks round the end, each scan on from the last", arguments: [1, 4])
  func rounds(depth: Int) throws {
    for operation in [Operation.scanForward, .scanBackward] {
      let kind: StoreWorkloadKind = operation == .scanForward ? .scanForward : .scanBackward
      let fixture = try TargetFixture(kind, depth: depth)
      for _ in 0..<120 { #expect(try fixture.ask(operation, 7, count: 10).check == .intact) }
      #expect(try fixture.ask(operation, 7, count: 500).check == .intact)
      #expect(try fixture.ask(operation, 7, count: 501).check == .intact, "a second time round")
    }
  }

  @Test("tells a scan that another store's key got into")
  func stranger() throws {
    let fixture = try TargetFixture(.ycsbE)
    try fixture.store.put([0] + Array("stranger".utf8), [1])
    #expect(try fixture.ask(.scanForward, 7, count: 500).check == .corrupt)
    #expect(fixture.factory.findings.counts == [.outOfOrder: 1])
  }

  @Test("answers with an errno once the store is closed, and says why", arguments: [1, 4])
  func closed(depth: Int) throws {
    let fixture = try TargetFixture(.ycsbA, depth: depth)
    try fixture.store.close()
    for operation in [Operation.read, .write, .scanForward, .multiGet, .batch] {
      #expect(try fixture.ask(operation, 1).result < 0)
    }
    #expect(try fixture.ask(.read, 1).result == -108)
    #expect(fixture.factory.findings.text?.contains("is closed") == true)
  }

  @Test(
    "is driven by the driver, and all that it reads is right",
    arguments: StoreWorkloadKind.allCases,
    [1, 16])
  func driven(kind: StoreWorkloadKind, depth: Int) throws {
    let fixture = try TargetFixture(kind, depth: depth)
    for threads in [1, 2] {
      var plan = LoadPlan(
        store: fixture.workload, depth: depth, threads: threads,
        end: kind == .fill ? .rangeCovered : .operations(1500), seed: 5,
        runID: RunID(high: 1, low: 2))
      plan.separatesReads = true
      let factory = StoreTargetFactory(
        store: fixture.store, keys: fixture.keys, values: fixture.values,
        inFlight: depth * threads)
      defer { factory.lanes.close() }
      let result = try LoadRun.run(plan, on: InjectedTargetFactory(factory))
      #expect(result.outcome == .completed, "\(result.detail ?? "")")
      #expect(factory.findings.text == nil)
      #expect(result.round.faults == FaultCounts())
      if kind != .fill { #expect(result.round.operations == 1500) }
    }
  }

  @Test("goes at a rate, and wakes for answers that come later")
  func rate() throws {
    let fixture = try TargetFixture(.ycsbA)
    var plan = LoadPlan(
      store: fixture.workload, depth: 8, threads: 1, end: .after(Nanoseconds(seconds: 0.4)),
      seed: 5, runID: RunID(high: 1, low: 2))
    plan.arrival = .poisson(perSecond: 2000)
    let result = try LoadRun.run(plan, on: InjectedTargetFactory(fixture.factory))
    #expect(result.outcome == .completed && result.round.operations > 500)
  }
}
