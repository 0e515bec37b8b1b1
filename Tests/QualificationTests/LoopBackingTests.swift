import LinuxIO
import Testing

@testable import Qualification

@Suite(
  "A loop device is refused for writing", .serialized,
  .enabled(if: LoopDevice.areAvailable, "needs root and loop devices"))
struct LoopBackingTests {
  @Test("where it shows a block device, which may be in use below it")
  func deviceBelow() throws {
    let lower = try LoopDevice(prepare: "mkfs.ext4 -q $IMG")
    let upper = shell("losetup -f --show -o 4096 \(lower.node)")
    try #require(upper.status == 0, "\(upper.output)")
    defer { shell("losetup -d \(upper.output)") }
    let failure = try #require(throws: TargetFailure.self) {
      try QualificationTarget.open(destroying(upper.output))
    }
    #expect(failure.category == .refused)
    #expect(failure.description.contains(lower.node), "\(failure)")
  }

  @Test("where another loop device shows the same file, at whatever offset")
  func fileShared() throws {
    let first = try LoopDevice()
    let second = shell("losetup -f --show -o 1048576 \(first.image)")
    try #require(second.status == 0, "\(second.output)")
    defer { shell("losetup -d \(second.output)") }
    let failure = try #require(throws: TargetFailure.self) {
      try QualificationTarget.open(destroying(first.node))
    }
    #expect(failure.category == .refused)
    #expect(failure.description.contains(second.output), "\(failure)")
  }
}
