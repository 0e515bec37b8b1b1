public import LinuxIO
public import Measurements

/// What this host is, from /proc, /sys and the package database.
public enum MachineReading {
  /// Describes the host.
  ///
  /// - Parameter tree: Where to read.
  /// - Returns: The description; what cannot be known is `unknown`, never guessed.
  public static func record(tree: KernelTree = .live) -> MachineRecord {
    let processor = tree.lines("/proc/cpuinfo")
    let status = tree.lines("/proc/self/status")
    let allowed = status.first { $0.hasPrefix("Cpus_allowed_list:") }
      .map { count(ofList: $0.dropFirst("Cpus_allowed_list:".count)) }
    return MachineRecord(
      hostname: hostname(tree: tree),
      cpuModel: field(["model name", "Model", "Hardware", "cpu model"], in: processor)
        ?? "unknown",
      cpuCount: max(allowed ?? 0, 1),
      numaNodeCount: max(
        tree.text("/sys/devices/system/node/has_memory").map { count(ofList: $0) } ?? 1, 1),
      memoryBytes: memoryBytes(tree.lines("/proc/meminfo")),
      kernel: tree.text("/proc/sys/kernel/osrelease") ?? "unknown",
      virtualization: virtualization(tree, processor: processor),
      packages: packages(tree.lines("/var/lib/dpkg/status")),
      governor: tree.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
  }

  /// The host's own name; `unknown` where the kernel does not say.
  public static func hostname(tree: KernelTree = .live) -> String {
    tree.text("/proc/sys/kernel/hostname") ?? "unknown"
  }

  /// How many numbers a list such as `0-3,8` holds.
  static func count(ofList list: some StringProtocol) -> Int {
    list.split(separator: ",").reduce(0) { sum, part in
      let ends = part.split(separator: "-").compactMap { end in
        Int(String(end.filter { !$0.isWhitespace }))
      }
      guard let first = ends.first, let last = ends.last, first >= 0, first <= last else {
        return sum
      }
      return sum + last - first + 1
    }
  }

  private static func field(_ names: [String], in lines: [String]) -> String? {
    for name in names {
      for line in lines where line.hasPrefix(name) {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].trimmed == name, !parts[1].trimmed.isEmpty else {
          continue
        }
        return parts[1].trimmed
      }
    }
    return nil
  }

  private static func memoryBytes(_ lines: [String]) -> UInt64 {
    let words = lines.first { $0.hasPrefix("MemTotal:") }?.split(separator: " ") ?? []
    guard words.count >= 2, let kibibytes = UInt64(words[1]) else { return 0 }
    return kibibytes.multipliedReportingOverflow(by: 1024).partialValue
  }

  /// The hypervisor by what the firmware says, then by what the processor says.
  private static func virtualization(_ tree: KernelTree, processor: [String]) -> String {
    if let type = tree.text("/sys/hypervisor/type") { return type }
    let firmware = ["sys_vendor", "product_name", "bios_vendor"]
      .compactMap { tree.text("/sys/class/dmi/id/\($0)") }.joined(separator: " ")
    let known = [
      ("QEMU", "qemu"), ("KVM", "kvm"), ("Amazon EC2", "ec2"), ("Google", "google"),
      ("VMware", "vmware"), ("VirtualBox", "virtualbox"),
      ("Microsoft Corporation Virtual", "hyperv"),
      ("Xen", "xen"), ("Firecracker", "firecracker"),
    ]
    let flags = processor.first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
    let isGuest = flags.contains("hypervisor")
    // Amazon and Google also sell bare machines, whose processor then sees no hypervisor.
    for (mark, name) in known where firmware.contains(mark) {
      if isGuest || (name != "ec2" && name != "google") { return name }
    }
    if isGuest { return "unknown" }
    return flags.isEmpty ? "unknown" : "none"
  }

  /// Packages whose version can change a figure.
  static let relevantPackages: Set<String> = [
    "liburing2", "libnuma1", "libblkid1", "librocksdb7.8", "liblz4-1", "libzstd1", "libc6",
    "nvme-cli", "smartmontools",
  ]

  /// Versions out of dpkg's database; empty where there is none.
  static func packages(_ lines: [String]) -> [String: String] {
    var versions: [String: String] = [:]
    var package: String?
    var installed = false
    for line in lines {
      if line.hasPrefix("Package: ") {
        let name = String(line.dropFirst("Package: ".count))
        package = relevantPackages.contains(name) ? name : nil
        installed = false
      } else if let name = package {
        if line.hasPrefix("Status: ") { installed = line.hasSuffix(" installed") }
        if installed, line.hasPrefix("Version: ") {
          versions[name] = String(line.dropFirst("Version: ".count))
        }
      }
    }
    return versions
  }
}

extension Substring {
  /// Without blanks at both ends.
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
