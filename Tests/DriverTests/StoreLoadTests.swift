import Driver
import Measurements
import Testing
import Workloads

@Suite("A load of a store") struct StoreLoadTests {
  private func plan(
    _ kind: StoreWorkloadKind, depth: Int = 8, threads: Int = 1, end: LoadEnd
  ) -> LoadPlan {
    LoadPlan(
      store: StoreWorkload(kind: kind, keyCount: 1000, valueBytes: 100), depth: depth,
      threads: threads, end: end, seed: testSeed, runID: RunID(high: 1, low: 2))
  }

  @Test(
    "counts requests, keys and bytes of the null target",
    arguments: [
      (.randomRead, 1, 1, 0), (.randomWrite, 1, 0, 1), (.batchWrite, 1000, 0, 1),
      (.multiGet, 1000, 1, 0), (.scanBackward, 1000, 1, 0),
    ] as [(StoreWorkloadKind, UInt64, UInt64, UInt64)])
  func counts(kind: StoreWorkloadKind, entries: UInt64, reads: UInt64, writes: UInt64) throws {
    let result = try LoadRun.run(
      plan(kind, end: .operations(500)), on: InjectedTargetFactory(NullTargetFactory()))
    #expect(result.outcome == .completed, "\(result.detail ?? "")")
    #expect(result.round.operations == 500 && result.entries == 500 * entries)
    #expect(result.round.bytes == 500 * entries * 116)
    #expect(result.round.reads == 500 * reads)
    #expect(result.round.bytesWritten == 500 * entries * 116 * writes)
    #expect(result.bytesSubmittedForWriting == result.round.bytesWritten)
  }

  @Test("ends a fill when every key was handed out", arguments: [1, 3])
  func fill(threads: Int) throws {
    let result = try LoadRun.run(
      plan(.fill, threads: threads, end: .rangeCovered), on: NullTargetFactory())
    #expect(result.round.operations == 1000 && result.round.bytesWritten == 116_000)
  }

  @Test("keeps the latencies of a mix's reads apart where that is asked for")
  func reads() throws {
    var device = SimulatedDevice()
    device.readNanoseconds = 1_000_000
    device.writeNanoseconds = 10_000
    var plan = plan(.ycsbA, end: .operations(4000))
    let mixed = try LoadRun.run(plan, on: SimulatedTargetFactory(device))
    #expect(mixed.readLatency == nil)
    plan.separatesReads = true
    let apart = try LoadRun.run(plan, on: InjectedTargetFactory(SimulatedTargetFactory(device)))
    let reads = try #require(apart.readLatency?.summary)
    #expect(apart.round.reads > 1500 && apart.round.reads < 2500)
    #expect(reads.p50.isNear(1_000_000) && apart.round.latency.p999.isNear(1_000_000))
    #expect(apart.round.latency.meanNanoseconds < 900_000)
  }

  @Test("is the same through the wrapper and without it")
  func same() throws {
    let plan = plan(.ycsbB, end: .operations(3000))
    let factory = SimulatedTargetFactory(SimulatedDevice())
    let plain = try LoadRun.run(plan, on: factory)
    let wrapped = try LoadRun.run(plan, on: InjectedTargetFactory(factory))
    #expect(plain.round.latency == wrapped.round.latency)
    #expect(plain.clockAtEnd == wrapped.clockAtEnd)
  }

  @Test("is refused by a device, with the reason")
  func device() throws {
    let scratch = try ScratchTarget(mebibytes: 1)
    #expect {
      try LoadRun.run(plan(.randomRead, end: .operations(10)), on: scratch.factory)
    } throws: { error in
      (error as? TargetError)?.description.contains("needs a store") == true
    }
  }
}

extension UInt64 {
  fileprivate func isNear(_ expected: UInt64) -> Bool {
    Double(self).isWithin(5, of: Double(expected))
  }
}
