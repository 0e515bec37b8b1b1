import Glibc

extension KernelTree {
  /// Whether a process, this one included, holds a lock of `fcntl` on the regular file at a path.
  ///
  /// Read from /proc/locks, as `fcntl(F_GETLK)` would need the file open: closing it again would drop
  /// every lock that this process holds on it, fcntl(2). Processes outside of this one's PID namespace
  /// and other machines on a network file system are not seen.
  ///
  /// - Returns: False where there is no such file, and where the kernel does not say.
  public func hasLock(on path: FileSystemPath) -> Bool {
    guard let file = try? FileStatus(path: path), file.kind == .file else { return false }
    let numbers = fileSystemNumbers(of: file, at: path)
    // The list is read in pieces, between which locks come and go, so that one may be passed over.
    return (0..<2).contains { _ in
      lines("/proc/locks").lazy.compactMap { LockedFile(line: $0) }
        .contains { $0.inode == file.inode && numbers.contains($0.fileSystemNumber) }
    }
  }

  /// The numbers that a file's locks may be listed under.
  ///
  /// Subvolumes of btrfs, and overlays, have a number of their own for `stat`; locks are listed under
  /// that of the whole, which mountinfo tells.
  private func fileSystemNumbers(of file: FileStatus, at path: FileSystemPath) -> [DeviceNumber] {
    guard file.fileSystemNumber.major == 0 else { return [file.fileSystemNumber] }
    // Without O_PATH, closing it would drop this process's locks.
    guard let place = try? DeviceFile(path: path, flags: O_CLOEXEC | LinuxFlag.pathOnly, mode: 0),
      let mount = MountTable.own(tree: self).mount(ofDescriptor: place.descriptor, tree: self)
    else { return [file.fileSystemNumber] }
    return [file.fileSystemNumber, mount.number]
  }
}

/// The file that a line of /proc/locks tells of, where its lock is one of `fcntl`.
struct LockedFile: Equatable {
  var fileSystemNumber: DeviceNumber
  var inode: UInt64

  /// Reads `NUMBER: POSIX MANDATORY TYPE PID MAJOR:MINOR:INODE START END`, major and minor in base 16,
  /// proc_locks(5); nil for other kinds of lock, and for processes that wait for one (`->`).
  init?(line: String) {
    let fields = line.split(separator: " ")
    guard fields.count >= 6, fields[1] == "POSIX" || fields[1] == "OFDLCK" else { return nil }
    let place = fields[5].split(separator: ":")
    guard place.count == 3, let major = UInt32(place[0], radix: 16),
      let minor = UInt32(place[1], radix: 16), let inode = UInt64(place[2])
    else { return nil }
    fileSystemNumber = DeviceNumber(major: major, minor: minor)
    self.inode = inode
  }
}
