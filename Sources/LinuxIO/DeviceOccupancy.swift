import Glibc

/// Everything on a whole disk and on all that is built upon it that a write would destroy.
///
/// The disk, its partitions, and recursively what holds them (device-mapper, md, bcache, loop
/// devices over them) are looked at by device number. Other paths to the same drive count as it.
public struct DeviceOccupancy: Sendable, Equatable {
  /// One thing found on one node.
  public struct Occupant: Sendable, Hashable {
    /// The node that it is on, such as `/dev/nvme0n1p2`.
    public var node: String
    /// What it is.
    public var finding: Finding

    /// States a finding.
    public init(node: String, finding: Finding) {
      self.node = node
      self.finding = finding
    }
  }

  /// What may be found on a node.
  public enum Finding: Sendable, Hashable {
    /// A mounted file system; `foreignProcess` sees it where this process does not.
    case mounted(at: String, fileSystem: String, writable: Bool, foreignProcess: Int?)
    /// Swap in use.
    case swap
    /// The running system's own file system at this mount point stands on it.
    case system(mountPoint: String)
    /// A member of a mounted file system of several devices.
    case fileSystemMember(type: String, identifier: String)
    /// Another device is built on it, such as `md127` as `raid1` or `dm-0` as `LVM vg0-data`.
    case held(by: String, use: String)
    /// A process has the node open.
    case openProcess(identifier: Int, name: String, writing: Bool)
    /// A signature of a file system, an array, swap or the like.
    case signature(Signature)
    /// A partition table, with its type.
    case partitionTable(type: String)
    /// Partitions that the kernel knows, so that there is a table even where none was recognised.
    case partitions(count: Int)
    /// It could not be looked at, so nothing is known of its contents.
    case unreadable(reason: String)

    /// Whether something uses the node now, as against data that merely lie there.
    public var isUse: Bool {
      switch self {
      case .mounted, .swap, .system, .fileSystemMember, .held, .openProcess: true
      case .signature, .partitionTable, .partitions, .unreadable: false
      }
    }
  }

  /// The whole disk.
  public var disk: BlockDevice
  /// All that was found, in-use findings first.
  public var occupants: [Occupant]
  /// Links under /dev/disk and /dev/mapper that lead to the disk.
  public var aliases: [String]
  /// Nodes of other disks that state the same serial number.
  public var sameSerialNodes: [String]
  /// The file behind a loop device.
  public var backingFile: String?

  /// Whether anything uses the disk or a part of it now.
  public var isInUse: Bool { occupants.contains { $0.finding.isUse } }

  /// States facts that were found elsewhere, as tests do.
  public init(
    disk: BlockDevice, occupants: [Occupant], aliases: [String] = [],
    sameSerialNodes: [String] = [], backingFile: String? = nil
  ) {
    self.disk = disk
    self.occupants = occupants
    self.aliases = aliases
    self.sameSerialNodes = sameSerialNodes
    self.backingFile = backingFile
  }
}

extension DeviceOccupancy {
  /// What a look at the disk includes.
  public struct Scope: OptionSet, Sendable {
    /// The set's bits.
    public let rawValue: Int

    /// Makes a set of bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Signatures and partition tables, which means reading the disk.
    public static let contents = Scope(rawValue: 1)
    /// Processes that have the disk open.
    public static let processes = Scope(rawValue: 2)
    /// Everything.
    public static let everything: Scope = [.contents, .processes]
  }

  /// Looks at the whole disk that `device` is or belongs to.
  ///
  /// - Parameters:
  ///   - device: A disk or a part of one.
  ///   - path: A node for the disk where the kernel's own is missing from /dev.
  ///   - scope: What to look at besides mounts, swap and holders.
  public init(of device: BlockDevice, path: FileSystemPath? = nil, scope: Scope = .everything) {
    let disk = device.disk
    let tree = disk.tree
    let twins = OtherPaths(to: disk)
    var lineage = DeviceLineage(disk)
    for twin in twins.samePaths { lineage.add(twin) }

    var occupants: [Occupant] = []
    occupants += MountTable(tree: tree).occupants(of: lineage)
    occupants += SwapTable(tree: tree).occupants(of: lineage)
    occupants += lineage.holderOccupants
    occupants += LoopBacking.occupants(of: disk)
    if scope.contains(.processes) { occupants += OpenProcesses.occupants(of: lineage) }
    if scope.contains(.contents) {
      occupants += DeviceContents.occupants(of: disk, path: path)
    }
    var unique: Set<Occupant> = []
    occupants = occupants.filter { unique.insert($0).inserted }
    self.init(
      disk: disk,
      occupants: occupants.filter(\.finding.isUse) + occupants.filter { !$0.finding.isUse },
      aliases: Self.aliases(of: disk), sameSerialNodes: twins.sameSerial.map(\.node),
      backingFile: disk.backingFile)
  }

  /// The links that lead to a disk.
  static func aliases(of disk: BlockDevice) -> [String] {
    let tree = disk.tree
    let folders = tree.entries("/dev/disk").map { "/dev/disk/\($0)" } + ["/dev/mapper"]
    return folders.flatMap { folder in
      tree.entries(folder).map { "\(folder)/\($0)" }
        .filter { tree.blockDeviceNumber(ofNode: $0) == disk.number }
    }
  }
}
