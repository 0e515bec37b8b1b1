/// Where a disk hangs: its NUMA node and the CPUs that take its interrupts.
struct DevicePlacement {
  private let tree: KernelTree
  private let disk: BlockDevice
  /// Folders from the disk's device up to the root bus.
  private let ancestors: [String]

  init(_ disk: BlockDevice) {
    self.disk = disk
    tree = disk.tree
    let starts =
      Self.controllers(of: disk)
      + (disk.tree.realPath(disk.sysfsPath + "/device").map { [$0] } ?? [])
    var folders: [String] = []
    for start in starts {
      var parts = (disk.tree.realPath(start + "/device") ?? start).split(separator: "/")
      while parts.count > 2 {
        folders.append("/" + parts.joined(separator: "/"))
        parts.removeLast()
      }
    }
    ancestors = folders
  }

  /// The sysfs folders of the NVMe controllers that lead to a namespace; several with multipath.
  static func controllers(of disk: BlockDevice) -> [String] {
    guard disk.name.hasPrefix("nvme"),
      let device = disk.tree.realPath(disk.sysfsPath + "/device")
    else { return [] }
    let last = device.split(separator: "/").last ?? ""
    guard last.hasPrefix("nvme-subsys") else { return [device] }
    return disk.tree.entries(device).filter { name in
      name.hasPrefix("nvme") && name.dropFirst(4).allSatisfy(\.isNumber) && name.count > 4
    }.compactMap { disk.tree.realPath("\(device)/\($0)") }
  }

  /// The node that the nearest part of the way states; nil where none does.
  var numaNode: Int? {
    for folder in ancestors {
      if let node = tree.integer(folder + "/numa_node") { return node >= 0 ? node : nil }
    }
    return nil
  }

  /// CPUs that may take the controller's interrupts, as a list such as `0-3,8`.
  var interruptCPUs: String? {
    for folder in ancestors {
      let interrupts = tree.entries(folder + "/msi_irqs").compactMap { Int($0) }
      guard !interrupts.isEmpty else { continue }
      var cpus: Set<Int> = []
      for interrupt in interrupts {
        let list =
          tree.text("/proc/irq/\(interrupt)/effective_affinity_list")
          ?? tree.text("/proc/irq/\(interrupt)/smp_affinity_list") ?? ""
        cpus.formUnion(Self.members(of: list))
      }
      if !cpus.isEmpty { return Self.list(cpus) }
    }
    return nil
  }

  /// The CPUs of a list such as `0-3,8`; anything malformed is left out.
  static func members(of list: String) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, first <= last,
        last < 65536
      else { return [] }
      return Array(first...last)
    }
  }

  /// The shortest list for a set of CPUs.
  static func list(_ cpus: Set<Int>) -> String {
    var ranges: [(first: Int, last: Int)] = []
    for cpu in cpus.sorted() {
      if let last = ranges.last, last.last == cpu - 1 {
        ranges[ranges.count - 1].last = cpu
      } else {
        ranges.append((cpu, cpu))
      }
    }
    return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
      .joined(separator: ",")
  }
}
