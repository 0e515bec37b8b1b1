import Glibc

/// Why a device or a file cannot be used; one case for each different reaction.
public enum DeviceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nothing lies at the path.
  case missing(String)
  /// The path is empty or holds a zero byte.
  case invalidPath(String)
  /// The path or its last name is too long for the file system.
  case nameTooLong(String)
  /// Something else than was needed lies there.
  case wrongKind(path: String, found: FileKind, needed: FileKind)
  /// A node without a device behind it.
  case noDevice(path: String, number: DeviceNumber)
  /// The user may not do it.
  case permission(operation: String, path: String)
  /// Something on this host holds the device; the kernel refused O_EXCL.
  case busy(String)
  /// The device or its file system is read-only.
  case readOnly(String)
  /// It holds no bytes.
  case empty(String)
  /// Another run has it; the process is nil where the lock does not tell.
  case locked(path: String, process: Int?)
  /// It is no longer what it was when it was checked.
  case changed(path: String, detail: String)
  /// A file is there already, and files are never overwritten.
  case exists(String)
  /// The file system lacks room.
  case noSpace(path: String, neededBytes: UInt64, freeBytes: UInt64, reserveBytes: UInt64)
  /// The file system cannot bypass the page cache.
  case noDirectIO(path: String, fileSystem: String)
  /// A call failed for another reason.
  case system(operation: String, path: String, errno: Int32)

  /// Sorts an errno by the reaction that it asks for.
  init(errno code: Int32, operation: String, path: String) {
    self =
      switch code {
      case ENOENT, ENOTDIR: .missing(path)
      case ENAMETOOLONG: .nameTooLong(path)
      case EACCES, EPERM: .permission(operation: operation, path: path)
      case EBUSY: .busy(path)
      case EROFS: .readOnly(path)
      case EEXIST: .exists(path)
      default: .system(operation: operation, path: path, errno: code)
      }
  }

  /// What happened, where, the value seen, and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "there is no \(path); `storebench devices` lists what is here"
    case .invalidPath(let path):
      "'\(path)' is no path: it is empty or holds a zero byte"
    case .nameTooLong(let path):
      "the name \(path.prefix(60))… is longer than its file system allows; choose a shorter one"
    case .wrongKind(let path, let found, let needed):
      "\(path) is \(found.rawValue), not \(needed.rawValue); give a whole disk, a folder, or the "
        + "path of a file that does not exist yet"
    case .noDevice(let path, let number):
      "\(path) is a node for device \(number), but no such device is attached"
    case .permission(let operation, let path):
      "no permission to \(operation) \(path); run as root or as a user who may"
    case .busy(let path):
      "\(path) is held by something on this host, so it was not opened exclusively (EBUSY)"
    case .readOnly(let path):
      "\(path) is read-only; only read gates can be measured on it"
    case .empty(let path):
      "\(path) holds 0 bytes; attach a medium or give another target"
    case .locked(let path, let process):
      "another run uses \(path)"
        + (process.map { " (process \($0))" } ?? "") + "; wait until it has ended"
    case .changed(let path, let detail):
      "\(path) is no longer what was checked: \(detail)"
    case .exists(let path):
      "\(path) exists and is never overwritten; give a folder or a name that is free"
    case .noSpace(let path, let needed, let free, let reserve):
      "\(path) has \(free) bytes free of which \(reserve) must stay free, and \(needed) are needed; "
        + (free > reserve ? "make room, or ask for less with --size" : "make room")
    case .noDirectIO(let path, let fileSystem):
      "\(path) lies on \(fileSystem), which cannot bypass the page cache (O_DIRECT); give a folder "
        + "on a file system of the disk itself"
    case .system(let operation, let path, let code):
      "\(operation) \(path): \(String(cString: strerror(code))) (errno \(code))"
    }
  }
}
