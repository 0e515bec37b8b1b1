/// How a disk is attached, told by where it hangs in sysfs.
struct DeviceTransport: Sendable, Equatable {
  /// The word that records show.
  var name: String
  /// Whether it is spoken to in SCSI, so that it answers INQUIRY.
  var isSCSI: Bool

  /// Whether ATA IDENTIFY may be asked for: SATA, also where a SAS controller translates.
  var isSerialATA: Bool { name == "sata" }

  init(_ disk: BlockDevice) {
    let tree = disk.tree
    isSCSI = false
    if disk.name.hasPrefix("nvme") {
      let controller = DevicePlacement.controllers(of: disk).first
      let stated = controller.flatMap { tree.text("\($0)/transport") }
      name = stated.map { $0 == "pcie" ? "nvme" : "nvme-\($0)" } ?? "nvme"
      return
    }
    let known = [
      ("loop", "loop"), ("zram", "zram"), ("ram", "ram"), ("vd", "virtio"), ("xvd", "xen"),
      ("dm-", "device-mapper"), ("md", "md"), ("nullb", "null_blk"), ("nbd", "nbd"),
      ("rbd", "rbd"), ("pmem", "pmem"), ("mmcblk", "mmc"), ("bcache", "bcache"), ("sr", "optical"),
    ]
    if let (_, word) = known.first(where: { prefix, _ in
      disk.name.hasPrefix(prefix) && disk.name.dropFirst(prefix.count).first?.isNumber ?? false
        || (prefix == "vd" || prefix == "xvd") && disk.name.hasPrefix(prefix)
    }) {
      name = word
      return
    }
    guard let device = tree.realPath(disk.sysfsPath + "/device") else {
      name = "unknown"
      return
    }
    isSCSI = tree.exists(device + "/vpd_pg80") || tree.exists(device + "/scsi_level")
    let parts = device.split(separator: "/")
    func passes(_ prefix: String) -> Bool {
      parts.contains { $0.hasPrefix(prefix) && $0.dropFirst(prefix.count).first?.isNumber ?? false }
    }
    // A bridge or a virtual controller comes first: what lies behind it states what it likes.
    if passes("usb") {
      name = "usb"
    } else if passes("virtio") {
      name = "virtio"
    } else if passes("session") {
      name = "iscsi"
    } else if passes("rport-") {
      name = "fc"
    } else if passes("ata") {
      name = "sata"
    } else if passes("end_device-") {
      name = tree.text(device + "/vendor") == "ATA" ? "sata" : "sas"
    } else {
      name = isSCSI ? "scsi" : "unknown"
    }
  }
}
