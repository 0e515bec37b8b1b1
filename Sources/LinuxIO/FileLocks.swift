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
    return lines("/proc/locks").contains { line in
      LockedFile(line: line).map {
        // Subvolumes of btrfs have a number of their own for `stat`, and another one here.
        $0.inode == file.inode
          && ($0.fileSystemNumber == file.fileSystemNumber
            || $0.fileSystemNumber.major == 0 && file.fileSystemNumber.major == 0)
      } ?? false
    }
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
