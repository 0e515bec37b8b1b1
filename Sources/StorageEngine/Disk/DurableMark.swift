internal import FoundationEssentials
internal import Glibc
internal import LinuxIO
internal import SystemPackage

/// The file `DURABLE` in a tier's folder: how much the drive held.
///
/// RocksDB cannot tell a log that lost its end, or is missing, from one whose end never came to the
/// drive, and removes what is left of it. So:
///
/// 1. 100 ms after a sync of the log at the latest the number of changes is noted (``DurableNoter``); closing
///    notes it with the newest log and its size.
/// 2. Opening refuses a tier whose log is missing or shorter, before RocksDB has seen it.
/// 3. A tier that comes back with fewer changes has lost some, as by a flipped bit in the log, and is refused as well.
///    To write, it is first opened for reading only to find that out (``TierDatabase/check(_:settings:)``).
/// 4. Opening for writing then strikes out the log, which RocksDB replaces.
///
/// Lines of fixed length, written in place: a crash leaves the old ones or the new ones, and both
/// are true.
struct DurableMark: Sendable, Equatable {
  static let fileName = "DURABLE"

  /// RocksDB's number of the newest change.
  var sequence: UInt64
  /// The number in the newest log's name; 0 where none is told of.
  var log: UInt64 = 0
  /// Bytes of that log.
  var logBytes: UInt64 = 0

  /// The file's text, always of the same length.
  var text: String {
    MarkFile.text([("sequence", sequence), ("log", log), ("log bytes", logBytes)])
  }

  init(sequence: UInt64, log: UInt64 = 0, logBytes: UInt64 = 0) {
    self.sequence = sequence
    self.log = log
    self.logBytes = logBytes
  }

  /// Reads the file's text; nil where it is none.
  init?(reading text: String) {
    guard let values = MarkFile.values(of: ["sequence", "log", "log bytes"], reading: text)
    else { return nil }
    self.init(sequence: values[0], log: values[1], logBytes: values[2])
  }

  // MARK: Files

  /// What a tier's folder says; nil where it says nothing, as after a power cut that left the file
  /// without contents.
  ///
  /// - Throws: ``StoreError/corruption(tier:file:cause:)`` where the file is damaged, and what keeps this process
  ///   from reading it.
  static func read(_ tier: Tier, in folder: String) throws(StoreError) -> DurableMark? {
    try MarkFile.read(
      fileName, of: tier, in: folder, consequence: consequence, parse: DurableMark.init(reading:))
  }

  /// What is true of a tier's folder now, with so many changes on the drive.
  static func current(sequence: UInt64, in folder: String) -> DurableMark {
    var mark = DurableMark(sequence: sequence)
    if let log = logs(in: folder).max(),
      let bytes = try? byteCount(of: path(of: log, in: folder)).get()
    {
      (mark.log, mark.logBytes) = (log, bytes)
    }
    return mark
  }

  /// Removes logs in which nothing was ever written, but not the newest, which is in use.
  ///
  /// RocksDB 7.8.3 lets a log go once its contents are in tables. One without any stays, and each
  /// opening adds one. Only for a tier that is open for writing, and found whole.
  static func removeEmptyLogs(in folder: String) {
    for log in logs(in: folder).sorted().dropLast() {
      let file = path(of: log, in: folder)
      if (try? byteCount(of: file).get()) == 0 { FileSystemPath(file).removeFile() }
    }
  }

  /// Gives back room beyond the ends of logs.
  ///
  /// RocksDB takes a write buffer's worth of room for each log at once. What a killed process leaves of it nobody
  /// sees, and fills a small drive: then the tables have none into which opening writes the logs. Only for a tier
  /// that nobody else has open.
  static func trimLogs(in folder: String) {
    for log in logs(in: folder) {
      let file = try? FileDescriptor.open(
        FilePath(path(of: log, in: folder)), .readWrite, options: [.closeOnExec])
      // Room that cannot be given back is no worse than before.
      _ = try? file?.closeAfter {
        guard let size = try file?.seek(offset: 0, from: .end) else { return }
        try file?.resize(to: size)
      }
    }
  }

  /// The path of the newest log; nil without one.
  static func newestLog(in folder: String) -> String? {
    logs(in: folder).max().map { path(of: $0, in: folder) }
  }

  /// The numbers of the logs in a folder.
  private static func logs(in folder: String) -> [UInt64] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".log") }.compactMap { UInt64($0.dropLast(4)) }
  }

  /// Writes the file; without it less can be told, and nothing is lost.
  func write(in folder: String, syncs: Bool = true) {
    MarkFile.write(text, to: folder + "/" + Self.fileName, syncs: syncs)
  }

  // MARK: Checking

  /// What is wrong with the log of a tier that RocksDB has not opened yet.
  func logFault(_ tier: Tier, in folder: String) -> StoreError? {
    guard log > 0 else { return nil }
    let path = Self.path(of: log, in: folder)
    let found: UInt64
    switch Self.byteCount(of: path) {
    case .success(let count): found = count
    case .failure(.noSuchFileOrDirectory):
      return .corruption(tier: tier, file: path, cause: "the log is missing; \(Self.remedy)")
    case .failure(let error): return MarkFile.unreadable(path, of: tier, errno: error.rawValue)
    }
    guard found < logBytes else { return nil }
    return .corruption(
      tier: tier, file: path,
      cause: "the log has \(found) bytes, and had \(logBytes) when the store was closed; "
        + Self.remedy)
  }

  /// What is wrong with an open tier.
  ///
  /// - Parameters:
  ///   - tier: Which.
  ///   - found: RocksDB's number of its newest change.
  ///   - damagedLog: The log of which RocksDB says that it is damaged; nil where it does not.
  ///   - newestLog: The newest log before it was opened.
  ///   - folder: The tier's.
  /// - Returns: Nil for nothing.
  func sequenceFault(
    _ tier: Tier, found: UInt64, damagedLog: String?, newestLog: String?, in folder: String
  ) -> StoreError? {
    guard found < sequence else { return nil }
    let newest = log > 0 ? Self.path(of: log, in: folder) : newestLog
    return .corruption(
      tier: tier, file: damagedLog ?? newest ?? folder,
      cause: "the log can be read up to change \(found), and the drive held \(sequence); "
        + Self.remedy)
  }

  private static let consequence =
    "so that nobody knows whether the log is all there; \(remedy)"
  private static let remedy =
    "only where there is no checkpoint and no dump, remove the file \(fileName): the tier is then opened with what "
    + "can be read, once the files MOVES that say more of it are removed as well, and what is missing is lost"

  private static func path(of log: UInt64, in folder: String) -> String {
    let digits = String(log)
    return "\(folder)/" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".log"
  }

  private static func byteCount(of path: String) -> Result<UInt64, Errno> {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
      let size = try file.closeAfter { try file.seek(offset: 0, from: .end) }
      return .success(UInt64(clamping: size))
    } catch {
      return .failure(error as? Errno ?? .ioError)
    }
  }
}
