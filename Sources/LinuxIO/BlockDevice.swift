import Glibc

/// A block device as the kernel knows it, found by its number and not by the name of a node.
///
/// A symbolic link, a link under /dev/disk/by-* and a node made with mknod all lead to the same
/// value.
public struct BlockDevice: Sendable, Equatable {
  /// The kernel's name, such as `sda1`.
  public var name: String
  /// The device itself.
  public var number: DeviceNumber
  /// The partition's number within its disk; nil for a whole disk.
  public var partition: Int?
  /// The name of the whole disk; its own for a whole disk.
  public var diskName: String
  /// Its folder in sysfs, without symbolic links.
  public var sysfsPath: String
  /// Where the facts are read.
  public var tree: KernelTree

  /// Whether it is a part of a disk.
  public var isPartition: Bool { partition != nil }

  /// The node that the kernel gives it.
  public var node: String { Self.node(of: name) }

  /// The device behind a path.
  ///
  /// - Throws: `DeviceError` where nothing is there, or no block device.
  public init(path: FileSystemPath, tree: KernelTree = .live) throws(DeviceError) {
    let status = try FileStatus(path: path)
    guard status.kind == .blockDevice else {
      throw .wrongKind(path: path.description, found: status.kind, needed: .blockDevice)
    }
    guard let device = BlockDevice(number: status.deviceNumber, tree: tree) else {
      throw .noDevice(path: path.description, number: status.deviceNumber)
    }
    self = device
  }

  /// The device with a number; nil where none is attached.
  public init?(number: DeviceNumber, tree: KernelTree = .live) {
    guard let path = tree.realPath("/sys/dev/block/\(number)") else { return nil }
    self.init(sysfsPath: path, tree: tree)
  }

  /// The device with the kernel's name; nil where none is attached.
  public init?(name: String, tree: KernelTree = .live) {
    guard !name.isEmpty, !name.contains("/"), name != ".", name != "..",
      let path = tree.realPath("/sys/class/block/\(name)") ?? tree.realPath("/sys/block/\(name)")
    else { return nil }
    self.init(sysfsPath: path, tree: tree)
  }

  init?(sysfsPath: String, tree: KernelTree) {
    guard let number = tree.text(sysfsPath + "/dev").flatMap({ DeviceNumber($0) }) else {
      return nil
    }
    let parts = sysfsPath.split(separator: "/").map(String.init)
    guard let last = parts.last else { return nil }
    name = last
    self.number = number
    partition = tree.integer(sysfsPath + "/partition")
    diskName = partition == nil ? last : parts.dropLast().last ?? last
    self.sysfsPath = sysfsPath
    self.tree = tree
  }

  /// The whole disk; itself where it is one.
  public var disk: BlockDevice {
    guard isPartition, let parent = sysfsPath.lastIndex(of: "/") else { return self }
    return BlockDevice(sysfsPath: String(sysfsPath[..<parent]), tree: tree) ?? self
  }

  /// The partitions that the kernel knows, by number.
  public var partitions: [BlockDevice] {
    guard !isPartition else { return [] }
    return tree.entries(sysfsPath).compactMap { entry in
      guard tree.exists("\(sysfsPath)/\(entry)/partition") else { return nil }
      return BlockDevice(sysfsPath: "\(sysfsPath)/\(entry)", tree: tree)
    }.sorted { ($0.partition ?? 0) < ($1.partition ?? 0) }
  }

  /// Devices built on this one: device-mapper, md, bcache.
  public var holders: [BlockDevice] {
    tree.entries(sysfsPath + "/holders").compactMap { BlockDevice(name: $0, tree: tree) }
  }

  /// Devices that this one is built of, for device-mapper and md.
  public var slaves: [BlockDevice] {
    tree.entries(sysfsPath + "/slaves").compactMap { BlockDevice(name: $0, tree: tree) }
  }

  /// The whole disks at the bottom of this device, itself where it is built of nothing else.
  public var bottomDisks: [BlockDevice] {
    var bottom: [BlockDevice] = []
    var seen: Set<DeviceNumber> = []
    var waiting = [disk]
    while let next = waiting.popLast() {
      guard seen.insert(next.number).inserted else { continue }
      let below = next.slaves.map(\.disk)
      if below.isEmpty { bottom.append(next) } else { waiting += below }
    }
    return bottom.sorted { $0.name < $1.name }
  }

  /// Bytes; sysfs counts in 512 whatever the logical block is.
  public var capacityBytes: UInt64 {
    let sectors = UInt64(clamping: tree.integer(sysfsPath + "/size") ?? 0)
    return sectors.multipliedReportingOverflow(by: 512).partialValue
  }

  /// Where a partition begins on its disk, in bytes.
  public var startBytes: UInt64 {
    UInt64(clamping: tree.integer(sysfsPath + "/start") ?? 0)
      .multipliedReportingOverflow(by: 512).partialValue
  }

  /// The kernel's serial number of the attached medium: another one means another medium.
  public var mediumSequence: Int? { tree.integer(disk.sysfsPath + "/diskseq") }

  /// The kernel's read-only flag, of the device or of its disk.
  public var isReadOnly: Bool {
    tree.flag(sysfsPath + "/ro") == true || tree.flag(disk.sysfsPath + "/ro") == true
  }

  /// The file or device behind a loop device.
  public var backingFile: String? { tree.text(disk.sysfsPath + "/loop/backing_file") }

  /// Whole disks attached to this machine, by name; without the hidden paths of a multipath drive.
  public static func disks(tree: KernelTree = .live) -> [BlockDevice] {
    tree.entries("/sys/block").compactMap { BlockDevice(name: $0, tree: tree) }
      .filter { tree.flag($0.sysfsPath + "/hidden") != true }
  }

  /// The node that the kernel gives to a name; `!` stands for a folder.
  static func node(of name: String) -> String {
    "/dev/" + name.split(separator: "!", omittingEmptySubsequences: false).joined(separator: "/")
  }
}
