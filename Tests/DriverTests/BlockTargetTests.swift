import Driver
import Glibc
import LinuxIO
import Measurements
import Testing
import Workloads

@Suite("A file loaded through io_uring") struct BlockTargetTests {
  static let rangeBytes: UInt64 = 32 << 20

  /// Writes the whole range once.
  private func fill(_ scratch: ScratchTarget, threads: Int, runID: RunID? = nil) throws {
    var plan = LoadPlan.of(
      .sequentialWrite, blockBytes: 128 << 10, rangeBytes: Self.rangeBytes, depth: 8,
      threads: threads, end: .rangeCovered)
    if let runID { plan.runID = runID }
    let result = try LoadRun.run(plan, on: scratch.factory)
    try #require(result.outcome == .completed, "\(result.detail ?? "")")
    #expect(result.round.bytesWritten == Self.rangeBytes)
    #expect(result.bytesSubmittedForWriting == Self.rangeBytes)
    #expect(result.round.operations == Self.rangeBytes >> 17)
  }

  /// Reads the whole range once and looks at all of it.
  private func readBack(
    _ scratch: ScratchTarget, threads: Int, check: ReadCheck = .own(every: 1)
  ) throws -> LoadResult {
    var plan = LoadPlan.of(
      .sequentialRead, blockBytes: 8192, rangeBytes: Self.rangeBytes, depth: 16, threads: threads,
      end: .rangeCovered)
    plan.check = check
    plan.faultLimit = .max
    return try LoadRun.run(plan, on: scratch.factory)
  }

