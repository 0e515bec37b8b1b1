import Glibc

/// The major and minor number under which the kernel knows a device, whatever its nodes are called.
public struct DeviceNumber: Hashable, Sendable, CustomStringConvertible {
  /// The driver's part; 0 for file systems without a block device.
  public var major: UInt32
  /// The device's part.
  public var minor: UInt32

  /// Joins two parts.
  public init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  /// Reads `MAJOR:MINOR`.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]) else {
      return nil
    }
    self.init(major: major, minor: minor)
  }

  /// Undoes glibc's packing, whose macros Swift does not see: 12 + 20 bits of major around 8 + 24 of
  /// minor.
  init(_ number: dev_t) {
    let packed = UInt64(number)
    major = UInt32(truncatingIfNeeded: (packed >> 8) & 0xFFF | (packed >> 32) & ~0xFFF)
    minor = UInt32(truncatingIfNeeded: packed & 0xFF | (packed >> 12) & ~0xFF)
  }

  /// `MAJOR:MINOR`, as sysfs writes it.
  public var description: String { "\(major):\(minor)" }
}

/// What lies at a path.
public enum FileKind: String, Sendable {
  /// A block device.
  case blockDevice = "a block device"
  /// A character device.
  case characterDevice = "a character device"
  /// A folder.
  case folder = "a folder"
  /// A regular file.
  case file = "a regular file"
  /// A named pipe.
  case pipe = "a named pipe"
  /// A socket.
  case socket = "a socket"
  /// Anything else.
  case other = "neither a device nor a file"
}

/// What the kernel says of a path or an open file.
///
/// The corresponding C calls are `stat` and `fstat`.
public struct FileStatus: Sendable, Equatable {
  /// What it is.
  public var kind: FileKind
  /// The file system's device that holds it.
  public var fileSystemNumber: DeviceNumber
  /// For device nodes, the device that it stands for.
  public var deviceNumber: DeviceNumber
  /// The inode within the file system.
  public var inode: UInt64
  /// Bytes, for regular files.
  public var sizeBytes: UInt64
  /// Names that it has.
  public var linkCount: UInt64

  /// Asks about a path, through symbolic links unless `following` is false.
  public init(path: FileSystemPath, following: Bool = true) throws(DeviceError) {
    var status = stat()
    let result = path.withCString { following ? stat($0, &status) : lstat($0, &status) }
    guard let result else { throw .invalidPath(path.description) }
    guard result == 0 else {
      throw DeviceError(errno: errno, operation: "stat", path: path.description)
    }
    self.init(status)
  }

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFBLK: .blockDevice
      case S_IFCHR: .characterDevice
      case S_IFDIR: .folder
      case S_IFREG: .file
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      default: .other
      }
    fileSystemNumber = DeviceNumber(status.st_dev)
    deviceNumber = DeviceNumber(status.st_rdev)
    inode = UInt64(status.st_ino)
    sizeBytes = UInt64(clamping: status.st_size)
    linkCount = UInt64(status.st_nlink)
  }
}
