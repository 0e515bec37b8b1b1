internal import Glibc
internal import Synchronization

/// Standard output or standard error.
public enum StandardStream: Int32, Sendable {
  /// Results.
  case output = 1
  /// Everything that lives only while the program runs.
  case error = 2

  /// Writes all of the text, or as much as somebody reads.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes all of the bytes, or as many as somebody reads.
  public func write(_ bytes: [UInt8]) {
    let code = Self.write(bytes, to: rawValue)
    guard self == .output, code != 0 else { return }
    if code == EPIPE {
      Self.unread.store(true, ordering: .sequentiallyConsistent)
    } else {
      Self.lost.store(code, ordering: .sequentiallyConsistent)
    }
  }

  /// Why results did not reach standard output, such as a full disk; nil where all did, or where a
  /// reader had seen enough.
  public static var outputFailure: String? {
    let code = lost.load(ordering: .sequentiallyConsistent)
    return code == 0 ? nil : SystemError.text(of: code)
  }

  /// Whether the reader of standard output went away before it had read all.
  public static var outputIsUnread: Bool { unread.load(ordering: .sequentiallyConsistent) }

  /// Whether there is any use in writing more results.
  public static var outputGoesOn: Bool { outputFailure == nil && !outputIsUnread }

  private static let lost = Atomic<Int32>(0)
  private static let unread = Atomic<Bool>(false)

  @discardableResult
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        Glibc.write(descriptor, all.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count > 0 {
        done += count
      } else if errno == EAGAIN {
        // Somebody else made the pipe non-blocking; its reader is only slow.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, -1) > 0 || errno == EINTR else {
          return errno
        }
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }

  /// Whether it is a terminal.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// The terminal's width in columns; nil where it is no terminal.
  public var columns: Int? {
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// From now on writing to a pipe that nobody reads fails quietly instead of killing the process,
  /// which would leave its files behind.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Opens /dev/null in place of standard streams that were closed, before anything else is opened:
  /// it would get their numbers, and be written into.
  ///
  /// Each is opened for the direction that it is not used in, so that it stays what it was: reading
  /// from it, or writing to it, fails with `EBADF`. An empty input would be taken for what somebody
  /// meant to store, and lost results for printed ones.
  public static func replaceClosed() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
  }
}
