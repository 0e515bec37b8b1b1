import Glibc
public import Measurements

/// Reads who a drive is from sysfs and, where sysfs is silent, from the drive itself.
///
/// Only questions that every drive answers without side effects are asked of it: IDENTIFY and
/// INQUIRY. udev is not needed.
public struct DeviceIdentitySource: Sendable {
  /// The whole disk that is asked.
  public let disk: BlockDevice
  private let tree: KernelTree
  private let path: String

  /// Asks the whole disk that `device` is or belongs to.
  public init(_ device: BlockDevice) {
    disk = device.disk
    tree = disk.tree
    path = disk.sysfsPath
  }

  /// All that can be known.
  public var identity: DeviceIdentity {
    let transport = DeviceTransport(disk)
    let ata = transport.isSerialATA ? driveInformation : nil
    var identity = DeviceIdentity(
      name: disk.name, kind: .unknown, capacityBytes: disk.capacityBytes,
      transport: transport.name)
    identity.rotationRate = rotationRate(transport: transport, ata: ata)
    identity.kind = Self.kind(transport: transport.name, rotationRate: identity.rotationRate)
    identity.model = model(ata: ata)
    identity.serial = serial(transport: transport, ata: ata)
    identity.firmware = firmware(ata: ata)
    identity.rotational = tree.flag(path + "/queue/rotational")
    identity.logicalBlockBytes = tree.integer(path + "/queue/logical_block_size") ?? 512
    identity.physicalBlockBytes =
      tree.integer(path + "/queue/physical_block_size") ?? identity.logicalBlockBytes
    identity.writeCache = tree.text(path + "/queue/write_cache")
    identity.link = DeviceLink(disk, transport: transport, ata: ata).record
    identity.numaNode = DevicePlacement(disk).numaNode
    identity.pollQueues = pollQueues
    identity.scheduler = tree.text(path + "/queue/scheduler").map(Self.chosen)
    identity.nomerges = tree.integer(path + "/queue/nomerges")
    identity.discards = (tree.integer(path + "/queue/discard_max_bytes") ?? 0) > 0
    identity.fua = tree.flag(path + "/queue/fua")
    identity.readOnly = disk.isReadOnly
    identity.interruptCPUs = DevicePlacement(disk).interruptCPUs
    return identity
  }

  /// The drive's serial number alone, at the cost of one or two small reads.
  public var serial: String? {
    let transport = DeviceTransport(disk)
    return serial(transport: transport, ata: transport.isSerialATA ? driveInformation : nil)
  }

  /// What medium a drive is: NVMe over PCIe by its transport, SATA and SAS by the rotation rate that
  /// the drive states, everything else unknown.
  static func kind(transport: String, rotationRate: Int?) -> DeviceKind {
    switch (transport, rotationRate) {
    case ("nvme", _): .nvme
    case ("sata", 0), ("sas", 0): .ssd
    case ("sata", .some), ("sas", .some): .hdd
    default: .unknown
    }
  }

  /// The word in brackets of a list such as `[none] mq-deadline`.
  static func chosen(_ list: String) -> String {
    guard let open = list.firstIndex(of: "["), let close = list[open...].firstIndex(of: "]") else {
      return list
    }
    return String(list[list.index(after: open)..<close])
  }

  /// The ATA IDENTIFY data, by the kernel's copy where there is one.
  private var driveInformation: DriveInformation? {
    if let page = tree.bytes(path + "/device/vpd_pg89"),
      let data = DriveInformation(vitalProductPage: page)
    {
      return data
    }
    guard tree == .live, let question = DriveQuestion(disk) else { return nil }
    return question.driveInformation()
  }

  /// A vital product data page asked of the drive itself; only on the live machine.
  private func askedPage(_ page: UInt8) -> [UInt8]? {
    guard tree == .live, let question = DriveQuestion(disk) else { return nil }
    return question.vitalProductPage(page)
  }

  private func model(ata: DriveInformation?) -> String? {
    let reported = ata?.model ?? controllerText("model") ?? tree.text(path + "/device/model")
    // A SCSI model is cut to 16 characters and stands apart from its vendor; `ATA` is no vendor.
    guard ata == nil, let model = reported, let vendor = tree.text(path + "/device/vendor"),
      vendor != "ATA", !vendor.hasPrefix("0x")
    else { return reported }
    return "\(vendor) \(model)"
  }

  private func firmware(ata: DriveInformation?) -> String? {
    ata?.firmware ?? controllerText("firmware_rev") ?? tree.text(path + "/device/rev")
  }

  private func serial(transport: DeviceTransport, ata: DriveInformation?) -> String? {
    if let serial = ata?.serial ?? controllerText("serial") { return serial }
    if let page = tree.bytes(path + "/device/vpd_pg80"),
      let serial = VitalProductPage.serial(page)
    {
      return serial
    }
    if let serial = tree.text(path + "/serial") ?? tree.text(path + "/device/serial") {
      return serial
    }
    if transport.isSCSI, let page = askedPage(0x80),
      let serial = VitalProductPage.serial(page)
    {
      return serial
    }
    return tree.lines("/run/udev/data/b\(disk.number)")
      .first { $0.hasPrefix("E:ID_SERIAL_SHORT=") }
      .map { String($0.dropFirst("E:ID_SERIAL_SHORT=".count)) }
      .flatMap { $0.isEmpty ? nil : $0 }
  }

  private func rotationRate(transport: DeviceTransport, ata: DriveInformation?) -> Int? {
    guard transport.name == "sata" || transport.name == "sas" else { return nil }
    if let ata { return ata.rotationRate }
    if let page = tree.bytes(path + "/device/vpd_pgb1") ?? askedPage(0xB1) {
      return VitalProductPage.rotationRate(page)
    }
    return nil
  }

  /// An attribute of the NVMe controller, or of the subsystem where several lead to the drive.
  private func controllerText(_ attribute: String) -> String? {
    guard disk.name.hasPrefix("nvme") else { return nil }
    return tree.text("\(path)/device/\(attribute)")
  }

  /// Poll queues that requests of this disk can reach.
  private var pollQueues: Int? {
    let module =
      disk.name.hasPrefix("nvme") ? "nvme" : disk.name.hasPrefix("vd") ? "virtio_blk" : nil
    guard let module, let count = tree.integer("/sys/module/\(module)/parameters/poll_queues")
    else { return nil }
    return tree.integer(path + "/queue/io_poll") == 0 ? 0 : count
  }
}
