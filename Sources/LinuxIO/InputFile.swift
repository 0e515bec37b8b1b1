internal import Glibc

/// A file or standard input, read from front to back, a line at a time.
public struct InputFile: ~Copyable, Sendable {
  /// The path, for messages.
  public let path: String
  private let descriptor: Int32
  private let isOwned: Bool
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var next = 0
  private var end = 0

  /// Opens a file.
  ///
  /// - Throws: `SystemError`, with `ENOENT` where it is not there.
  public init(_ path: String) throws(SystemError) {
    let opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw SystemError(call: "open", subject: path, errno: errno) }
    self.path = path
    descriptor = opened
    isOwned = true
  }

  /// Takes standard input, which stays open.
  public init() {
    path = "standard input"
    descriptor = 0
    isOwned = false
  }

  deinit { if isOwned { close(descriptor) } }

  /// Where reading began, so that ``rewind(to:)`` can begin there again; nil for pipes and terminals.
  ///
  /// To be asked before the first byte is read.
  public var start: Int64? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let offset = lseek(descriptor, 0, SEEK_CUR)
    return offset >= 0 ? Int64(offset) : nil
  }

  /// Goes on reading at a place that ``start`` named.
  ///
  /// - Parameter offset: The place, in bytes from the file's beginning.
  /// - Throws: `SystemError` where the file has no places.
  public mutating func rewind(to offset: Int64) throws(SystemError) {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
      throw SystemError(call: "lseek", subject: path, errno: errno)
    }
    next = 0
    end = 0
  }

  /// The next line without its line feed.
  ///
  /// - Parameter bytesMax: Longer lines are refused, so that a file without line feeds does not fill
  ///   the memory.
  /// - Returns: The line, of which the last may lack its line feed; nil at the end.
  /// - Throws: `SystemError`, with `EFBIG` for a line that is too long.
  public mutating func line(bytesMax: Int) throws(SystemError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if next == end {
        guard try fill() else { return line.isEmpty ? nil : line }
      }
      let stop = buffer[next..<end].firstIndex(of: UInt8(ascii: "\n")) ?? end
      guard line.count + (stop - next) <= bytesMax else {
        throw SystemError(call: "a line", subject: path, errno: EFBIG)
      }
      line += buffer[next..<stop]
      next = stop
      if stop < end {
        next += 1
        return line
      }
    }
  }

  /// Everything that is left.
  ///
  /// - Parameter bytesMax: More than this is refused.
  /// - Returns: The bytes, none at the end.
  /// - Throws: `SystemError`, with `EFBIG` where there is more.
  public mutating func rest(bytesMax: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    repeat {
      bytes += buffer[next..<end]
      next = end
      guard bytes.count <= bytesMax else {
        throw SystemError(call: "read", subject: path, errno: EFBIG)
      }
    } while try fill()
    return bytes
  }

  private mutating func fill() throws(SystemError) -> Bool {
    next = 0
    end = 0
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        end = count
        return count > 0
      }
      guard errno == EINTR else {
        throw SystemError(call: "read", subject: path, errno: errno)
      }
    }
  }
}
