import Glibc

/// A path as the kernel takes it: bytes in whatever encoding.
public struct FileSystemPath: Hashable, Sendable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The bytes, without a terminating zero.
  public let bytes: [UInt8]

  /// The UTF-8 bytes of `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The UTF-8 bytes of a literal.
  public init(stringLiteral text: String) { self.init(text) }

  /// Takes bytes as they are.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The path behind a command-line argument, with the bytes that were really typed.
  ///
  /// Swift repairs arguments that are not UTF-8, so that their path would name another file. Where
  /// `argument` bears the mark of such a repair, the original is looked up in /proc/self/cmdline.
  public init(argument: String, tree: KernelTree = .live) {
    guard argument.unicodeScalars.contains("\u{FFFD}"),
      let line = tree.bytes("/proc/self/cmdline", limit: 4 << 20)
    else {
      self.init(argument)
      return
    }
    let originals = Set(
      line.split(separator: 0).map(Array.init).filter {
        String(decoding: $0, as: UTF8.self) == argument
      })
    if originals.count == 1, let original = originals.first {
      self.init(bytes: original)
    } else {
      self.init(argument)
    }
  }

  /// The path for people: bytes that are not UTF-8 and control characters as `\xNN`.
  public var description: String {
    let text = String(decoding: bytes, as: UTF8.self)
    let printable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    if printable, Array(text.utf8) == bytes { return text }
    return bytes.map { byte in
      guard byte < 0x20 || byte >= 0x7F else { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16)
      return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }

  /// The path of an entry in this folder.
  public func appending(_ name: String) -> FileSystemPath {
    FileSystemPath(bytes: (bytes.last == UInt8(ascii: "/") ? bytes : bytes + [0x2F]) + name.utf8)
  }

  /// The folder that holds the last component; `.` for a bare name.
  public var folder: FileSystemPath {
    var trimmed = bytes[...]
    while trimmed.count > 1, trimmed.last == 0x2F { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: 0x2F) else { return "." }
    return slash == trimmed.startIndex ? "/" : FileSystemPath(bytes: Array(trimmed[..<slash]))
  }

  /// Makes a folder of this path, as `mkdir` does: its parent must be there.
  ///
  /// - Throws: `SystemError`, with `EEXIST` where something is there, and `ENOENT` where the parent is
  ///   not.
  public func makeFolder() throws(SystemError) {
    guard let result = withCString({ mkdir($0, 0o777) }) else {
      throw SystemError(call: "mkdir", subject: description, errno: EINVAL)
    }
    guard result == 0 else {
      throw SystemError(call: "mkdir", subject: description, errno: errno)
    }
  }

  /// The files of the folder at this path, each with its size and when it was last written to: what
  /// tells whether anybody writes there.
  public func traces() -> [String] {
    guard let folder = withCString({ opendir($0) }) ?? nil else { return [] }
    defer { closedir(folder) }
    var traces: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      var status = stat()
      guard fstatat(dirfd(folder), name, &status, 0) == 0 else { continue }
      let time = status.st_mtim
      traces.append("\(name) \(status.st_size) \(time.tv_sec).\(time.tv_nsec)")
    }
    return traces.sorted()
  }

  /// The same place without links and dots, as `realpath` tells; nil where nothing is there.
  public var resolved: FileSystemPath? {
    guard let found = withCString({ realpath($0, nil) }) ?? nil else { return nil }
    defer { free(found) }
    return FileSystemPath(bytes: Array(UnsafeRawBufferPointer(start: found, count: strlen(found))))
  }

  /// Whether this is a folder or what lies below it, both without links and dots.
  public func isWithin(_ folder: FileSystemPath) -> Bool {
    bytes == folder.bytes
      || bytes.starts(with: folder.bytes + (folder.bytes.last == 0x2F ? [] : [0x2F]))
  }

  /// Why this process may not write to what lies at this path, as an `errno`; 0 where it may.
  ///
  /// As its effective user, and where the file system lets anybody write.
  public var refusalToWrite: Int32 {
    guard let result = withCString({ faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) }) else {
      return EINVAL
    }
    return result == 0 ? 0 : errno
  }

  /// Gives the file of this path another, in place of what has that one now, as `rename` does.
  public func rename(to target: FileSystemPath) throws(SystemError) {
    let result = withCString { own in target.withCString { Glibc.rename(own, $0) } } ?? nil
    guard result == 0 else {
      throw SystemError(call: "rename", subject: description, errno: result == nil ? EINVAL : errno)
    }
  }

  /// Removes the file or the link of this path, but no folder, and tells whether it did.
  @discardableResult
  public func removeFile() -> Bool { withCString { unlink($0) } == 0 }

  /// Removes the folder of this path if it is empty, and tells whether it did.
  @discardableResult
  public func removeEmptyFolder() -> Bool { withCString { rmdir($0) } == 0 }

  /// Calls `body` with the zero-terminated path, or returns nil where the path is empty or holds a
  /// zero byte, at which the kernel would cut it into another path.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result? {
    guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
    return (bytes + [0]).withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map(body)
      }
    }
  }
}
