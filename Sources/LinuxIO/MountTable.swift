import Glibc

/// A mounted file system.
public struct Mount: Sendable, Equatable {
  /// The number by which a process's fdinfo names the mount.
  public var identifier: Int
  /// The device; its major is 0 for file systems without one, and for btrfs.
  public var number: DeviceNumber
  /// Where it is mounted.
  public var mountPoint: String
  /// The file system's type.
  public var fileSystem: String
  /// What was mounted, such as a node's path.
  public var source: String
  /// Whether it may be written through this mount.
  public var writable: Bool
  /// A process that sees it, where this process does not.
  public var foreignProcess: Int?

  /// Reads one line of a mountinfo file; nil where the line is cut off.
  public init?(line: some StringProtocol, foreignProcess: Int? = nil) {
    let fields = line.split(separator: " ")
    guard fields.count >= 9, let separator = fields.firstIndex(of: "-"), separator >= 6,
      fields.count >= separator + 3, let identifier = Int(fields[0]),
      let number = DeviceNumber(fields[2])
    else { return nil }
    self.identifier = identifier
    self.number = number
    mountPoint = Self.unescaped(fields[4])
    writable = fields[5].split(separator: ",").contains("rw")
    fileSystem = String(fields[separator + 1])
    source = Self.unescaped(fields[separator + 2])
    self.foreignProcess = foreignProcess
  }

  /// Undoes the kernel's octal escapes of blanks and backslashes.
  public static func unescaped(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var plain: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let digits = bytes.dropFirst(index + 1).prefix(3)
      if bytes[index] == 0x5C, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) })
      {
        plain.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }))
        index += 4
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}

/// What is mounted, as this process and all others that can be asked see it.
///
/// A mount namespace that no process lives in, or whose processes may not be asked, is out of
/// reach; opening the disk with O_EXCL finds its mounts.
public struct MountTable: Sendable, Equatable {
  /// The mounts, this process's own first.
  public var mounts: [Mount]

  /// Reads mountinfo of this process and of one process in every other mount namespace.
  public init(tree: KernelTree = .live) {
    self = .own(tree: tree)
    var seen: Set<String> = []
    if let own = tree.link("/proc/self/ns/mnt") { seen.insert(own) }
    for process in tree.entries("/proc").compactMap({ Int($0) }).sorted() {
      guard let namespace = tree.link("/proc/\(process)/ns/mnt"), seen.insert(namespace).inserted
      else { continue }
      mounts += tree.lines("/proc/\(process)/mountinfo").compactMap {
        Mount(line: $0, foreignProcess: process)
      }
    }
  }

  /// Reads mountinfo of this process alone.
  static func own(tree: KernelTree = .live) -> MountTable {
    MountTable(mounts: tree.lines("/proc/self/mountinfo").compactMap { Mount(line: $0) })
  }

  init(mounts: [Mount]) { self.mounts = mounts }

  /// The devices that a mount keeps busy: its own, its source's, and every member of its btrfs.
  public func devices(of mount: Mount, tree: KernelTree) -> [BlockDevice] {
    var numbers: [DeviceNumber] = mount.number.major == 0 ? [] : [mount.number]
    if mount.source.hasPrefix("/"), let number = tree.blockDeviceNumber(ofNode: mount.source),
      !numbers.contains(number)
    {
      numbers.append(number)
    }
    var devices = numbers.compactMap { BlockDevice(number: $0, tree: tree) }
    if mount.fileSystem == "btrfs" {
      for fileSystem in tree.entries("/sys/fs/btrfs") {
        let members = tree.entries("/sys/fs/btrfs/\(fileSystem)/devices")
          .compactMap { BlockDevice(name: $0, tree: tree) }
        guard members.contains(where: { member in devices.contains { $0.number == member.number } })
        else { continue }
        devices += members.filter { member in !devices.contains { $0.number == member.number } }
      }
    }
    return devices
  }

  /// The mount that an open file lies on, by the kernel's own account.
  public func mount(ofDescriptor descriptor: Int32, tree: KernelTree = .live) -> Mount? {
    let lines = tree.lines("/proc/self/fdinfo/\(descriptor)")
    guard let line = lines.first(where: { $0.hasPrefix("mnt_id:") }),
      let identifier = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
        .last.flatMap({ Int($0) })
    else { return nil }
    return mounts.first { $0.foreignProcess == nil && $0.identifier == identifier }
  }
}
