internal import CRocksDB

/// A call of RocksDB that failed: what kind of failure, at which file, in RocksDB's own words.
public struct RocksDBError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds that a caller reacts to differently.
  public enum Code: String, Sendable, CaseIterable {
    /// Stored bytes are not what was written.
    case corruption
    /// The operating system failed a read or a write.
    case ioError
    /// The file system or the allotted space is full.
    case noSpace
    /// Another process or call holds what is needed, or writes are stalled; it may pass.
    case busy
    /// The operating system does not let this process: permissions, or its limits.
    case refused
    /// A file or folder is missing; never said of a key.
    case notFound
    /// The call, or an option, makes no sense for this database.
    case invalidArgument
    /// The call was given up, as the database is closing or still in use.
    case aborted
    /// Anything else.
    case other
  }

  /// What kind of failure it is.
  public var code: Code
  /// The file that it is about, or the database's folder where RocksDB names no file.
  public var path: String
  /// RocksDB's own words.
  public var message: String

  /// Names a failure.
  public init(code: Code, path: String, message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  /// What happened, where, in RocksDB's words, and what to do.
  public var description: String { "\(path): \(code.words): \(message); \(code.remedy)" }
}

extension RocksDBError {
  /// Reads a status text of RocksDB, such as `Corruption: block checksum mismatch: …`.
  ///
  /// Source: `Status::ToString` of RocksDB 7.8.3: the kind, a colon, the reason within the kind.
  init(text: String, database: String) {
    var message = text.split(separator: "\n").joined(separator: " ")
    // Some statuses give no reason behind their colon.
    if message.hasSuffix(": ") { message.removeLast(2) }
    self.init(
      code: Code(text: message), path: Self.path(in: message, database: database),
      message: message)
  }

  /// Reads and frees a status text that C handed over.
  init(taking text: UnsafeMutablePointer<CChar>, database: String) {
    defer { rocksdb_free(text) }
    self.init(text: String(cString: text), database: database)
  }

  /// The file that a status text names.
  private static func path(in text: String, database: String) -> String {
    let folder = database.hasSuffix("/") ? database : database + "/"
    for range in text.ranges(of: folder) {
      let name = fileName(at: range.upperBound, in: text)
      guard !name.isEmpty else { continue }
      // A missing table is looked for under LevelDB's old name last, which is the one then named.
      return folder + (name.hasSuffix(".ldb") ? name.dropLast(4) + ".sst" : name)
    }
    // What the manifest tells of a log.
    if let log = text.firstMatch(of: /\blog number: (\d+)/) {
      let digits = String(log.1)
      return folder + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".log"
    }
    // Some texts name the table only within its folder.
    if let table = text.firstMatch(of: /(?:^|[\s\/])(\d{6,}\.(?:sst|ldb|log|blob))/) {
      return folder + String(table.1)
    }
    let word = text.split(separator: " ").first { $0.hasPrefix("/") && $0.count > 1 }
    guard let word else { return database }
    return String(word.reversed().drop { ":,.".contains($0) }.reversed())
  }

  /// The file name that starts at `start`, without a full stop that ends the sentence.
  private static func fileName(at start: String.Index, in text: String) -> String {
    let name = text[start...].prefix {
      $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" || $0 == "/"
    }
    return String(name.reversed().drop { $0 == "." || $0 == "/" }.reversed())
  }
}

extension RocksDBError.Code {
  /// The kind that a status text begins with.
  init(text: String) {
    // What a writer is told that was held back while a flush failed.
    let heldBack = "Result incomplete: "
    if text.hasPrefix(heldBack + "IO error") {
      self.init(text: String(text.dropFirst(heldBack.count)))
      return
    }
    let kinds: [(String, Self)] = [
      ("Corruption", .corruption),
      ("IO error", .ioError),
      ("NotFound", .notFound),
      ("Resource busy", .busy),
      ("Result incomplete", .busy),
      ("Operation timed out", .busy),
      ("Operation failed. Try again.", .busy),
      ("Invalid argument", .invalidArgument),
      ("Not implemented", .invalidArgument),
      ("Operation aborted", .aborted),
      ("Shutdown in progress", .aborted),
    ]
    let kind = kinds.first { text.hasPrefix($0.0) }?.1 ?? .other
    self =
      switch kind {
      case .ioError where text.contains("No space left on device"): .noSpace
      case .ioError where text.contains("Space limit reached"): .noSpace
      case .ioError where Self.refusals.contains { text.contains($0) }: .refused
      // Also where it is the lock's file that cannot be made; nobody holds that.
      case .ioError where text.contains("Read-only file system"): .ioError
      case .ioError where text.contains("lock hold by current process"): .busy
      case .ioError where text.contains("While lock file"): .busy
      case .ioError where text.contains("No such file or directory"): .notFound
      case .invalidArgument where text.contains("does not exist"): .notFound
      // What the options' file could not be read for.
      case .invalidArgument where Self.refusals.contains { text.contains($0) }: .refused
      default: kind
      }
  }

  /// The system's words, by `strerror`, for what another user or a higher limit could do.
  private static let refusals = [
    "Permission denied", "Operation not permitted", "Too many open files",
  ]

  /// The kind in words.
  var words: String {
    switch self {
    case .corruption: "stored data are damaged"
    case .ioError: "reading or writing failed"
    case .noSpace: "no space is left"
    case .busy: "in use"
    case .refused: "the system does not allow it"
    case .notFound: "missing"
    case .invalidArgument: "not possible"
    case .aborted: "given up"
    case .other: "failed"
    }
  }

  /// What to do about it.
  var remedy: String {
    switch self {
    case .corruption: "check the drive, then restore the file or the folder from a copy"
    case .ioError: "look into the kernel's log for this drive"
    case .noSpace: "free space on its file system"
    case .busy: "close the other user of it, or try again"
    case .refused: "check the permissions and the limits of this process (ulimit)"
    case .notFound: "check the path"
    case .invalidArgument: "check the call and the options"
    case .aborted: "release what was taken from the database, or open it again"
    case .other: "see the file LOG in the database's folder"
    }
  }
}
