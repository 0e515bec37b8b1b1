import Glibc

/// The right to be the one run on a disk of this host; dropping it gives it up.
///
/// An advisory lock (`flock`) on a file named by the disk's number, so that it does not matter
/// which path led there. The kernel drops it when the process ends, however it ends.
public struct DeviceLock: ~Copyable, Sendable {
  private let file: DeviceFile
  /// The lock file.
  public var path: FileSystemPath { file.path }

  /// Folders that can hold the lock files, best first.
  ///
  /// Users who may not use the same folder do not see each other's locks; O_EXCL still keeps their
  /// writing runs apart.
  public static let folders: [FileSystemPath] = [
    "/run/lock/storebench", "/run/storebench", "/tmp/storebench-lock",
  ]

  /// Takes the lock of the whole disk that `device` is or belongs to.
  ///
  /// - Throws: `DeviceError.locked` where another run has it, with its process number.
  public init(_ device: BlockDevice, folders: [FileSystemPath] = DeviceLock.folders)
    throws(DeviceError)
  {
    let disk = device.disk
    let file = try Self.open("\(disk.number).lock", folders: folders)
    switch FileLock.lock(file.descriptor) {
    case 0: break
    case EWOULDBLOCK: throw .locked(path: disk.node, process: Self.holder(of: file))
    case let code: throw DeviceError(errno: code, operation: "lock", path: file.path.description)
    }
    let text = Array("\(getpid())\n".utf8)
    // The number only serves the message to others, so a failure to write it is no failure.
    if ftruncate(file.descriptor, 0) == 0 {
      _ = text.withUnsafeBytes { pwrite(file.descriptor, $0.baseAddress, $0.count, 0) }
    }
    self.file = file
  }

  private static func open(_ name: String, folders: [FileSystemPath]) throws(DeviceError)
    -> DeviceFile
  {
    var reason = DeviceError.missing("a folder for lock files")
    for folder in folders {
      // World-writable and sticky, like /run/lock itself, so that every user meets here.
      if folder.withCString({ mkdir($0, 0o700) }) == 0 {
        _ = folder.withCString { chmod($0, 0o1777) }
      }
      let path = folder.appending(name)
      let common = O_RDWR | O_CLOEXEC | O_NOFOLLOW
      do {
        // The kernel refuses O_CREAT on another user's file in a sticky folder, so that comes last.
        if let existing = try? DeviceFile(path: path, flags: common, mode: 0) { return existing }
        let file = try DeviceFile(path: path, flags: common | O_CREAT, mode: 0o666)
        _ = fchmod(file.descriptor, 0o666)
        return file
      } catch {
        reason = error
      }
    }
    throw reason
  }

  private static func holder(of file: borrowing DeviceFile) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = bytes.withUnsafeMutableBytes { pread(file.descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return Int(
      String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
  }
}
