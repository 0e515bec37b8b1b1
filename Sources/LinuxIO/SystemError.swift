internal import Glibc

/// A system call that failed: which, on what, with which errno.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call, such as `io_uring_queue_init`.
  public var call: String
  /// What it was called on, such as a path; empty where there is nothing to name.
  public var subject: String
  /// The errno.
  public var errno: Int32

  /// Names a failed call.
  public init(call: String, subject: String = "", errno: Int32) {
    self.call = call
    self.subject = subject
    self.errno = errno
  }

  /// Whether there was more than the caller takes (`EFBIG`).
  public var isTooLarge: Bool { errno == EFBIG }

  /// The errno's own text, such as `Operation not permitted`.
  public static func text(of errno: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The call, its subject and what the system said.
  public var description: String {
    let place = subject.isEmpty ? "" : " \(subject)"
    return "\(call)\(place): \(Self.text(of: errno)) (errno \(errno))"
  }
}
