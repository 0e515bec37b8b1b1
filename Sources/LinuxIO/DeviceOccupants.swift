import Glibc

extension MountTable {
  /// Mount points that belong to the running system itself.
  static let systemMountPoints: Set<String> = ["/", "/boot", "/boot/efi", "/efi", "/usr", "/var"]

  /// Mounts on any device of a lineage, and whether the system itself stands on it.
  func occupants(of lineage: DeviceLineage) -> [DeviceOccupancy.Occupant] {
    guard let tree = lineage.order.first?.tree else { return [] }
    var occupants: [DeviceOccupancy.Occupant] = []
    var system: [DeviceOccupancy.Occupant] = []
    for mount in mounts {
      for device in devices(of: mount, tree: tree) {
        if let known = lineage.devices[device.number] {
          let finding = DeviceOccupancy.Finding.mounted(
            at: mount.mountPoint, fileSystem: mount.fileSystem, writable: mount.writable,
            foreignProcess: mount.foreignProcess)
          // Namespaces repeat each other's mounts; one line for each place is enough.
          if !occupants.contains(where: { $0.node == known.node && $0.finding.isSamePlace(finding) }
          ) {
            occupants.append(.init(node: known.node, finding: finding))
          }
        }
        guard Self.systemMountPoints.contains(mount.mountPoint) else { continue }
        for disk in device.bottomDisks where lineage.devices[disk.number] != nil {
          system.append(
            .init(node: disk.node, finding: .system(mountPoint: mount.mountPoint)))
        }
      }
    }
    return system + occupants
  }
}

extension DeviceOccupancy.Finding {
  func isSamePlace(_ other: Self) -> Bool {
    guard case .mounted(let place, let type, _, _) = self,
      case .mounted(let otherPlace, let otherType, _, _) = other
    else { return false }
    return place == otherPlace && type == otherType
  }
}

/// The swap areas in use, as /proc/swaps lists them.
struct SwapTable {
  /// Paths of partitions and files in use as swap.
  var paths: [String]
  private let tree: KernelTree

  init(tree: KernelTree) {
    self.tree = tree
    paths = tree.lines("/proc/swaps").dropFirst().compactMap { line in
      line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map { Mount.unescaped($0) }
    }
  }

  func occupants(of lineage: DeviceLineage) -> [DeviceOccupancy.Occupant] {
    paths.compactMap { path in
      tree.blockDeviceNumber(ofNode: path).flatMap { lineage.devices[$0] }
        .map { .init(node: $0.node, finding: .swap) }
    }
  }
}

/// Processes that have a device of the lineage open, which no kernel claim shows: virtual machines,
/// databases on raw devices, network block servers.
enum OpenProcesses {
  /// Looks twice, so that a glance of udev or smartd does not count.
  static func occupants(of lineage: DeviceLineage) -> [DeviceOccupancy.Occupant] {
    let first = scan(lineage)
    guard !first.isEmpty else { return [] }
    usleep(200_000)
    let second = Set(scan(lineage))
    return first.filter(second.contains)
  }

  private static func scan(_ lineage: DeviceLineage) -> [DeviceOccupancy.Occupant] {
    guard let tree = lineage.order.first?.tree else { return [] }
    let own = Int(getpid())
    var found: [DeviceOccupancy.Occupant] = []
    for process in tree.entries("/proc").compactMap({ Int($0) }).sorted() where process != own {
      for file in tree.entries("/proc/\(process)/fd") {
        // The link's text only spares a stat of every socket; the number decides.
        guard let target = tree.link("/proc/\(process)/fd/\(file)"), target.hasPrefix("/"),
          let number = tree.blockDeviceNumber(ofNode: "/proc/\(process)/fd/\(file)"),
          let device = lineage.devices[number]
        else { continue }
        let name = tree.text("/proc/\(process)/comm") ?? "unknown"
        let occupant = DeviceOccupancy.Occupant(
          node: device.node,
          finding: .openProcess(
            identifier: process, name: name,
            writing: isWriting(process: process, file: file, tree: tree)))
        if !found.contains(occupant) { found.append(occupant) }
      }
    }
    return found
  }

  /// Whether a process has a file open for writing; true where it cannot be told.
  static func isWriting(process: Int, file: String, tree: KernelTree) -> Bool {
    let flags = tree.lines("/proc/\(process)/fdinfo/\(file)")
      .first { $0.hasPrefix("flags:") }?
      .split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " }).last
      .flatMap { Int32($0, radix: 8) }
    return flags.map { $0 & O_ACCMODE != O_RDONLY } ?? true
  }
}

/// What lies on a disk and its partitions, by signature.
enum DeviceContents {
  /// Signatures on the whole disk and on every partition the kernel knows.
  ///
  /// Partitions are read through the disk's own node at their offset, so that it does not matter
  /// whether /dev shows them. What cannot be read is reported, never skipped.
  static func occupants(of disk: BlockDevice, path: FileSystemPath?) -> [DeviceOccupancy.Occupant] {
    guard disk.capacityBytes > 0 else { return [] }
    var occupants: [DeviceOccupancy.Occupant] = []
    let partitions = disk.partitions
    if !partitions.isEmpty {
      occupants.append(.init(node: disk.node, finding: .partitions(count: partitions.count)))
    }
    do {
      let file = try open(disk, path: path)
      occupants += probe(file, node: disk.node, offset: 0, length: 0)
      for partition in partitions {
        occupants += probe(
          file, node: partition.node, offset: partition.startBytes,
          length: partition.capacityBytes)
      }
    } catch {
      occupants.append(.init(node: disk.node, finding: .unreadable(reason: error.description)))
    }
    return occupants
  }

  private static func open(_ disk: BlockDevice, path: FileSystemPath?) throws(DeviceError)
    -> DeviceFile
  {
    var reason = DeviceError.missing(disk.node)
    for candidate in [FileSystemPath(disk.node)] + (path.map { [$0] } ?? []) {
      do {
        let file = try DeviceFile(path: candidate, access: [])
        let status = try file.status()
        if status.kind == .blockDevice, status.deviceNumber == disk.number { return file }
        reason = .changed(
          path: candidate.description, detail: "it is not the node of device \(disk.number)")
      } catch {
        reason = error
      }
    }
    throw reason
  }

  private static func probe(
    _ file: borrowing DeviceFile, node: String, offset: UInt64, length: UInt64
  ) -> [DeviceOccupancy.Occupant] {
    do {
      return try SignatureProbe.signatures(on: file, offset: offset, length: length).map {
        .init(
          node: node,
          finding: $0.usage == "partition-table" ? .partitionTable(type: $0.type) : .signature($0))
      }
    } catch {
      // An extended partition is two sectors long: too short to hold anything but its own table.
      if length > 0, length <= 1024 { return [] }
      return [.init(node: node, finding: .unreadable(reason: error.description))]
    }
  }
}
