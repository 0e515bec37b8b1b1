import Glibc

/// What else leads to the bytes behind a loop device.
///
/// A loop device is no disk: what it shows may be a mounted device, or a file that another loop
/// device or a virtual machine uses, and O_EXCL on the loop device keeps none of them away.
enum LoopBacking {
  /// Uses of the device or file behind `disk`; none for a disk that is not a loop device.
  static func occupants(of disk: BlockDevice) -> [DeviceOccupancy.Occupant] {
    guard let backing = disk.backingFile else { return [] }
    func held(_ holder: String, _ use: String) -> DeviceOccupancy.Occupant {
      .init(node: disk.node, finding: .held(by: holder, use: use))
    }
    let tree = disk.tree
    if tree.blockDeviceNumber(ofNode: backing) != nil {
      return [held(backing, "this loop device only shows that device; give it itself")]
    }
    let status = try? FileStatus(path: FileSystemPath(tree.root + backing))
    var found: [DeviceOccupancy.Occupant] = []
    for other in BlockDevice.disks(tree: tree) where other.number != disk.number {
      guard let file = other.backingFile else { continue }
      let same = file == backing || isSame(status, FileSystemPath(tree.root + file))
      if same { found.append(held(other.node, "another loop device on the same file \(backing)")) }
    }
    return found + writers(of: backing, disk)
  }

  private static func isSame(_ status: FileStatus?, _ path: FileSystemPath) -> Bool {
    guard let status, let other = try? FileStatus(path: path) else { return false }
    return status.inode == other.inode && status.fileSystemNumber == other.fileSystemNumber
  }

  /// Processes that have the file open for writing, such as a virtual machine with its image.
  private static func writers(of backing: String, _ disk: BlockDevice)
    -> [DeviceOccupancy.Occupant]
  {
    let tree = disk.tree
    let own = Int(getpid())
    var found: [DeviceOccupancy.Occupant] = []
    for process in tree.entries("/proc").compactMap({ Int($0) }).sorted() where process != own {
      for file in tree.entries("/proc/\(process)/fd")
      where tree.link("/proc/\(process)/fd/\(file)") == backing {
        guard OpenProcesses.isWriting(process: process, file: file, tree: tree) else { continue }
        let name = tree.text("/proc/\(process)/comm") ?? "unknown"
        found.append(
          .init(
            node: disk.node,
            finding: .openProcess(identifier: process, name: name, writing: true)))
        break
      }
    }
    return found
  }
}
