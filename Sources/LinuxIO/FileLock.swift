import Glibc

/// The right to be the only one that uses a file; dropping it gives it up.
///
/// An advisory lock (`flock`) that all who use the file must ask for, also other parts of this process. The kernel
/// drops it when the process ends, however it ends. Unlike one of `fcntl` it stays when another descriptor of the
/// file is closed, flock(2).
public struct FileLock: ~Copyable, Sendable {
  let descriptor: Int32

  /// Takes the lock of a file, without waiting.
  ///
  /// - Parameter path: The file, which must be there and may be read.
  /// - Throws: `SystemError`, with `EWOULDBLOCK` where another has it.
  public init(_ path: FileSystemPath) throws(SystemError) {
    guard let descriptor = path.withCString({ open($0, O_RDONLY | O_CLOEXEC) }) else {
      throw SystemError(call: "open", subject: path.description, errno: EINVAL)
    }
    guard descriptor >= 0 else {
      throw SystemError(call: "open", subject: path.description, errno: errno)
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
