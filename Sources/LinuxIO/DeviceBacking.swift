import Glibc
public import Measurements

/// Which disk a file lies on, and whether it is memory in disguise.
public struct DeviceBacking: Sendable, Equatable {
  /// The whole disk; nil where there are several, or none (overlay, tmpfs, network).
  public var disk: BlockDevice?
  /// The identity of that disk, or what can be said in its place.
  public var identity: DeviceIdentity
  /// Why the data live in memory, such as `tmpfs` or `loop0 over tmpfs`; nil where they do not.
  public var memory: String?

  /// Finds what holds an open file.
  public init(ofFile file: borrowing DeviceFile, tree: KernelTree = .live) throws(DeviceError) {
    let status = try file.status()
    let room = try? FileSystemRoom(at: file.path)
    let table = MountTable.own(tree: tree)
    let mount = table.mount(ofDescriptor: file.descriptor, tree: tree)
    var devices = mount.map { table.devices(of: $0, tree: tree) } ?? []
    if devices.isEmpty, let device = BlockDevice(number: status.fileSystemNumber, tree: tree) {
      devices = [device]
    }
    let type = mount?.fileSystem ?? room?.type ?? "unknown"
    let bottom = devices.flatMap(\.bottomDisks)
    if bottom.count == 1, let only = bottom.first {
      disk = only
      identity = DeviceIdentitySource(only).identity
    } else {
      let name = bottom.isEmpty ? type : bottom.map(\.name).joined(separator: "+")
      identity = DeviceIdentity(
        name: name, kind: .unknown, capacityBytes: bottom.reduce(0) { $0 &+ $1.capacityBytes },
        transport: bottom.isEmpty ? type : "several")
    }
    memory =
      type == "tmpfs" || type == "ramfs" || room?.isMemory == true
      ? type : bottom.lazy.compactMap { Self.memory(of: $0) }.first
  }

  /// Why a device's data live in memory; nil where they do not.
  public static func memory(of device: BlockDevice) -> String? { memory(of: device, depth: 0) }

  private static func memory(of device: BlockDevice, depth: Int) -> String? {
    // Loop devices over files on loop devices; nobody stacks more than this.
    guard depth < 8 else { return nil }
    for disk in device.bottomDisks {
      for prefix in ["zram", "ram", "nullb"] {
        let rest = disk.name.dropFirst(prefix.count)
        if disk.name.hasPrefix(prefix), !rest.isEmpty, rest.allSatisfy(\.isNumber) {
          return disk.name
        }
      }
      guard let path = disk.backingFile else { continue }
      if let number = disk.tree.blockDeviceNumber(ofNode: path) {
        guard let below = BlockDevice(number: number, tree: disk.tree) else { continue }
        if let reason = memory(of: below, depth: depth + 1) { return "\(disk.name) over \(reason)" }
        continue
      }
      let file = FileSystemPath(path)
      if let room = try? FileSystemRoom(at: file), room.isMemory {
        return "\(disk.name) over \(room.type)"
      }
      if let status = try? FileStatus(path: file),
        let below = BlockDevice(number: status.fileSystemNumber, tree: disk.tree),
        let reason = memory(of: below, depth: depth + 1)
      {
        return "\(disk.name) over \(reason)"
      }
    }
    return nil
  }
}
