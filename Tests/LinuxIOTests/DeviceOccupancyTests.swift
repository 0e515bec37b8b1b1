import Testing

@testable import LinuxIO

@Suite("What stands on a disk is found") struct DeviceOccupancyTests {
  let bus = "/sys/devices/pci0000:00/block"
  let virtual = "/sys/devices/virtual/block"

  /// Two disks, the first with two partitions.
  func machine() -> KernelFixture {
    let kernel = KernelFixture()
    kernel.add("sda", at: bus, number: "8:0")
    kernel.add("sda1", at: bus + "/sda", number: "8:1", partition: 1)
    kernel.add("sda2", at: bus + "/sda", number: "8:2", partition: 2)
    kernel.add("sdb", at: bus, number: "8:16")
    kernel.add("sdb1", at: bus + "/sdb", number: "8:17", partition: 1)
    return kernel
  }

  func findings(_ kernel: KernelFixture, on name: String = "sda") throws
    -> [DeviceOccupancy.Occupant]
  {
    DeviceOccupancy(of: try #require(kernel.device(name)), scope: []).occupants
  }

  @Test(
    "where a partition is mounted, whichever part was asked about",
    arguments: ["sda", "sda1", "sda2"])
  func mounted(asked: String) throws {
    let kernel = machine()
    kernel.write(
      "/proc/self/mountinfo",
      "31 1 8:2 / /srv/data\\040one rw,relatime shared:1 - ext4 /dev/sda2 rw\n")
    #expect(
      try findings(kernel, on: asked) == [
        .init(
          node: "/dev/sda2",
          finding: .mounted(
            at: "/srv/data one", fileSystem: "ext4", writable: true, foreignProcess: nil))
      ])
    #expect(try findings(kernel, on: "sdb").isEmpty)
  }

