internal import Glibc

/// Standard output or standard error; a reader that went away is not an error.
public enum StandardStream: Int32, Sendable {
  /// Results.
  case output = 1
  /// Everything that lives only while the program runs.
  case error = 2

  /// Writes all of the text, or as much as somebody reads.
  public func write(_ text: String) { Self.write(Array(text.utf8), to: rawValue) }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        Glibc.write(descriptor, all.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        return
      }
    }
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
}
