import Glibc

/// The right to be the only one that uses a file; dropping it gives it up.
///
/// An advisory lock (`flock`) that all who use the file must ask for, also other parts of this process. The kernel
/// drops it when the process has ended, however it ends. Unlike one of `fcntl` it stays when another descriptor of the
/// file is closed, flock(2). Whoever may read the file can take it.
public struct FileLock: ~Copyable, Sendable {
  let descriptor: Int32

  /// Takes the lock of a file, without waiting.
  ///
  /// - Parameter path: The file, which must be there and readable.
  /// - Throws: `SystemError`, with `EWOULDBLOCK` where another has it.
  public init(_ path: FileSystemPath) throws(SystemError) {
    let descriptor = path.withCString { path in
      // NFS gives the lock to none but those who may write, flock(2).
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      return descriptor >= 0 ? descriptor : open(path, O_RDONLY | O_CLOEXEC)
    }
    guard let descriptor, descriptor >= 0 else {
      let code = descriptor == nil ? EINVAL : errno
      throw SystemError(call: "open", subject: path.description, errno: code)
    }
    let code = Self.lock(descriptor)
    guard code == 0 else {
      close(descriptor)
      throw SystemError(call: "flock", subject: path.description, errno: code)
    }
    self.descriptor = descriptor
  }

  deinit {
    // A child that was forked at this moment has the descriptor, too, until it runs its program.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Takes the lock of an open file, without waiting.
  ///
  /// - Returns: 0, or the errno; `EWOULDBLOCK` where another has it.
  static func lock(_ descriptor: Int32) -> Int32 {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return errno }
    }
    return 0
  }
}
