public import LinuxIO
public import Measurements

/// What was true of a target when it was opened, and whether it still is.
public struct TargetSafety: Sendable {
  /// The path that the user gave.
  public let path: FileSystemPath
  /// The device that it led to.
  public let device: BlockDevice
  /// Who the drive was.
  public let identity: DeviceIdentity
  /// The medium that was attached, by the kernel's count.
  public let mediumSequence: Int?
  /// Whether the run writes.
  public let writing: Bool
  /// Whether the device was in use from the beginning and is only read.
  public let shared: Bool

  /// Remembers what is true now.
  public init(
    path: FileSystemPath, device: BlockDevice, identity: DeviceIdentity, writing: Bool,
    shared: Bool
  ) {
    self.path = path
    self.device = device
    self.identity = identity
    self.writing = writing
    self.shared = shared
    mediumSequence = device.mediumSequence
  }

  /// Reads all facts again and compares.
  ///
  /// Contents are not looked at again: they are the run's own by then, and O_EXCL keeps other
  /// formatting tools away.
  ///
  /// - Throws: `TargetFailure`, `.changed` where the path or the drive is another one or gone,
  ///   `.refused` where something began to use it.
  public func recheck() throws(TargetFailure) {
    let node = path.description
    func changed(_ detail: String) -> TargetFailure {
      TargetFailure(DeviceError.changed(path: node, detail: detail))
    }
    let present: BlockDevice
    do throws(DeviceError) {
      present = try BlockDevice(path: path, tree: device.tree)
    } catch {
      throw changed("it is gone (\(error.description))")
    }
    guard present.number == device.number, present.name == device.name else {
      throw changed(
        "it led to \(device.name) (\(device.number)) and now leads to \(present.name) "
          + "(\(present.number))")
    }
    guard present.mediumSequence == mediumSequence else {
      throw changed("another medium was attached under the same name")
    }
    let now = DeviceIdentitySource(present).identity
    if let difference = Self.difference(identity, now) { throw changed(difference) }

    guard !shared else { return }
    let occupancy = DeviceOccupancy(of: present, path: path, scope: writing ? [.processes] : [])
    let users = occupancy.occupants.filter { occupant in
      // A monitor that reads the drive's health while the run goes on harms nothing.
      if case .openProcess(_, _, writing: false) = occupant.finding { return false }
      return occupant.finding.isUse
    }
    guard users.isEmpty else {
      let refusals = SafetyRule.refusals(
        device: present, identity: now,
        occupancy: DeviceOccupancy(disk: present.disk, occupants: users),
        intent: .destroy(serial: ""))
      let findings = refusals.filter { $0.reason != .wrongSerial }
      throw TargetFailure(
        category: .refused,
        description: "stopped: \(node) was taken into use since the run began: "
          + findings.map { "\($0.node) \($0.finding)" }.joined(separator: ", "),
        refusals: findings)
    }
  }

  /// What tells two drives apart, in words; nil where they are the same.
  static func difference(_ before: DeviceIdentity, _ now: DeviceIdentity) -> String? {
    func said(_ text: String?) -> String { text ?? "unknown" }
    if before.serial != now.serial {
      return "its serial number was \(said(before.serial)) and is now \(said(now.serial))"
    }
    if before.model != now.model {
      return "its model was \(said(before.model)) and is now \(said(now.model))"
    }
    if before.capacityBytes != now.capacityBytes {
      return "it had \(before.capacityBytes) bytes and now has \(now.capacityBytes) bytes"
    }
    if before.logicalBlockBytes != now.logicalBlockBytes {
      return "its logical block was \(before.logicalBlockBytes) bytes and is now "
        + "\(now.logicalBlockBytes)"
    }
    if before.readOnly != now.readOnly {
      return now.readOnly ? "it became read-only" : "it is no longer read-only"
    }
    return nil
  }
}
