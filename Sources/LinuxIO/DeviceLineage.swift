import Glibc

/// A disk with its partitions and everything built on either, recursively.
struct DeviceLineage {
  /// The devices by number.
  private(set) var devices: [DeviceNumber: BlockDevice] = [:]
  /// Devices in the order in which they were found.
  private(set) var order: [BlockDevice] = []
  /// Which device holds which, as occupants.
  private(set) var holderOccupants: [DeviceOccupancy.Occupant] = []

  private let tree: KernelTree
  /// Loop devices over block devices: the kernel links no holder for them.
  private let loops: [(loop: BlockDevice, under: DeviceNumber)]
  /// Arrays of /proc/mdstat by member name, for arrays that are not running.
  private let arrays: [String: [String]]

  init(_ disk: BlockDevice) {
    tree = disk.tree
    let tree = disk.tree
    loops = BlockDevice.disks(tree: tree).compactMap { loop in
      guard let file = loop.backingFile, let under = tree.blockDeviceNumber(ofNode: file) else {
        return nil
      }
      return (loop, under)
    }
    arrays = Self.arrayMembers(of: tree.lines("/proc/mdstat"))
    add(disk)
  }

  /// Adds a disk or part with all that stands on it.
  mutating func add(_ device: BlockDevice) {
    var waiting = [device]
    while !waiting.isEmpty {
      let next = waiting.removeFirst()
      guard devices[next.number] == nil else { continue }
      devices[next.number] = next
      order.append(next)
      waiting += next.partitions
      var holders = next.holders
      for array in arrays[next.name] ?? [] where !holders.contains(where: { $0.name == array }) {
        if let device = BlockDevice(name: array, tree: tree) { holders.append(device) }
      }
      for holder in holders {
        note(next, holder.name, Self.use(of: holder))
        waiting.append(holder)
      }
      for (loop, under) in loops where under == next.number {
        note(next, loop.name, "loop device")
        waiting.append(loop)
      }
      if tree.exists(next.sysfsPath + "/bcache") { note(next, "bcache", "bcache member") }
      for fileSystem in tree.entries("/sys/fs/btrfs")
      where tree.exists("/sys/fs/btrfs/\(fileSystem)/devices/\(next.name)") {
        holderOccupants.append(
          .init(
            node: next.node, finding: .fileSystemMember(type: "btrfs", identifier: fileSystem)))
      }
    }
  }

  private mutating func note(_ device: BlockDevice, _ holder: String, _ use: String) {
    holderOccupants.append(.init(node: device.node, finding: .held(by: holder, use: use)))
  }

  /// What a holder is for, in the terms of the tools that make it.
  static func use(of holder: BlockDevice) -> String {
    let tree = holder.tree
    if tree.exists(holder.sysfsPath + "/md") {
      return tree.text(holder.sysfsPath + "/md/level") ?? "md array"
    }
    let name = tree.text(holder.sysfsPath + "/dm/name") ?? holder.name
    let identifier = tree.text(holder.sysfsPath + "/dm/uuid") ?? ""
    let prefixes = [("LVM-", "LVM"), ("CRYPT-", "encryption"), ("mpath-", "multipath")]
    for (prefix, word) in prefixes where identifier.hasPrefix(prefix) { return "\(word) \(name)" }
    if tree.exists(holder.sysfsPath + "/dm") { return "device-mapper \(name)" }
    return holder.name.hasPrefix("bcache") ? "bcache" : "holder"
  }

  /// Members of each array in an mdstat file, also of inactive ones: `md0 : inactive sdb1[0](S)`.
  static func arrayMembers(of lines: [String]) -> [String: [String]] {
    var members: [String: [String]] = [:]
    for line in lines where line.hasPrefix("md") {
      let words = line.split(separator: " ")
      guard words.count > 3, words[1] == ":" else { continue }
      for word in words.dropFirst(3) {
        guard let bracket = word.firstIndex(of: "[") else { continue }
        members[String(word[..<bracket]), default: []].append(String(words[0]))
      }
    }
    return members
  }
}

/// Other ways to the same drive: paths that multipath has not joined, and equal serial numbers.
struct OtherPaths {
  /// Disks with the same world-wide name: the same drive over another path.
  var samePaths: [BlockDevice] = []
  /// Disks that only state the same serial: namespaces of one controller, or careless bridges.
  var sameSerial: [BlockDevice] = []

  init(to disk: BlockDevice) {
    let name = Self.worldWideName(of: disk)
    let serial = DeviceIdentitySource(disk).serial
    for other in BlockDevice.disks(tree: disk.tree)
    where other.number != disk.number && other.slaves.isEmpty && other.capacityBytes > 0 {
      if let name, Self.worldWideName(of: other) == name, other.capacityBytes == disk.capacityBytes
      {
        samePaths.append(other)
      } else if let serial, DeviceIdentitySource(other).serial == serial {
        sameSerial.append(other)
      }
    }
  }

  private static func worldWideName(of disk: BlockDevice) -> String? {
    disk.tree.text(disk.sysfsPath + "/wwid") ?? disk.tree.text(disk.sysfsPath + "/device/wwid")
  }
}
