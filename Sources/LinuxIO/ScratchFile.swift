import Glibc

/// The tool's own file on a file system, allocated whole and removed at the end.
///
/// It is created with O_EXCL, so that nothing that exists is ever overwritten, and unlinked only
/// while its name still leads to it. Dropping it removes it.
public struct ScratchFile: ~Copyable, Sendable {
  /// The open file, past the page cache.
  public let file: DeviceFile
  /// Its size in bytes, a multiple of 1 MiB, or all that was asked for.
  public let sizeBytes: UInt64
  /// The type of its file system, such as `ext4`.
  public let fileSystem: String
  private let status: FileStatus

  /// The path that was created.
  public var path: FileSystemPath { file.path }

  /// Creates the file.
  ///
  /// - Parameters:
  ///   - path: A folder, in which a name of its own is chosen; or a path that does not exist in a
  ///     folder that does.
  ///   - name: The name in a folder.
  ///   - requestedBytes: Its size; nil takes a quarter of the room above the reserve, at most 4 GiB.
  ///   - reserveBytes: Room that must stay free on the file system.
  ///   - alignmentBytes: The size is cut to a multiple of this.
  /// - Throws: `DeviceError`; no file is left behind then.
  public init(
    at path: FileSystemPath, name: String, requestedBytes: UInt64?, reserveBytes: UInt64,
    alignmentBytes: UInt64 = 1 << 20
  ) throws(DeviceError) {
    let target = try Self.target(at: path, name: name)
    let room = try FileSystemRoom(at: target.folder)
    let size = try Self.size(
      requestedBytes: requestedBytes, reserveBytes: reserveBytes, freeBytes: room.freeBytes,
      alignmentBytes: alignmentBytes, path: target.folder.description)

    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let file = try DeviceFile(path: target, flags: flags, mode: 0o600)
    let status: FileStatus
    do throws(DeviceError) {
      status = try file.status()
    } catch {
      _ = target.withCString { unlink($0) }
      throw error
    }
    do throws(DeviceError) {
      try Self.allocate(file, bytes: size, reserveBytes: reserveBytes, room: room)
      try file.synchronize()
      // Afterwards, because open with O_DIRECT on a file system without it leaves the file behind.
      let current = fcntl(file.descriptor, F_GETFL)
      guard current >= 0, fcntl(file.descriptor, F_SETFL, current | LinuxFlag.direct) == 0 else {
        throw DeviceError.noDirectIO(path: target.description, fileSystem: room.type)
      }
    } catch {
      Self.unlinkIfOwn(target, status)
      throw error
    }
    self.file = file
    self.status = status
    sizeBytes = size
    fileSystem = room.type
  }

  deinit { remove() }

  /// Removes the file's name, if it still leads to this file; calling it again does nothing.
  public func remove() { Self.unlinkIfOwn(file.path, status) }

  /// Gives its room back to the file system; the file stays, empty.
  ///
  /// - Throws: `DeviceError`
  public func releaseSpace() throws(DeviceError) {
    guard ftruncate(file.descriptor, 0) == 0 else {
      throw DeviceError(errno: errno, operation: "ftruncate", path: file.path.description)
    }
  }

  /// Whether the name still leads to this file.
  public func isStillInPlace() -> Bool { Self.isOwn(file.path, status) }

  /// The size of a scratch file: what was asked for, or a choice by the room there is.
  ///
  /// - Throws: `DeviceError.noSpace` where the reserve would be touched, `.empty` for a size of 0.
  static func size(
    requestedBytes: UInt64?, reserveBytes: UInt64, freeBytes: UInt64, alignmentBytes: UInt64,
    path: String
  ) throws(DeviceError) -> UInt64 {
    let usable = freeBytes > reserveBytes ? freeBytes - reserveBytes : 0
    let wanted = requestedBytes ?? max(smallestBytes, min(usable / 4, 4 << 30))
    let cut = wanted - wanted % max(alignmentBytes, 1)
    guard cut > 0 else { throw .empty(path) }
    guard cut <= usable else {
      throw .noSpace(
        path: path, neededBytes: cut, freeBytes: freeBytes, reserveBytes: reserveBytes)
    }
    return cut
  }

  /// Below this a choice by free room makes no sense: 64 MiB fit into any drive's cache.
  static let smallestBytes: UInt64 = 64 << 20

  private static func target(at path: FileSystemPath, name: String) throws(DeviceError)
    -> FileSystemPath
  {
    do throws(DeviceError) {
      let status = try FileStatus(path: path)
      guard status.kind == .folder else {
        if status.kind == .file { throw DeviceError.exists(path.description) }
        throw DeviceError.wrongKind(path: path.description, found: status.kind, needed: .folder)
      }
      return path.appending(name)
    } catch {
      guard case .missing = error else { throw error }
      guard path.bytes.last != 0x2F else { throw .missing(path.description) }
      // A dangling link is something that exists, too: O_NOFOLLOW with O_EXCL refuses it later.
      let folder = try FileStatus(path: path.folder)
      guard folder.kind == .folder else {
        throw .wrongKind(path: path.folder.description, found: folder.kind, needed: .folder)
      }
      return path
    }
  }

  /// Takes the whole room at once; glibc writes into every block where the file system cannot.
  private static func allocate(
    _ file: borrowing DeviceFile, bytes: UInt64, reserveBytes: UInt64, room: FileSystemRoom
  ) throws(DeviceError) {
    let path = file.path.description
    guard let length = off_t(exactly: bytes) else {
      throw .system(operation: "allocate", path: path, errno: EFBIG)
    }
    var code: Int32
    repeat { code = posix_fallocate(file.descriptor, 0, length) } while code == EINTR
    switch code {
    case 0: return
    case ENOSPC, EDQUOT:
      throw .noSpace(
        path: path, neededBytes: bytes, freeBytes: room.freeBytes, reserveBytes: reserveBytes)
    default:
      throw DeviceError(errno: code, operation: "allocate", path: path)
    }
  }

  private static func isOwn(_ path: FileSystemPath, _ status: FileStatus) -> Bool {
    guard let present = try? FileStatus(path: path, following: false) else { return false }
    return present.kind == .file && present.inode == status.inode
      && present.fileSystemNumber == status.fileSystemNumber
  }

  private static func unlinkIfOwn(_ path: FileSystemPath, _ status: FileStatus) {
    guard isOwn(path, status) else { return }
    _ = path.withCString { unlink($0) }
  }
}
