import Glibc

/// The kernel's view of the machine, in the files under /sys, /proc and /dev.
///
/// Every fact about a device is read through one of these, so that a test can put a folder in the
/// place of `/`. Missing and unreadable files are nil: what the kernel does not say is unknown.
public struct KernelTree: Sendable, Equatable {
  /// The folder that stands for `/`; empty for the machine itself.
  public var root: String

  /// This machine.
  public static let live = KernelTree(root: "")

  /// Reads beneath `root`, which stands for `/`.
  public init(root: String) { self.root = root }

  /// The first `limit` bytes of a file.
  public func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(root + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while content.count < limit {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      content += chunk[..<count]
    }
    return Array(content.prefix(limit))
  }

  /// A file's text without surrounding blanks; nil where it is missing or blank.
  ///
  /// Drives pad their strings with blanks and zeros; both go.
  public func text(_ path: String) -> String? {
    guard let content = bytes(path) else { return nil }
    let blank: (UInt8) -> Bool = { $0 <= 0x20 }
    guard let first = content.firstIndex(where: { !blank($0) }),
      let last = content.lastIndex(where: { !blank($0) })
    else { return nil }
    return String(decoding: content[first...last], as: UTF8.self)
  }

  /// A file's lines.
  public func lines(_ path: String) -> [String] {
    guard let content = bytes(path, limit: 64 << 20) else { return [] }
    return content.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A file's decimal number.
  public func integer(_ path: String) -> Int? { text(path).flatMap { Int($0) } }

  /// A file's `1` or `0`.
  public func flag(_ path: String) -> Bool? { integer(path).map { $0 != 0 } }

  /// The names in a folder in ascending order, without `.` and `..`; empty where there is none.
  public func entries(_ folder: String) -> [String] {
    guard let stream = opendir(root + folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether there is anything at a path.
  public func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

  /// What a symbolic link says.
  public func link(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { readlink(root + path, $0, text.count) } ?? -1
      }
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// The path without symbolic links, still as seen from `/`.
  public func realPath(_ path: String) -> String? {
    guard let resolved = realpath(root + path, nil) else { return nil }
    defer { free(resolved) }
    let text = String(cString: resolved)
    guard !root.isEmpty, let base = realpath(root, nil) else { return text }
    defer { free(base) }
    let prefix = String(cString: base)
    return text.hasPrefix(prefix + "/") ? String(text.dropFirst(prefix.count)) : nil
  }

  /// The device behind a node's path; nil where it is no block device that can be seen.
  ///
  /// Beneath another root there are no nodes, so there the name alone decides.
  public func blockDeviceNumber(ofNode path: String) -> DeviceNumber? {
    if root.isEmpty {
      guard let status = try? FileStatus(path: FileSystemPath(path)), status.kind == .blockDevice
      else { return nil }
      return status.deviceNumber
    }
    guard path.hasPrefix("/dev/") else { return nil }
    let target = realPath(path) ?? path
    let name = target.dropFirst(5).split(separator: "/").joined(separator: "!")
    return text("/sys/class/block/\(name)/dev").flatMap { DeviceNumber($0) }
  }
}
