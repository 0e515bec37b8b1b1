import Glibc

/// The tool's own folder on a file system, removed with all that is in it at the end.
///
/// It is created anew, so that nothing that exists is ever touched, and removed only while its name
/// still leads to it. Dropping it removes it.
public struct ScratchFolder: ~Copyable, Sendable {
  /// The folder.
  public let path: FileSystemPath
  private let status: FileStatus

  /// Creates the folder.
  ///
  /// - Parameters:
  ///   - parent: A folder that exists.
  ///   - name: The new folder's name, which must not exist.
  /// - Throws: `DeviceError`; nothing is left behind then.
  public init(in parent: FileSystemPath, name: String) throws(DeviceError) {
    let path = parent.appending(name)
    guard let result = path.withCString({ mkdir($0, 0o700) }) else {
      throw .invalidPath(path.description)
    }
    guard result == 0 else {
      if errno == EEXIST { throw .exists(path.description) }
      throw DeviceError(errno: errno, operation: "mkdir", path: path.description)
    }
    status = try FileStatus(path: path, following: false)
    self.path = path
  }

  deinit { remove() }

  /// Removes the folder and all that is in it, if its name still leads to it; calling it again does
  /// nothing.
  ///
  /// No link is followed, and nothing on another file system is touched.
  public func remove() {
    guard let present = try? FileStatus(path: path, following: false),
      present.kind == .folder, present.inode == status.inode,
      present.fileSystemNumber == status.fileSystemNumber
    else { return }
    let descriptor = path.withCString {
      open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    guard let descriptor, descriptor >= 0 else { return }
    Self.empty(descriptor, levels: Self.levelsMax)
    _ = path.withCString { rmdir($0) }
  }

  /// A store has two levels; a stop for anything that goes deeper without end.
  private static let levelsMax = 16

  /// Removes all that is in an open folder, and closes it.
  private static func empty(_ descriptor: Int32, levels: Int) {
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    defer { closedir(stream) }
    var here = stat()
    guard fstat(descriptor, &here) == 0 else { return }
    while let entry = readdir(stream) {
      withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { name in
          guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
          if unlinkat(descriptor, name, 0) == 0 { return }
          let inner = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
          guard inner >= 0 else { return }
          var there = stat()
          guard levels > 0, fstat(inner, &there) == 0, there.st_dev == here.st_dev else {
            close(inner)
            return
          }
          empty(inner, levels: levels - 1)
          _ = unlinkat(descriptor, name, AT_REMOVEDIR)
        }
      }
    }
  }
}
