import Measurements
import Testing

@testable import LinuxIO

@Suite("A drive's identity") struct DeviceIdentityTests {
  /// IDENTIFY data with the words that are read; strings with their bytes swapped in pairs.
  static func identify(rotation: Int, serial: String = "S3Z8NB0K", model: String = "MODEL 870")
    -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ words: ClosedRange<Int>) {
      var padded = Array(text.utf8)
      while padded.count < words.count * 2 { padded.append(0x20) }
      for (index, word) in words.enumerated() {
        bytes[word * 2] = padded[index * 2 + 1]
        bytes[word * 2 + 1] = padded[index * 2]
      }
    }
    func put(_ value: Int, _ word: Int) {
      bytes[word * 2] = UInt8(value & 0xFF)
      bytes[word * 2 + 1] = UInt8(value >> 8)
    }
    put(serial, 10...19)
    put("SVT02B6Q", 23...26)
    put(model, 27...46)
    put(0b1110, 76)
    put(2 << 1, 77)
    put(rotation, 217)
    return bytes
  }

  static func page89(rotation: Int) -> [UInt8] {
    [0, 0x89, 2, 0x38] + [UInt8](repeating: 0, count: 56) + identify(rotation: rotation)
  }

  let port = "/sys/devices/pci0000:00/0000:00:17.0/ata1"

  func sata(rotation: Int, vendor: String = "ATA", at path: String? = nil) -> KernelFixture {
    let kernel = KernelFixture()
    let target = (path ?? port + "/host0") + "/target0:0:0/0:0:0:0"
    kernel.add("sda", at: target + "/block", number: "8:0", sectors: 3_750_748_848)
    kernel.link(target + "/block/sda/device", to: target)
    kernel.write(target + "/vpd_pg89", bytes: Self.page89(rotation: rotation))
    kernel.write(target + "/scsi_level", "6\n")
    kernel.write(target + "/vendor", vendor + "\n")
    kernel.write(target + "/model", "MODEL 870 CUT TO\n")
    kernel.write(target + "/block/sda/queue/rotational", "1\n")
    kernel.write(target + "/block/sda/queue/logical_block_size", "512\n")
    kernel.write(target + "/block/sda/queue/physical_block_size", "4096\n")
    kernel.write(target + "/block/sda/queue/scheduler", "none [mq-deadline] kyber\n")
    kernel.write(target + "/block/sda/queue/discard_max_bytes", "2147450880\n")
    return kernel
  }

  @Test(
    "is of a kind only where the drive itself says so",
    arguments: [
      (1, DeviceKind.ssd, Int?.some(0)), (7200, .hdd, 7200), (5400, .hdd, 5400),
      (0x0401, .hdd, 0x0401), (0, .unknown, nil), (0x0400, .unknown, nil), (2, .unknown, nil),
      (0xFFFF, .unknown, nil),
    ])
  func kind(rotation: Int, kind: DeviceKind, rate: Int?) throws {
    let identity = try #require(sata(rotation: rotation).identity(of: "sda"))
    #expect(identity.kind == kind)
    #expect(identity.rotationRate == rate)
    #expect(identity.transport == "sata")
    #expect(identity.rotational == true, "what the kernel says is recorded and does not decide")
  }

  @Test("of a SATA drive comes whole from IDENTIFY, without udev")
  func serialATA() throws {
    let kernel = sata(rotation: 1)
    kernel.write(port + "/link1/ata_link/link1/sata_spd", "3.0 Gbps\n")
    let identity = try #require(kernel.identity(of: "sda"))
    #expect(identity.model == "MODEL 870")
    #expect(identity.serial == "S3Z8NB0K")
    #expect(identity.firmware == "SVT02B6Q")
    #expect(identity.capacityBytes == 3_750_748_848 * 512)
    #expect(identity.logicalBlockBytes == 512 && identity.physicalBlockBytes == 4096)
    #expect(identity.scheduler == "mq-deadline")
    #expect(identity.discards)
    #expect(
      identity.link
        == LinkRecord(bus: "sata", generation: 2, lanes: nil, generationMax: 3, lanesMax: nil))
  }

  @Test(
    "is unknown behind a bridge or in a virtual machine, whatever is claimed there",
    arguments: [
      ("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6", "usb"),
      ("/sys/devices/pci0000:00/0000:00:05.0/virtio2/host2", "virtio"),
      ("/sys/devices/platform/host9/session1", "iscsi"),
      ("/sys/devices/pseudo_0/adapter0/host3", "scsi"),
    ])
  func bridged(path: String, transport: String) throws {
    let kernel = sata(rotation: 1, at: path)
    let identity = try #require(kernel.identity(of: "sda"))
    #expect(identity.kind == .unknown)
    #expect(identity.transport == transport)
  }

  @Test("of a SAS drive comes from its vital product pages")
  func serialAttachedSCSI() throws {
    let kernel = KernelFixture()
    let target =
      "/sys/devices/pci0000:00/0000:01:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0"
    kernel.add("sdb", at: target + "/block", number: "8:16")
    kernel.link(target + "/block/sdb/device", to: target)
    kernel.write(target + "/vendor", "SEAGATE\n")
    kernel.write(target + "/model", "ST18000NM004J\n")
    kernel.write(target + "/rev", "E004\n")
    kernel.write(target + "/vpd_pg80", bytes: [0, 0x80, 0, 10] + Array("ZR5A0B1C  ".utf8))
    kernel.write(
      target + "/vpd_pgb1",
      bytes: [0, 0xB1, 0, 60, 0x1C, 0x20] + [UInt8](repeating: 0, count: 58))
    let identity = try #require(kernel.identity(of: "sdb"))
    #expect(identity.kind == .hdd && identity.rotationRate == 7200)
    #expect(identity.transport == "sas")
    #expect(identity.serial == "ZR5A0B1C")
    #expect(identity.model == "SEAGATE ST18000NM004J" && identity.firmware == "E004")
  }

  func nvme(transport: String = "pcie") -> KernelFixture {
    let kernel = KernelFixture()
    let device = "/sys/devices/pci0000:40/0000:41:00.0"
    let controller = device + "/nvme/nvme0"
    kernel.add("nvme0n1", at: controller, number: "259:0", sectors: 7_501_476_528)
    kernel.link(controller + "/nvme0n1/device", to: controller)
    kernel.link(controller + "/device", to: device)
    kernel.write(controller + "/transport", transport + "\n")
    kernel.write(controller + "/model", "SAMSUNG MZQL23T8HCLS-00A07              \n")
    kernel.write(controller + "/serial", "S64GNE0R\n")
    kernel.write(controller + "/firmware_rev", "GDC5602Q\n")
    kernel.write(device + "/current_link_speed", "16.0 GT/s PCIe\n")
    kernel.write(device + "/current_link_width", "1\n")
    kernel.write(device + "/max_link_speed", "32.0 GT/s PCIe\n")
    kernel.write(device + "/max_link_width", "4\n")
    kernel.write(device + "/numa_node", "1\n")
    for (interrupt, cpus) in [(40, "0-1"), (41, "2"), (42, "8")] {
      kernel.write(device + "/msi_irqs/\(interrupt)", "msix\n")
      kernel.write("/proc/irq/\(interrupt)/effective_affinity_list", cpus + "\n")
    }
    kernel.write("/sys/module/nvme/parameters/poll_queues", "2\n")
    kernel.write(controller + "/nvme0n1/queue/io_poll", "1\n")
    return kernel
  }

  @Test("of an NVMe drive holds its controller's link, node and interrupts")
  func nvmeDrive() throws {
    let identity = try #require(nvme().identity(of: "nvme0n1"))
    #expect(identity.kind == .nvme && identity.transport == "nvme")
    #expect(identity.model == "SAMSUNG MZQL23T8HCLS-00A07")
    #expect(identity.serial == "S64GNE0R" && identity.firmware == "GDC5602Q")
    #expect(
      identity.link
        == LinkRecord(bus: "pcie", generation: 4, lanes: 1, generationMax: 5, lanesMax: 4))
    #expect(identity.numaNode == 1)
    #expect(identity.interruptCPUs == "0-2,8")
    #expect(identity.pollQueues == 2)
  }

  @Test("of a drive over a network is of unknown kind", arguments: ["tcp", "rdma", "loop"])
  func fabric(transport: String) throws {
    let identity = try #require(nvme(transport: transport).identity(of: "nvme0n1"))
    #expect(identity.kind == .unknown && identity.transport == "nvme-\(transport)")
  }

  @Test(
    "leaves out what is cut off or blank",
    arguments: [[], [0, 0x89, 2, 0x38], Array(repeating: UInt8(0x20), count: 571)])
  func malformed(page: [UInt8]) {
    #expect(DriveInformation(vitalProductPage: page) == nil)
    #expect(VitalProductPage.serial(page) == nil)
    #expect(VitalProductPage.rotationRate(page) == nil)
  }

  @Test(
    "names CPUs in the shortest list",
    arguments: [([0, 1, 2, 8], "0-2,8"), ([5], "5"), ([3, 1, 2], "1-3"), ([0, 2, 4], "0,2,4")])
  func cpus(members: [Int], list: String) {
    #expect(DevicePlacement.list(Set(members)) == list)
    #expect(DevicePlacement.members(of: list) == members.sorted())
  }
}