  @Test("where only a process in another namespace sees the mount")
  func foreign() throws {
    let kernel = machine()
    kernel.write("/proc/self/mountinfo", "1 0 0:1 / / rw - rootfs rootfs rw\n")
    kernel.makeFolder("/proc/self/ns")
    kernel.makeFolder("/proc/77/ns")
    kernel.link("/proc/self/ns/mnt", to: "/one")
    kernel.link("/proc/77/ns/mnt", to: "/two")
    kernel.write("/proc/77/mountinfo", "31 1 8:1 / /data ro - xfs /dev/sda1 ro\n")
    #expect(
      try findings(kernel) == [
        .init(
          node: "/dev/sda1",
          finding: .mounted(at: "/data", fileSystem: "xfs", writable: false, foreignProcess: 77))
      ])
  }

  @Test("where a member of a mounted btrfs lies on it")
  func btrfs() throws {
    let kernel = machine()
    let uuid = "6f4c1b1e-0000-4000-8000-000000000001"
    for name in ["sda1", "sdb1"] {
      kernel.makeFolder("/sys/fs/btrfs/\(uuid)/devices")
      kernel.link("/sys/fs/btrfs/\(uuid)/devices/\(name)", to: "/sys/class/block/\(name)")
    }
    // btrfs mounts have a number of their own; the other member is not even named.
    kernel.write("/proc/self/mountinfo", "31 1 0:45 /root / rw - btrfs /dev/sdb1 rw,subvol=/root\n")
    let found = try findings(kernel)
    #expect(
      found.contains(
        .init(node: "/dev/sda1", finding: .fileSystemMember(type: "btrfs", identifier: uuid))))
    #expect(found.contains(.init(node: "/dev/sda", finding: .system(mountPoint: "/"))))
  }

  @Test("where it is swap")
  func swap() throws {
    let kernel = machine()
    kernel.write(
      "/proc/swaps",
      "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1024 0 -2\n/swapfile file 8 0 -3\n"
    )
    #expect(try findings(kernel) == [.init(node: "/dev/sda2", finding: .swap)])
  }

  @Test("where an array, and a volume on it, and a mount on that stand on it")
  func stack() throws {
    let kernel = machine()
    kernel.add("md127", at: virtual, number: "9:127")
    kernel.write(virtual + "/md127/md/level", "raid1\n")
    kernel.stack("md127", on: "sda1")
    kernel.stack("md127", on: "sdb1")
    kernel.add("dm-0", at: virtual, number: "253:0")
    kernel.write(virtual + "/dm-0/dm/name", "vg0-data\n")
    kernel.write(virtual + "/dm-0/dm/uuid", "LVM-abcdef\n")
    kernel.stack("dm-0", on: "md127")
    kernel.write("/proc/self/mountinfo", "31 1 253:0 / /srv rw - ext4 /dev/mapper/vg0-data rw\n")
    let found = try findings(kernel)
    #expect(found.contains(.init(node: "/dev/sda1", finding: .held(by: "md127", use: "raid1"))))
    #expect(
      found.contains(.init(node: "/dev/md127", finding: .held(by: "dm-0", use: "LVM vg0-data"))))
    #expect(found.contains { $0.node == "/dev/dm-0" && $0.finding.isUse })
  }

  @Test("where the running system stands on a volume on it, at every disk below")
  func system() throws {
    let kernel = machine()
    kernel.add("dm-0", at: virtual, number: "253:0")
    kernel.stack("dm-0", on: "sda2")
    kernel.stack("dm-0", on: "sdb1")
    kernel.write("/proc/self/mountinfo", "31 1 253:0 / / rw - xfs /dev/mapper/root rw\n")
    for name in ["sda", "sdb"] {
      #expect(
        try findings(kernel, on: name).contains(
          .init(node: "/dev/\(name)", finding: .system(mountPoint: "/"))))
    }
  }

  @Test(
    "where a holder is of any kind",
    arguments: [
      ("CRYPT-LUKS2-1", "encryption held"), ("mpath-36001405", "multipath held"),
      ("LVM-xyz", "LVM held"), ("", "device-mapper held"),
    ])
  func holder(identifier: String, use: String) throws {
    let kernel = machine()
    kernel.add("dm-3", at: virtual, number: "253:3")
    kernel.write(virtual + "/dm-3/dm/name", "held\n")
    kernel.write(virtual + "/dm-3/dm/uuid", identifier + "\n")
    kernel.stack("dm-3", on: "sda")
    #expect(try findings(kernel) == [.init(node: "/dev/sda", finding: .held(by: "dm-3", use: use))])
  }

  @Test("where it belongs to an array that is not running")
  func inactive() throws {
    let kernel = machine()
    kernel.add("md0", at: virtual, number: "9:0")
    kernel.makeFolder(virtual + "/md0/md")
    kernel.write(
      "/proc/mdstat", "Personalities : [raid1]\nmd0 : inactive sda1[0](S)\n      1024 blocks\n")
    #expect(
      try findings(kernel) == [
        .init(node: "/dev/sda1", finding: .held(by: "md0", use: "md array"))
      ])
  }

  @Test("where it is a member of a bcache")
  func bcache() throws {
    let kernel = machine()
    kernel.makeFolder(bus + "/sda/sda2/bcache")
    #expect(
      try findings(kernel) == [
        .init(node: "/dev/sda2", finding: .held(by: "bcache", use: "bcache member"))
      ])
  }

  @Test("where the same drive is in use over another path")
  func otherPath() throws {
    let kernel = machine()
    kernel.write(bus + "/sda/wwid", "naa.5000c500a1b2c3d4\n")
    kernel.write(bus + "/sdb/wwid", "naa.5000c500a1b2c3d4\n")
    kernel.write("/proc/self/mountinfo", "31 1 8:17 / /srv rw - ext4 /dev/sdb1 rw\n")
    #expect(try findings(kernel).map(\.node) == ["/dev/sdb1"])
  }

  @Test("and where nothing is, nothing is claimed")
  func nothing() throws {
    let kernel = machine()
    kernel.write("/proc/self/mountinfo", "31 1 8:17 / /srv rw - ext4 /dev/sdb1 rw\ncut off\n\n")
    kernel.write("/proc/swaps", "Filename\n")
    #expect(try findings(kernel).isEmpty)
  }

  @Test("under each of its names in /dev/disk")
  func aliases() throws {
    let kernel = machine()
    kernel.write("/dev/sda", "")
    kernel.link("/dev/disk/by-id/ata-MODEL_S3Z8NB0K", to: "/dev/sda")
    kernel.link("/dev/disk/by-path/pci-0000:00:17.0-ata-1", to: "/dev/sda")
    let occupancy = DeviceOccupancy(of: try #require(kernel.device("sda")), scope: [])
    withExtendedLifetime(kernel) {}
    #expect(
      occupancy.aliases == [
        "/dev/disk/by-id/ata-MODEL_S3Z8NB0K", "/dev/disk/by-path/pci-0000:00:17.0-ata-1",
      ])
  }
}
