public import LinuxIO
public import Measurements
public import Verdicts

/// What a machine has, for `storebench devices`.
public enum DeviceInventory {
  /// Every whole disk with a medium; without loop and RAM disks that hold nothing.
  ///
  /// - Parameter tree: Where to read.
  public static func all(tree: KernelTree = .live) -> [DeviceInventoryEntry] {
    BlockDevice.disks(tree: tree).filter { $0.capacityBytes > 0 }
      .map { DeviceInventoryEntry(disk: $0) }
  }
}

/// One whole disk: who it is, what it could serve, and why it may not be written.
public struct DeviceInventoryEntry: Sendable, Equatable {
  /// Its node, such as `/dev/nvme0n1`.
  public var node: String
  /// Who it is.
  public var identity: DeviceIdentity
  /// The tier that its kind could serve; nil where the kind is unknown.
  public var tier: Tier?
  /// Everything that stands against writing to it; empty where nothing does.
  public var refusals: [SafetyRefusal]
  /// What must be typed after `--destroy-data` to write to it.
  public var destroyToken: String
  /// Whether something uses it now, so that a reading run would be marked shared.
  public var isInUse: Bool
  /// Links under /dev/disk that lead to it.
  public var aliases: [String]
  /// The file behind a loop device.
  public var backingFile: String?

  /// Looks at a disk.
  public init(disk: BlockDevice) {
    let identity = DeviceIdentitySource(disk).identity
    let occupancy = DeviceOccupancy(of: disk)
    let token = SafetyRule.destroyToken(identity: identity, occupancy: occupancy)
    node = disk.node
    self.identity = identity
    tier = Self.tier(of: identity.kind)
    destroyToken = token
    refusals = SafetyRule.refusals(
      device: disk, identity: identity, occupancy: occupancy, intent: .destroy(serial: token))
    isInUse = occupancy.isInUse
    aliases = occupancy.aliases
    backingFile = occupancy.backingFile
  }

  /// The tier that a kind of drive could serve.
  static func tier(of kind: DeviceKind) -> Tier? {
    switch kind {
    case .nvme: .hot
    case .ssd: .warm
    case .hdd: .cold
    case .unknown: nil
    }
  }

  /// Whether it may be written, in a few words.
  public var writability: String {
    guard let first = refusals.first else {
      return "yes, with --destroy-data \(SafetyRule.quoted(destroyToken))"
    }
    let place = first.node == node ? "" : String(first.node.dropFirst("/dev/".count)) + " "
    let more = refusals.count > 1 ? " (and \(refusals.count - 1) more)" : ""
    return "no: \(place)\(first.finding)\(more)"
  }
}
