public import LinuxIO
public import Measurements

/// What a run wants to do to a device.
public enum SafetyIntent: Sendable, Equatable {
  /// Only read.
  case readOnly
  /// Destroy what is on it; `serial` is what the user typed after `--destroy-data`.
  case destroy(serial: String)
}

/// Why a device must not be used as intended.
public enum SafetyReason: String, Sendable, Equatable, CaseIterable {
  /// It is a part of a disk.
  case partition
  /// A file system on it is mounted.
  case mounted
  /// It is swap in use.
  case swap
  /// The running system stands on it.
  case system
  /// It belongs to a mounted file system of several devices.
  case fileSystemMember
  /// Another device is built on it.
  case held
  /// A process has it open.
  case openProcess
  /// It carries a signature.
  case signature
  /// It carries a partition table.
  case partitionTable
  /// It could not be looked at.
  case unreadable
  /// The kernel will not write to it.
  case readOnly
  /// The serial that was typed is not its own.
  case wrongSerial
}

extension SafetyReason {
  /// Whether somebody uses the drive now.
  var isUse: Bool {
    switch self {
    case .mounted, .swap, .system, .fileSystemMember, .held, .openProcess: true
    case .partition, .signature, .partitionTable, .unreadable, .readOnly, .wrongSerial: false
    }
  }
}

/// One reason against a run, with what to do about it.
public struct SafetyRefusal: Sendable, Equatable {
  /// The node that it concerns.
  public var node: String
  /// The reason.
  public var reason: SafetyReason
  /// What was found there, for people.
  public var finding: String
  /// What the user may do about it; never done for them.
  public var remedy: String?

  /// States a refusal.
  public init(node: String, reason: SafetyReason, finding: String, remedy: String?) {
    self.node = node
    self.reason = reason
    self.finding = finding
    self.remedy = remedy
  }
}

/// Whether a device may be used as intended; a pure rule over facts.
public enum SafetyRule {
  /// Everything that stands against a run; none means that it may begin.
  ///
  /// Reading is refused for a partition only. Writing needs a whole disk with nothing on it, and its
  /// own token typed out.
  ///
  /// - Parameters:
  ///   - device: The device that the user's path led to.
  ///   - identity: The identity of its whole disk.
  ///   - occupancy: All that is on the whole disk.
  ///   - intent: What the run wants to do.
  /// - Returns: One refusal for each finding.
  public static func refusals(
    device: BlockDevice, identity: DeviceIdentity, occupancy: DeviceOccupancy,
    intent: SafetyIntent
  ) -> [SafetyRefusal] {
    var refusals: [SafetyRefusal] = []
    if device.isPartition {
      let disk = device.disk
      refusals.append(
        SafetyRefusal(
          node: device.node, reason: .partition,
          finding: "a partition of \(disk.node); a drive is judged whole",
          remedy: "give \(disk.node), or a folder on a file system of the drive"))
    }
    guard case .destroy(let typed) = intent else { return refusals }
    refusals += occupancy.occupants.map(refusal)
    if identity.readOnly {
      refusals.append(
        SafetyRefusal(
          node: occupancy.disk.node, reason: .readOnly, finding: "read-only for the kernel",
          remedy: nil))
    }
    let token = destroyToken(identity: identity, occupancy: occupancy)
    if typed != token, refusals.contains(where: \.reason.isUse) {
      // No drive that is in use is named for destruction.
      refusals.append(
        SafetyRefusal(
          node: occupancy.disk.node, reason: .wrongSerial,
          finding: "is another drive than '\(typed)'", remedy: nil))
    } else if typed != token {
      refusals.append(
        SafetyRefusal(
          node: occupancy.disk.node, reason: .wrongSerial,
          finding: serialFinding(identity: identity, token: token, typed: typed),
          remedy: "if this is the drive whose data you give up: --destroy-data \(quoted(token))"))
    }
    return refusals
  }

