import Glibc

/// Room and type of a file system.
///
/// The corresponding C call is `statvfs`; the type is the one that the mount names.
public struct FileSystemRoom: Sendable, Equatable {
  /// Bytes that an ordinary user may still take.
  public var freeBytes: UInt64
  /// Bytes that it holds altogether.
  public var totalBytes: UInt64
  /// The type, such as `ext4`; `unknown` where the mount cannot be found.
  public var type: String
  /// Whether its files live in memory.
  public var isMemory: Bool { type == "tmpfs" || type == "ramfs" || type == "devtmpfs" }

  /// Asks the file system that holds a path.
  public init(at path: FileSystemPath) throws(DeviceError) {
    var facts = statvfs()
    guard let result = path.withCString({ statvfs($0, &facts) }) else {
      throw .invalidPath(path.description)
    }
    guard result == 0 else {
      throw DeviceError(errno: errno, operation: "statvfs", path: path.description)
    }
    freeBytes =
      UInt64(facts.f_bavail)
      .multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue
    totalBytes =
      UInt64(facts.f_blocks)
      .multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue
    let place = try? DeviceFile(path: path, flags: LinuxFlag.pathOnly | O_CLOEXEC, mode: 0)
    if let place {
      type = MountTable.own().mount(ofDescriptor: place.descriptor)?.fileSystem ?? "unknown"
    } else {
      type = "unknown"
    }
  }
}
