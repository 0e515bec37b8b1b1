import Driver
import Glibc
import LinuxIO
import Measurements
import Testing
import Workloads

/// A loop device over an image of its own, both gone when the test lets go of it.
final class LoadedLoopDevice {
  let node: String
  let image: String
  private let folder: TemporaryFolder

  static let areAvailable: Bool = {
    geteuid() == 0 && shell("command -v losetup && test -e /dev/loop-control").status == 0
  }()

  init(mebibytes: Int, sectorBytes: Int) throws {
    folder = try TemporaryFolder()
    image = folder.path + "/image"
    let made = shell(
      "truncate -s \(mebibytes)M \(image); losetup -f --show -b \(sectorBytes) \(image)")
    guard made.status == 0, made.output.hasPrefix("/dev/loop") else {
      throw TestFailure("losetup: \(made.output)")
    }
    node = made.output
  }

  /// Opens it as the product does: past the cache, for itself alone.
  func open() throws -> DeviceFile {
    try DeviceFile(path: FileSystemPath(node), access: [.writing, .direct, .exclusive])
  }

  deinit { shell("losetup -d \(node) || true") }
}

@Suite(
  "A loop device under load",
  .enabled(if: LoadedLoopDevice.areAvailable, "needs root and loop devices"), .serialized)
struct LoopDeviceLoadTests {
  private func factory(_ file: borrowing DeviceFile, _ loop: LoadedLoopDevice)
    -> BlockTargetFactory
  {
    BlockTargetFactory(descriptor: file.descriptor, name: loop.node, numaNode: nil)
  }

  @Test("with blocks of 4096 bytes is filled and read back, and discards read as unwritten")
  func fourKilobytes() throws {
    let loop = try LoadedLoopDevice(mebibytes: 16, sectorBytes: 4096)
    let file = try loop.open()
    var plan = LoadPlan.of(
      .sequentialWrite, blockBytes: 64 << 10, rangeBytes: 16 << 20, depth: 8, threads: 2,
      end: .rangeCovered)
    let filled = try LoadRun.run(plan, on: factory(file, loop))
    #expect(filled.outcome == .completed && filled.round.bytesWritten == 16 << 20)

    plan.blocks?.kind = .sequentialRead
    plan.blocks?.blocks = BlockSplit(bytes: 4096)
    plan.check = .own(every: 1)
    let read = try LoadRun.run(plan, on: factory(file, loop))
    #expect(read.outcome == .completed && read.round.faults == FaultCounts())
    #expect(read.round.reads == 4096)

    do {
      var ring = try Ring(depth: 1)
      ring.setFile(file.descriptor)
      let prepared = ring.discard(offset: 1 << 20, length: 1 << 20, token: 0)
      let code = ring.submitAndWait(atMost: Nanoseconds(seconds: 10))
      #expect(prepared && code == 0)
    }
    let holed = try LoadRun.run(plan, on: factory(file, loop))
    #expect(holed.outcome == .completed && holed.round.faults.unwritten == 256)
  }

  @Test("with blocks of 4096 bytes refuses 512, each request with EINVAL")
  func tooSmall() throws {
    let loop = try LoadedLoopDevice(mebibytes: 16, sectorBytes: 4096)
    let file = try loop.open()
    let plan = LoadPlan.of(
      .randomRead, blockBytes: 512, rangeBytes: 16 << 20, depth: 4, end: .seconds(60))
    let result = try LoadRun.run(plan, on: factory(file, loop))
    #expect(result.outcome == .failed)
    #expect((result.round.faults.errors[EINVAL] ?? 0) >= 16)
  }

  @Test(
    "that has shrunk to nothing is lost, and none of its answers is an operation",
    arguments: [WorkloadKind.randomRead, .randomWrite])
  func shrunk(kind: WorkloadKind) throws {
    let loop = try LoadedLoopDevice(mebibytes: 16, sectorBytes: 512)
    let file = try loop.open()
    let resized = shell("truncate -s 0 \(loop.image); losetup -c \(loop.node)")
    try #require(resized.status == 0, "\(resized.output)")
    let plan = LoadPlan.of(kind, rangeBytes: 16 << 20, depth: 8, threads: 2, end: .seconds(60))
    let result = try LoadRun.run(plan, on: factory(file, loop))
    #expect(result.outcome == .lost, "\(result.detail ?? "")")
    #expect(result.round.operations == 0)
  }

  @Test(
    "whose image shrinks under load ends the load with its errors",
    arguments: [WorkloadKind.randomRead, .randomWrite])
  func shrinks(kind: WorkloadKind) throws {
    let loop = try LoadedLoopDevice(mebibytes: 16, sectorBytes: 512)
    let file = try loop.open()
    let plan = LoadPlan.of(kind, rangeBytes: 16 << 20, depth: 8, end: .seconds(60))
    let stop = StopSignal()
    var pulses = 0
    let result = try LoadRun.run(plan, on: factory(file, loop), stop: stop) { pulse in
      pulses += 1
      // A write in flight may let the image grow again before the loop device looks at its size.
      if pulses >= 2 { shell("truncate -s 0 \(loop.image); losetup -c \(loop.node)") }
      if pulses == 100 { stop.request(signal: SIGINT) }
    }
    // The loop driver answers EIO until it knows the new size, and then as a device that is gone.
    #expect(result.outcome == .lost || result.outcome == .failed, "\(result.detail ?? "")")
    #expect(result.round.operations > 0 && result.round.faults.total >= 16)
  }

  @Test("that is detached while it is open goes on until it is closed")
  func detached() throws {
    let loop = try LoadedLoopDevice(mebibytes: 16, sectorBytes: 512)
    let file = try loop.open()
    #expect(shell("losetup -d \(loop.node)").status == 0)
    let plan = LoadPlan.of(.randomRead, rangeBytes: 16 << 20, depth: 8, end: .operations(500))
    let result = try LoadRun.run(plan, on: factory(file, loop))
    #expect(result.outcome == .completed && result.round.operations == 500)
  }
}
