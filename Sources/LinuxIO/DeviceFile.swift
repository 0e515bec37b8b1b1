import Glibc

/// An open file or device; dropping it closes the descriptor.
///
/// The corresponding C calls are `open` and `close`.
public struct DeviceFile: ~Copyable, Sendable {
  /// The descriptor, valid as long as this value lives.
  public let descriptor: Int32
  /// The path that was opened.
  public let path: FileSystemPath

  /// How a device or file is opened; always close-on-exec.
  public struct Access: OptionSet, Sendable {
    /// The set's bits.
    public let rawValue: Int

    /// Makes a set of bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Reading and writing; reading only without it.
    public static let writing = Access(rawValue: 1)
    /// Past the page cache (O_DIRECT).
    public static let direct = Access(rawValue: 2)
    /// Alone: for a block device, O_EXCL fails while anything else holds it, in any namespace.
    public static let exclusive = Access(rawValue: 4)
    /// Not through a symbolic link in the last component (O_NOFOLLOW).
    public static let noFollow = Access(rawValue: 8)
  }

  /// Opens what exists at a path; never creates.
  ///
  /// - Throws: `DeviceError`, `.busy` where an exclusive open found another holder.
  public init(path: FileSystemPath, access: Access) throws(DeviceError) {
    var flags = O_CLOEXEC | O_NONBLOCK | (access.contains(.writing) ? O_RDWR : O_RDONLY)
    if access.contains(.direct) { flags |= LinuxFlag.direct }
    if access.contains(.exclusive) { flags |= O_EXCL }
    if access.contains(.noFollow) { flags |= O_NOFOLLOW }
    try self.init(path: path, flags: flags, mode: 0)
  }

  init(path: FileSystemPath, flags: Int32, mode: mode_t) throws(DeviceError) {
    guard let result = path.withCString({ open($0, flags, mode) }) else {
      throw .invalidPath(path.description)
    }
    guard result >= 0 else {
      throw DeviceError(errno: errno, operation: "open", path: path.description)
    }
    descriptor = result
    self.path = path
  }

  deinit { close(descriptor) }

  /// What the descriptor really refers to, whatever its path has become since.
  public func status() throws(DeviceError) -> FileStatus {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw DeviceError(errno: errno, operation: "fstat", path: path.description)
    }
    return FileStatus(status)
  }

  /// Bytes of a block device.
  ///
  /// The corresponding ioctl is `BLKGETSIZE64`.
  public func deviceBytes() throws(DeviceError) -> UInt64 {
    var bytes: UInt64 = 0
    guard ioctl(descriptor, LinuxFlag.blockGetSize64, &bytes) == 0 else {
      throw DeviceError(errno: errno, operation: "ioctl BLKGETSIZE64", path: path.description)
    }
    return bytes
  }

  /// Tells a block device that `length` bytes from `offset` are no longer needed.
  ///
  /// Both are multiples of the logical block. The corresponding ioctl is `BLKDISCARD`.
  ///
  /// - Throws: `DeviceError`, with EOPNOTSUPP where the device cannot discard.
  public func discard(offset: UInt64, length: UInt64) throws(DeviceError) {
    var range = (offset, length)
    guard ioctl(descriptor, LinuxFlag.blockDiscard, &range) == 0 else {
      throw DeviceError(errno: errno, operation: "ioctl BLKDISCARD", path: path.description)
    }
  }

  /// Waits until everything written is durable.
  ///
  /// The corresponding C call is `fdatasync`.
  public func synchronize() throws(DeviceError) {
    while fdatasync(descriptor) != 0 {
      guard errno == EINTR else {
        throw DeviceError(errno: errno, operation: "fdatasync", path: path.description)
      }
    }
  }
}

/// Numbers of the Linux ABI that glibc's Swift module does not export.
enum LinuxFlag {
  /// O_DIRECT from <asm-generic/fcntl.h>; arm64 differs from the generic value.
  #if arch(arm64)
    static let direct: Int32 = 0o200000
  #else
    static let direct: Int32 = 0o40000
  #endif
  /// O_PATH: a descriptor that names a place and reads nothing.
  static let pathOnly: Int32 = 0o10000000
  /// BLKGETSIZE64, `_IOR(0x12, 114, size_t)` of <linux/fs.h>.
  static let blockGetSize64: UInt = 0x8008_1272
  /// BLKDISCARD, `_IO(0x12, 119)` of <linux/fs.h>.
  static let blockDiscard: UInt = 0x1277
  /// HDIO_GET_IDENTITY of <linux/hdreg.h>.
  static let driveIdentity: UInt = 0x030D
  /// SG_IO of <scsi/sg.h>.
  static let scsiGeneric: UInt = 0x2285
}