  /// What must be typed after `--destroy-data` for this drive.
  ///
  /// Its serial. A drive that shares its serial with another (a second namespace, a careless
  /// bridge) needs `SERIAL:NAME`; one without a serial (loop, zram, many virtual disks) needs
  /// `NAME:BYTES`, its kernel name and its capacity.
  public static func destroyToken(identity: DeviceIdentity, occupancy: DeviceOccupancy) -> String {
    guard let serial = identity.serial, !serial.isEmpty else {
      return "\(identity.name):\(identity.capacityBytes)"
    }
    return occupancy.sameSerialNodes.isEmpty ? serial : "\(serial):\(identity.name)"
  }

  private static func serialFinding(identity: DeviceIdentity, token: String, typed: String)
    -> String
  {
    guard let serial = identity.serial, !serial.isEmpty else {
      return "has no serial number, so its name and capacity name it: \(token), not '\(typed)'"
    }
    return token == serial
      ? "its serial number is \(serial), not '\(typed)'"
      : "shares the serial number \(serial) with another device, so its name belongs to it: "
        + "\(token), not '\(typed)'"
  }

  private static func refusal(_ occupant: DeviceOccupancy.Occupant) -> SafetyRefusal {
    let node = occupant.node
    func refuse(_ reason: SafetyReason, _ finding: String, _ remedy: String?) -> SafetyRefusal {
      SafetyRefusal(node: node, reason: reason, finding: finding, remedy: remedy)
    }
    switch occupant.finding {
    case .mounted(let place, let type, _, let foreign):
      let seen = foreign.map { " in the mount namespace of process \($0)" } ?? ""
      return refuse(
        .mounted, "mounted on \(quoted(place)) (\(type))\(seen)",
        foreign == nil ? "umount \(quoted(place))" : nil)
    case .swap:
      return refuse(.swap, "swap in use", "swapoff \(node)")
    case .system(let place):
      return refuse(.system, "the running system stands on it (\(quoted(place)))", nil)
    case .fileSystemMember(let type, let identifier):
      return refuse(.fileSystemMember, "member of the mounted \(type) \(identifier)", nil)
    case .held(let holder, let use):
      return refuse(.held, "member of \(holder) (\(use))", release(of: holder, use: use))
    case .openProcess(let process, let name, let writing):
      return refuse(
        .openProcess,
        "open\(writing ? " for writing" : "") in process \(process) (\(name))", nil)
    case .signature(let signature):
      if EngineVolume.isOwn(signature) {
        return refuse(
          .signature,
          "carries the file system of a storebench run that was cut off "
            + "(\(signature.type) labelled '\(signature.label ?? "")')", "wipefs -a \(node)")
      }
      let label = signature.label.map { " labelled '\($0)'" } ?? ""
      return refuse(
        .signature, "carries a signature of \(signature.type)\(label)", "wipefs -a \(node)")
    case .partitionTable(let type):
      return refuse(.partitionTable, "carries a partition table (\(type))", "wipefs -a \(node)")
    case .partitions(let count):
      return refuse(
        .partitionTable, "has \(count) \(count == 1 ? "partition" : "partitions")",
        "wipefs -a \(node)")
    case .unreadable(let reason):
      return refuse(.unreadable, "could not be looked at: \(reason)", nil)
    }
  }

  /// The command that takes a holder apart; nil where none is known.
  static func release(of holder: String, use: String) -> String? {
    if holder.hasPrefix("md") { return "mdadm --stop /dev/\(holder)" }
    if use == "loop device" { return "losetup -d /dev/\(holder)" }
    if use.hasPrefix("LVM ") {
      return "lvchange -an /dev/mapper/\(quoted(String(use.dropFirst(4))))"
    }
    if use.hasPrefix("encryption ") {
      return "cryptsetup close \(quoted(String(use.dropFirst(11))))"
    }
    if use.hasPrefix("multipath ") { return "multipath -f \(quoted(String(use.dropFirst(10))))" }
    return nil
  }

  /// A word that holds control characters, in the shell's own escapes: a terminal must not obey them.
  private static func escaped(_ word: String) -> String {
    var text = "$'"
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\\", "'": text += "\\" + String(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "'"
  }

  /// A word for a shell: in quotes where it holds anything that a shell might read.
  static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
        || "-_.:/+,@".unicodeScalars.contains($0)
    }
    if plain, !word.isEmpty { return word }
    if word.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return escaped(word) }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}
