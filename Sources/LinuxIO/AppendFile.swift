internal import Glibc

/// A file that only grows; each append is one write, and `synchronize` makes it durable.
///
/// The corresponding C calls are `open` with `O_APPEND`, `write` and `fdatasync`.
public struct AppendFile: ~Copyable, Sendable {
  /// The path, for messages.
  public let path: String
  private let descriptor: Int32

  /// Creates the file, which must not exist.
  ///
  /// - Throws: `SystemError` with `EEXIST` where it does.
  public init(creating path: String) throws(SystemError) {
    let opened = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw SystemError(call: "open", subject: path, errno: errno) }
    self.path = path
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Appends all bytes.
  ///
  /// - Throws: `SystemError`, with `ENOSPC` where the disk is full.
  public func append(_ bytes: [UInt8]) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { all in
        write(descriptor, all.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if written > 0 {
        done += written
      } else if errno != EINTR {
        throw SystemError(call: "write", subject: path, errno: errno)
      }
    }
  }

  /// Makes everything appended so far durable.
  public func synchronize() throws(SystemError) {
    guard fdatasync(descriptor) == 0 else {
      throw SystemError(call: "fdatasync", subject: path, errno: errno)
    }
  }
}
