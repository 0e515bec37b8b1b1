public import LinuxIO
public import Measurements
import Synchronization

/// A target that passed every check and is open; closing it leaves nothing behind.
public final class QualificationTarget: Sendable {
  /// What the record says of it; health is filled in by the run.
  public let subject: SubjectRecord
  /// The descriptor that was checked, past the page cache; valid until `close()`.
  ///
  /// Workers share it, or duplicate it: opening the path once more could lead elsewhere.
  public let descriptor: Int32
  /// What was opened.
  public let openedPath: FileSystemPath
  /// Bytes from the start that may be used, a multiple of the logical block.
  public let rangeBytes: UInt64
  /// Offsets, lengths and buffers are multiples of this.
  public let logicalBlockBytes: Int
  /// Whether writes are allowed at all; the descriptor refuses them otherwise.
  public let isWritable: Bool
  /// Whether `discard` can work.
  public let discards: Bool
  /// Why the data live in memory, so that nothing is certifiable; nil where they do not.
  public let memory: String?
  /// What people should know besides, such as another run on the same disk.
  public let notes: [String]

  /// The NUMA node of the disk, where it is known.
  public var numaNode: Int? { subject.identity.numaNode }

  private let safety: TargetSafety?
  private let holding: Mutex<TargetHolding?>

  init(
    subject: SubjectRecord, descriptor: Int32, openedPath: FileSystemPath, isWritable: Bool,
    memory: String?, notes: [String], safety: TargetSafety?, holding: consuming TargetHolding
  ) {
    self.subject = subject
    self.descriptor = descriptor
    self.openedPath = openedPath
    self.isWritable = isWritable
    self.memory = memory
    self.notes = notes
    self.safety = safety
    rangeBytes = subject.rangeBytes
    logicalBlockBytes = subject.identity.logicalBlockBytes
    discards = subject.form == .device && isWritable && subject.identity.discards
    self.holding = Mutex(consume holding)
  }

  /// Checks again that this is still the target that was opened, and nobody else's; before each
  /// phase.
  ///
  /// - Throws: `TargetFailure`
  public func recheck() throws(TargetFailure) {
    if let safety { try safety.recheck() }
    let failure = holding.withLock { holding -> DeviceError? in
      guard holding != nil else {
        return .changed(path: openedPath.description, detail: "it was closed")
      }
      return holding?.changeFound(
        expectedBytes: safety == nil ? nil : subject.identity.capacityBytes,
        path: openedPath.description)
    }
    if let failure { throw TargetFailure(failure) }
  }

  /// Tells the device that a range is no longer needed.
  ///
  /// - Throws: `TargetFailure` where the target is not a writable device, or the device failed.
  public func discard(offset: UInt64, length: UInt64) throws(TargetFailure) {
    guard discards else {
      throw TargetFailure(
        category: .usage, description: "\(openedPath) is not a device that discards for this run")
    }
    let end = offset.addingReportingOverflow(length)
    guard !end.overflow, end.partialValue <= rangeBytes else {
      throw TargetFailure(
        category: .usage,
        description:
          "discard of \(length) bytes at \(offset) ends behind the range of \(rangeBytes)")
    }
    let failure = holding.withLock { $0?.discardFailure(offset: offset, length: length) }
    if let failure { throw TargetFailure(failure) }
  }

  /// Gives the room of the tool's own file back to its file system; nothing may load it afterwards.
  ///
  /// - Throws: `DeviceError`
  public func releaseSpace() throws(DeviceError) {
    let failure = holding.withLock { holding -> DeviceError? in
      do throws(DeviceError) {
        try holding?.scratch?.releaseSpace()
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Gives a device up, so that a file system can be made on it; the lock that keeps other runs away
  /// stays, and nothing may load the device through ``descriptor`` afterwards.
  ///
  /// - Returns: The device's node.
  /// - Throws: `TargetFailure` where it is not the device that was opened any more.
  func releaseDevice() throws(TargetFailure) -> FileSystemPath {
    guard let safety, isWritable else {
      throw TargetFailure(category: .usage, description: "\(openedPath) is not a device to write")
    }
    try safety.recheck()
    holding.withLock { $0?.releaseDevice() }
    return FileSystemPath(safety.device.node)
  }

  /// Closes the target, removes the tool's own file and gives up the lock; calling it again does
  /// nothing.
  public func close() {
    holding.withLock { $0 = nil }
  }
}

/// What a target keeps open.
struct TargetHolding: ~Copyable {
  /// The device, or an image that is read.
  var file: DeviceFile?
  /// The tool's own file.
  var scratch: ScratchFile?
  /// The right to be the only run on the disk.
  var lock: DeviceLock?

  init(
    file: consuming DeviceFile? = nil, scratch: consuming ScratchFile? = nil,
    lock: consuming DeviceLock? = nil
  ) {
    self.file = file
    self.scratch = scratch
    self.lock = lock
  }

  /// Closes the device and keeps the lock.
  mutating func releaseDevice() {
    // Taken out by name: assigning nil through the optional leaves it open (Swift 6.3).
    let released = file.take()
    _ = consume released
  }

  /// What changed about the open file itself; `expectedBytes` is a device's capacity.
  func changeFound(expectedBytes: UInt64?, path: String) -> DeviceError? {
    if let inPlace = scratch?.isStillInPlace(), !inPlace {
      return .changed(path: path, detail: "the tool's own file was removed or replaced")
    }
    guard let expectedBytes else { return nil }
    do throws(DeviceError) {
      guard let bytes = try file?.deviceBytes(), bytes != expectedBytes else { return nil }
      return .changed(
        path: path, detail: "it had \(expectedBytes) bytes and now has \(bytes) bytes")
    } catch {
      return .changed(path: path, detail: "it is gone (\(error.description))")
    }
  }

  func discardFailure(offset: UInt64, length: UInt64) -> DeviceError? {
    do throws(DeviceError) {
      try file?.discard(offset: offset, length: length)
      return nil
    } catch {
      return error
    }
  }
}

extension QualificationTarget {
  /// Opens what the user asked for, or says why not; nothing was written then.
  ///
  /// - Throws: `TargetFailure`
  public static func open(_ request: TargetRequest) throws(TargetFailure) -> QualificationTarget {
    let found: FileKind?
    do throws(DeviceError) {
      found = try FileStatus(path: request.path).kind
    } catch {
      guard case .missing = error else { throw TargetFailure(error) }
      found = nil
    }
    if case .destroy = request.intent, found != .blockDevice {
      guard found != nil else { throw TargetFailure(DeviceError.missing("\(request.path)")) }
      throw TargetFailure(
        category: .usage,
        description: "--destroy-data is for whole disks, and \(request.path) is "
          + "\(found?.rawValue ?? "nothing"); leave it out: a file of the tool's own needs none")
    }
    switch found {
    case .blockDevice: return try TargetDeviceOpening(request).open()
    case .folder, nil:
      do throws(DeviceError) {
        return try TargetFileOpening(request).openScratch()
      } catch {
        guard case .readOnly = error else { throw TargetFailure(error) }
        throw TargetFailure(
          category: .environment,
          description: "the file system of \(request.path) is read-only; give a folder that can be "
            + "written")
      }
    case .file:
      return try TargetFailure.catching { () throws(DeviceError) in
        try TargetFileOpening(request).openExisting()
      }
    case .some(let kind):
      throw TargetFailure(
        DeviceError.wrongKind(path: "\(request.path)", found: kind, needed: .blockDevice))
    }
  }
}
