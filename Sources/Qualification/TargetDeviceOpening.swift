import LinuxIO
import Measurements

/// Opens whole disks as targets.
///
/// The order is what makes it safe: facts, rule, lock, exclusive open, the same facts again through
/// what was opened. Nothing can slip in between, because the kernel lets nobody mount or claim the
/// disk or a part of it once it is open exclusively.
struct TargetDeviceOpening {
  private let request: TargetRequest
  private let device: BlockDevice
  private let identity: DeviceIdentity
  private let writing: Bool

  init(_ request: TargetRequest) throws(TargetFailure) {
    self.request = request
    device = try TargetFailure.catching { () throws(DeviceError) in
      try BlockDevice(path: request.path)
    }
    guard device.capacityBytes > 0 else {
      throw TargetFailure(DeviceError.empty("\(request.path)"))
    }
    identity = DeviceIdentitySource(device).identity
    if case .destroy = request.intent { writing = true } else { writing = false }
  }

  func open() throws(TargetFailure) -> QualificationTarget {
    let occupancy = look()
    if !occupancy.isInUse { try requirePermission() }
    try refuse(occupancy)
    let device = device
    let lock = try TargetFailure.catching { () throws(DeviceError) in try DeviceLock(device) }

    var shared = !writing && occupancy.isInUse
    var access: DeviceFile.Access = writing ? [.direct, .writing] : [.direct]
    let path = request.path
    let file: DeviceFile
    do throws(DeviceError) {
      if !shared { access.insert(.exclusive) }
      file = try DeviceFile(path: path, access: access)
    } catch {
      guard case .busy = error else { throw TargetFailure(error) }
      guard !writing else { throw busyFailure(occupancy) }
      shared = true
      access.remove(.exclusive)
      let sharing = access
      file = try TargetFailure.catching { () throws(DeviceError) in
        try DeviceFile(path: path, access: sharing)
      }
    }
    try check(file)
    if writing { try refuse(look()) }

    let range = try rangeBytes()
    let subject = SubjectRecord(
      form: .device, path: path.description, openedPath: path.description, identity: identity,
      rangeBytes: range, shared: shared)
    var notes: [String] = []
    if shared { notes.append("in use by others and only read; never certifiable") }
    let descriptor = file.descriptor
    return QualificationTarget(
      subject: subject, descriptor: descriptor, openedPath: path, isWritable: writing,
      memory: DeviceBacking.memory(of: device), notes: notes,
      safety: TargetSafety(
        path: path, device: device, identity: identity, writing: writing, shared: shared),
      holding: TargetHolding(file: consume file, lock: consume lock))
  }

  /// Ends here for who may not even read the device.
  ///
  /// That is no refusal of the drive's: what is on it cannot be seen. A drive in use is refused
  /// whoever asks.
  private func requirePermission() throws(TargetFailure) {
    do throws(DeviceError) {
      _ = try DeviceFile(path: request.path, access: [])
    } catch {
      if case .permission = error { throw TargetFailure(error) }
    }
  }

  /// All facts for a writing run; mounts, swap and holders for a reading one.
  private func look() -> DeviceOccupancy {
    DeviceOccupancy(of: device, path: request.path, scope: writing ? .everything : [])
  }

  private func refuse(_ occupancy: DeviceOccupancy) throws(TargetFailure) {
    let refusals = SafetyRule.refusals(
      device: device, identity: identity, occupancy: occupancy, intent: request.intent)
    guard refusals.isEmpty else { throw failure(occupancy, refusals) }
  }

  private func failure(_ occupancy: DeviceOccupancy, _ refusals: [SafetyRefusal]) -> TargetFailure {
    let message = SafetyMessage(
      path: request.path.description, occupancy: occupancy, refusals: refusals,
      command: request.command)
    return TargetFailure(category: .refused, description: message.description, refusals: refusals)
  }

  /// The facts showed nothing, and yet the kernel says that somebody has it.
  private func busyFailure(_ occupancy: DeviceOccupancy) -> TargetFailure {
    failure(
      occupancy,
      [
        SafetyRefusal(
          node: device.node, reason: .held,
          finding: "held by something that cannot be seen from here, such as a mount in a "
            + "namespace without processes or a driver in the kernel (EBUSY)",
          remedy: nil)
      ])
  }

  /// Whether what was opened is what was checked, whatever became of the path in between.
  private func check(_ file: borrowing DeviceFile) throws(TargetFailure) {
    do throws(DeviceError) {
      let status = try file.status()
      guard status.kind == .blockDevice, status.deviceNumber == device.number else {
        throw .changed(
          path: request.path.description,
          detail: "it led to \(device.number) and then to \(status.deviceNumber)")
      }
      let bytes = try file.deviceBytes()
      guard bytes == identity.capacityBytes else {
        throw .changed(
          path: request.path.description,
          detail: "it had \(identity.capacityBytes) bytes and then \(bytes) bytes")
      }
    } catch {
      // Nothing was touched yet, so this is a refusal and no loss in the middle of a run.
      throw TargetFailure(category: .refused, description: error.description)
    }
  }

  /// The part of the device that may be used.
  private func rangeBytes() throws(TargetFailure) -> UInt64 {
    let block = UInt64(max(identity.logicalBlockBytes, 1))
    let asked = request.sizeBytes ?? min(identity.capacityBytes, request.sizeLimitBytes ?? .max)
    guard asked <= identity.capacityBytes else {
      throw TargetFailure(
        category: .usage,
        description: "\(request.path) holds \(identity.capacityBytes) bytes, and --size asks for "
          + "\(asked); give less, or leave it out")
    }
    let range = asked - asked % block
    guard range > 0 else {
      throw TargetFailure(
        category: .usage,
        description: "--size of \(asked) bytes is less than one block of \(block) of "
          + "\(request.path); give more")
    }
    return range
  }
}