  @Test("reads back what it wrote, every sector", arguments: [(1, 3), (3, 1), (3, 2)])
  func readsBack(writers: Int, readers: Int) throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    try fill(scratch, threads: writers)
    let result = try readBack(scratch, threads: readers)
    #expect(result.outcome == .completed, "\(result.detail ?? "")")
    #expect(result.round.faults == FaultCounts())
    #expect(result.round.bytes == Self.rangeBytes && result.round.reads == Self.rangeBytes / 8192)
  }

  @Test("reads back what a mix overwrote while it was read", arguments: [1, 3])
  func mix(threads: Int) throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    try fill(scratch, threads: 1)
    var plan = LoadPlan.of(
      .randomMix, rangeBytes: Self.rangeBytes, readPercent: 50, depth: 32, threads: threads,
      end: .operations(6000))
    plan.blocks?.blocks = try BlockSplit(parsing: "4k/60:16k/30:128k/10")
    plan.check = .own(every: 1)
    let mixed = try LoadRun.run(plan, on: scratch.factory)
    #expect(mixed.outcome == .completed, "\(mixed.detail ?? "")")
    #expect(mixed.round.operations == 6000)
    #expect(mixed.round.reads > 2000 && mixed.round.reads < 4000, "seed \(testSeed)")
    let result = try readBack(scratch, threads: 1)
    #expect(result.outcome == .completed && result.round.faults == FaultCounts())
  }

  @Test(
    "finds one flipped bit, in a header and in a payload",
    arguments: [0, 15, 24, 40, 511] as [UInt64])
  func flipped(byteOfSector: UInt64) throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    try fill(scratch, threads: 1)
    let position = off_t(17 << 20) + 5 * 512 + off_t(byteOfSector)
    let plain = open(scratch.path, O_RDWR)
    defer { close(plain) }
    var byte: UInt8 = 0
    #expect(pread(plain, &byte, 1, position) == 1)
    byte ^= 0x10
    #expect(pwrite(plain, &byte, 1, position) == 1 && fsync(plain) == 0)
    let result = try readBack(scratch, threads: 2)
    #expect(result.outcome == .corrupt)
    #expect(result.round.faults.corrupt == 1)
    #expect(result.round.faults.firstOffset == 17 << 20)
    #expect(result.round.operations == Self.rangeBytes / 8192 - 1, "it is no operation")
  }

  @Test("finds a hole to be unwritten, and counts its reads")
  func hole() throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    try fill(scratch, threads: 3)
    var ring = try Ring(depth: 1)
    ring.setFile(scratch.descriptor)
    let prepared = ring.discard(offset: 4 << 20, length: 1 << 20, token: 0)
    let code = ring.submitAndWait(atMost: Nanoseconds(seconds: 10))
    #expect(prepared && code == 0)
    let result = try readBack(scratch, threads: 1)
    #expect(result.outcome == .completed)
    #expect(result.round.faults == .with { $0.unwritten = 128 })
    let constant = try readBack(scratch, threads: 1, check: .constant(every: 1))
    #expect(constant.round.faults == .with { $0.unwritten = 128 })
  }

  @Test("takes what another run wrote for corrupt, and every read of a new file for unwritten")
  func foreign() throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    let blank = try readBack(scratch, threads: 2)
    #expect(blank.round.faults == .with { $0.unwritten = Self.rangeBytes / 8192 })
    try fill(scratch, threads: 1, runID: RunID(high: 7, low: 7))
    let result = try readBack(scratch, threads: 1)
    #expect(result.outcome == .corrupt)
    #expect(result.round.faults.corrupt == Self.rangeBytes / 8192)
    let blind = try readBack(scratch, threads: 1, check: .none)
    #expect(blind.outcome == .completed && blind.round.faults == FaultCounts())
  }

  @Test("looks at one read in so many, where only that is asked")
  func oneIn() throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    let result = try readBack(scratch, threads: 1, check: .constant(every: 16))
    #expect(result.round.faults.unwritten == Self.rangeBytes / 8192 / 16)
  }

  @Test("returns short reads at the file's end and empty ones beyond: the file was cut")
  func cut() throws {
    let scratch = try ScratchTarget(mebibytes: 32)
    #expect(ftruncate(scratch.descriptor, off_t(Self.rangeBytes / 2 + 4096)) == 0)
    let result = try readBack(scratch, threads: 1, check: .none)
    #expect(result.outcome == .lost)
    #expect(result.round.faults.short == 1)
    #expect(result.round.faults.empty == Self.rangeBytes / 8192 / 2 - 1)
    #expect(result.round.operations == Self.rangeBytes / 8192 / 2)
  }

  @Test("loads through every ring that a kernel may have", arguments: RingModes.all)
  func modes(mode: RingMode) throws {
    let scratch = try ScratchTarget(mebibytes: 4)
    var factory = scratch.factory
    factory.mode = mode
    for arrival in [Arrival.closed, .constant(perSecond: 20_000)] {
      var plan = LoadPlan.of(
        .randomMix, rangeBytes: 4 << 20, readPercent: 50, depth: 16, threads: 2,
        end: .operations(1000))
      plan.arrival = arrival
      let result = try LoadRun.run(plan, on: factory)
      #expect(result.outcome == .completed, "\(result.detail ?? "")")
      #expect(result.round.operations == 1000)
      #expect(result.mechanism.hasPrefix("io_uring \(mode)"), "\(result.mechanism)")
    }
  }

  @Test("that was opened for reading fails on writes, with the error counted")
  func readOnly() throws {
    let scratch = try ScratchTarget(mebibytes: 4)
    let reading = open(scratch.path, O_RDONLY)
    defer { close(reading) }
    let factory = BlockTargetFactory(descriptor: reading, name: scratch.path, numaNode: nil)
    let plan = LoadPlan.of(.randomWrite, rangeBytes: 4 << 20, depth: 4, end: .seconds(60))
    let result = try LoadRun.run(plan, on: factory)
    #expect(result.outcome == .failed)
    #expect((result.round.faults.errors[EBADF] ?? 0) >= 16)
    #expect(result.round.operations == 0)
  }
}

/// Ways to set a ring up.
enum RingModes {
  static let all: [RingMode] = [
    RingMode(), with { $0.deferredTaskRun = true }, with { $0.cooperativeTaskRun = false },
    with {
      $0.singleIssuer = false
      $0.cooperativeTaskRun = false
    },
  ]

  private static func with(_ change: (inout RingMode) -> Void) -> RingMode {
    var mode = RingMode()
    change(&mode)
    return mode
  }
}
