internal import FoundationEssentials
internal import Glibc
internal import LinuxIO
internal import SystemPackage

/// Small files in a tier's folder that tell of it by numbers: ``DurableMark`` and ``MoveMark``.
///
/// Lines of fixed length, the last a checksum, written in place: a crash leaves the old ones or the new ones.
enum MarkFile {
  /// A file's text, as long for any values.
  static func text(_ values: [(name: String, value: UInt64)]) -> String {
    let told = values.map { line($0.name, $0.value) }.joined()
    return told + line("check", checksum(told))
  }

  /// The values of these names, in their order; nil where the text is not exactly theirs.
  static func values(of names: [String], reading text: String) -> [UInt64]? {
    var found: [Substring: UInt64] = [:]
    for line in text.split(separator: "\n") {
      guard let colon = line.firstRange(of: ": ") else { return nil }
      found[line[..<colon.lowerBound]] = UInt64(line[colon.upperBound...])
    }
    let values = names.compactMap { found[$0[...]] }
    guard values.count == names.count,
      text == Self.text(Array(zip(names, values)).map { (name: $0.0, value: $0.1) })
    else { return nil }
    return values
  }

  private static func line(_ name: String, _ value: UInt64) -> String {
    let digits = String(value)
    return "\(name): " + String(repeating: "0", count: 20 - digits.count) + digits + "\n"
  }

  /// FNV-1a of 64 bits, by its authors' constants: enough to notice damage.
  private static func checksum(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  // MARK: Files

  /// Reads a file of a tier.
  ///
  /// - Parameters:
  ///   - name: The file's.
  ///   - tier: Which tier.
  ///   - folder: The tier's.
  ///   - consequence: What follows where the file is damaged, and what to do, in words.
  ///   - parse: Makes of its text what it tells; nil where it is damaged.
  /// - Returns: What it tells; nil where it is not there, or says nothing, as after a power cut that left it without
  ///   contents.
  /// - Throws: ``StoreError/corruption(tier:file:cause:)`` where the file is damaged, and what keeps this process
  ///   from reading it.
  static func read<Mark>(
    _ name: String, of tier: Tier, in folder: String, consequence: String,
    parse: (String) -> Mark?
  ) throws(StoreError) -> Mark? {
    let file = folder + "/" + name
    let text: String
    switch SmallFile.read(file) {
    case .success(let found): text = found
    case .failure(let error) where error.errno == ENOENT: return nil
    case .failure(let error) where error.errno == EINVAL || error.errno == EISDIR:
      throw .corruption(tier: tier, file: file, cause: "it is no file, \(consequence)")
    case .failure(let error): throw unreadable(file, of: tier, errno: error.errno)
    }
    if text.utf8.allSatisfy({ $0 == 0 }) { return nil }
    if let mark = parse(text) { return mark }
    throw .corruption(tier: tier, file: file, cause: "it is damaged, \(consequence)")
  }

  /// A file that is there and cannot be read: no sign of damage.
  static func unreadable(_ file: String, of tier: Tier, errno: Int32) -> StoreError {
    TierPlace(tier: tier, path: file).failure(of: file, "it cannot be read", errno: errno)
  }

  /// Writes a file in place; where that fails it goes on saying what it said.
  ///
  /// - Returns: Whether it was written.
  @discardableResult
  static func write(_ text: String, to file: String, syncs: Bool) -> Bool {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(file), .writeOnly, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try descriptor.closeAfter {
        _ = try descriptor.writeAll(toAbsoluteOffset: 0, text.utf8)
        if syncs, fdatasync(descriptor.rawValue) != 0 { throw Errno(rawValue: errno) }
      }
      return true
    } catch {
      return false
    }
  }

  /// Gives a file that has other names as well, as in a copy made of hard links, bytes of its own: what is written in
  /// place would be told of that copy, too.
  ///
  /// - Returns: Why it could not be done; nil where it was, or need not be.
  static func separate(_ file: String) -> SystemError? {
    let path = FileSystemPath(file)
    guard let status = try? FileStatus(path: path), status.linkCount > 1,
      case .success(let text) = SmallFile.read(file)
    else { return nil }
    // By a name that ``StoreFolder/isOfTier(_:)`` knows; what a crash left of one goes first.
    let beside = file + ".dbtmp"
    FileSystemPath(beside).removeFile()
    do throws(SystemError) {
      let made = try AppendFile(creating: beside)
      try made.append(Array(text.utf8))
      try made.synchronize()
      try FileSystemPath(beside).rename(to: path)
      return nil
    } catch {
      FileSystemPath(beside).removeFile()
      return error
    }
  }
}
