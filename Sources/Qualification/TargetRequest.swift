public import LinuxIO
public import Workloads

/// What a user asks for as a target.
public struct TargetRequest: Sendable {
  /// A whole disk, a folder, a path that does not exist, or an image to read.
  public var path: FileSystemPath
  /// What may be done to a device; a file of the tool's own may always be written.
  public var intent: SafetyIntent
  /// Whether an existing regular file may be read; it is never written.
  public var readsExistingFile: Bool
  /// Bytes of the tool's own file, or the part of a device from its start; nil leaves the choice.
  public var sizeBytes: UInt64?
  /// The most to use of a device where `sizeBytes` leaves the choice; nil takes all of it.
  public var sizeLimitBytes: UInt64?
  /// Room that the tool's own file leaves on its file system.
  public var freeSpaceReserveBytes: UInt64
  /// The run, which names the tool's own file.
  public var runID: RunID
  /// The command up to its target, for remedies, such as `storebench qualify --tier hot`.
  public var command: String

  /// Asks to read a device, or to work in a file of the tool's own.
  public init(
    path: FileSystemPath, intent: SafetyIntent = .readOnly, runID: RunID,
    readsExistingFile: Bool = false, sizeBytes: UInt64? = nil,
    freeSpaceReserveBytes: UInt64 = 1 << 30, command: String = "storebench qualify"
  ) {
    self.path = path
    self.intent = intent
    self.runID = runID
    self.readsExistingFile = readsExistingFile
    self.sizeBytes = sizeBytes
    self.freeSpaceReserveBytes = freeSpaceReserveBytes
    self.command = command
  }
}
