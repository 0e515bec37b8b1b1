import Measurements

/// The PCIe or SATA link of a disk.
struct DeviceLink {
  /// The link; nil where the disk has none that could be read.
  var record: LinkRecord?

  init(_ disk: BlockDevice, transport: DeviceTransport, ata: DriveInformation?) {
    switch transport.name {
    case "nvme": record = Self.pcie(disk)
    case "sata": record = Self.sata(disk, ata: ata)
    default: record = nil
    }
  }

  private static func pcie(_ disk: BlockDevice) -> LinkRecord? {
    let tree = disk.tree
    for controller in DevicePlacement.controllers(of: disk) {
      let device = controller + "/device"
      guard tree.exists(device + "/current_link_speed") else { continue }
      return LinkRecord(
        bus: "pcie",
        generation: tree.text(device + "/current_link_speed").flatMap(pcieGeneration),
        lanes: lanes(tree.integer(device + "/current_link_width")),
        generationMax: tree.text(device + "/max_link_speed").flatMap(pcieGeneration),
        lanesMax: lanes(tree.integer(device + "/max_link_width")))
    }
    return nil
  }

  /// A width of 0 or 255 is how the kernel says that there is no trained link.
  private static func lanes(_ width: Int?) -> Int? {
    width.flatMap { (1...32).contains($0) ? $0 : nil }
  }

  /// The generation of a speed such as `16.0 GT/s PCIe`.
  static func pcieGeneration(_ speed: String) -> Int? {
    let generations = [
      "2.5": 1, "5.0": 2, "5": 2, "8.0": 3, "8": 3, "16.0": 4, "32.0": 5, "64.0": 6,
    ]
    return speed.split(separator: " ").first.flatMap { generations[String($0)] }
  }

  /// The generation of a speed such as `6.0 Gbps`.
  static func sataGeneration(_ speed: String) -> Int? {
    let generations = ["1.5": 1, "3.0": 2, "6.0": 3]
    return speed.split(separator: " ").first.flatMap { generations[String($0)] }
  }

  private static func sata(_ disk: BlockDevice, ata: DriveInformation?) -> LinkRecord? {
    let tree = disk.tree
    var trained = ata?.linkGeneration
    if let device = tree.realPath(disk.sysfsPath + "/device") {
      let parts = device.split(separator: "/")
      let port = parts.firstIndex { $0.hasPrefix("ata") && $0.dropFirst(3).allSatisfy(\.isNumber) }
      let link = parts.firstIndex { $0.hasPrefix("link") }
      let ends = [link, port].compactMap { $0 }
      if let end = ends.first {
        let base = "/" + parts[...end].joined(separator: "/")
        let names = tree.entries(base + "/ata_link") + tree.entries(base)
        for name in names where name.hasPrefix("link") {
          for folder in ["\(base)/ata_link/\(name)", "\(base)/\(name)/ata_link/\(name)"] {
            trained = tree.text(folder + "/sata_spd").flatMap(sataGeneration) ?? trained
          }
        }
      }
    }
    let able = ata?.linkGenerationMax
    guard trained != nil || able != nil else { return nil }
    return LinkRecord(
      bus: "sata", generation: trained, lanes: nil, generationMax: able, lanesMax: nil)
  }
}
