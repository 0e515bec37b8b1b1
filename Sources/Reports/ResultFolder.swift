import FoundationEssentials
import Glibc
public import Measurements
import SystemPackage

/// A form in which a run is written into its folder.
public enum ResultFormat: String, Sendable, CaseIterable {
  /// `run.json`.
  case json
  /// `junit.xml`.
  case junit
  /// `report.md`.
  case markdown
}

/// The folder of one run: made before the run, so that its journal can grow there.
///
/// Every file that is written here is complete or absent: it is written beside its place, synced,
/// renamed, and the folder synced.
public struct ResultFolder: Sendable, Equatable {
  /// The folder's path.
  public let path: String

  /// Makes the folder `<UTC time>-<host>-<device>-<tier>` in `parent`, which is made too.
  ///
  /// `startedAt` is the run's start, ISO 8601 in UTC. `host` and `device` may hold anything. Where
  /// the name is taken, `-2`, `-3` and so on is added: no two runs ever share a folder.
  ///
  /// - Throws: ``ResultFolderError`` where it cannot be made.
  public init(in parent: String, startedAt: String, host: String, device: String, tier: String)
    throws(ResultFolderError)
  {
    let parent = parent.isEmpty ? "." : parent
    do {
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    } catch {
      throw .cannotMakeFolder(path: parent, reason: Self.reason(error))
    }
    let name = ResultFolderName.text(
      startedAt: startedAt, host: host, device: device, tier: tier)
    var attempt = 1
    while true {
      let path = parent + "/" + (attempt == 1 ? name : "\(name)-\(attempt)")
      do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try Self.synchronize(folder: parent)
        self.path = path
        return
      } catch let error as CocoaError
        where error.code == .fileWriteFileExists && attempt < Self.attemptsMax
      {
        attempt += 1
      } catch {
        throw .cannotMakeFolder(path: path, reason: Self.reason(error))
      }
    }
  }

  /// Looks whether a run's folder could be made in `parent`, and makes nothing.
  ///
  /// A disk without room is found out by making it only.
  ///
  /// - Throws: ``ResultFolderError`` where the nearest folder that is there takes no new entries.
  public static func check(in parent: String) throws(ResultFolderError) {
    let files = FileManager.default
    var nearest = FilePath(parent.isEmpty ? "." : parent)
    var isFolder = false
    while !files.fileExists(atPath: nearest.string, isDirectory: &isFolder) {
      guard nearest != "." else {
        throw .cannotMakeFolder(path: parent, reason: "the folder that this runs in is gone")
      }
      nearest.removeLastComponent()
      // A relative path begins here.
      if nearest.isEmpty { nearest = "." }
    }
    guard isFolder else {
      throw .cannotMakeFolder(path: parent, reason: "the file '\(nearest)' is in the way")
    }
    guard files.isWritableFile(atPath: nearest.string),
      files.isExecutableFile(atPath: nearest.string)
    else {
      throw .cannotMakeFolder(path: parent, reason: "'\(nearest)' may not be written to")
    }
  }

  /// The folder of a run that is there already.
  public init(existing path: String) { self.path = path }

  /// Runs that begin within one second on one host with one device; more is a mistake elsewhere.
  private static let attemptsMax = 10_000

  /// What a subject is called in a folder's name: its serial, else the kernel's name for it.
  public static func deviceName(_ subject: SubjectRecord) -> String {
    switch subject.form {
    case .device: subject.identity.serial ?? subject.identity.name
    case .file: "file-on-\(subject.identity.name)"
    case .null, .simulated: subject.form.rawValue
    }
  }

  /// What happened, as it happened.
  public var journalPath: String { path + "/journal.jsonl" }
  /// The histograms of the rounds.
  public var samplesPath: String { path + "/samples.jsonl" }
  /// The record.
  public var runPath: String { path + "/run.json" }
  /// The profile as it was used.
  public var profilePath: String { path + "/profile.yaml" }
  /// The gates as test cases.
  public var junitPath: String { path + "/junit.xml" }
  /// The report for people.
  public var reportPath: String { path + "/report.md" }

  /// Writes `record` in `formats`, and always the profile as it was used.
  ///
  /// `comparison` is shown in the report for people.
  ///
  /// - Throws: ``ResultFolderError`` at the first file that cannot be written; the ones before it
  ///   are there.
  public func write(
    _ record: RunRecord, formats: Set<ResultFormat> = Set(ResultFormat.allCases),
    comparison: Comparison? = nil
  ) throws(ResultFolderError) {
    try write(record.profile.text, to: profilePath)
    if formats.contains(.json) {
      let bytes: [UInt8]
      do {
        bytes = try RunRecordJSON.encode(record)
      } catch {
        throw .cannotWrite(path: runPath, reason: "\(error)")
      }
      try write(bytes, to: runPath)
    }
    if formats.contains(.junit) { try write(JUnitReport.text(of: record), to: junitPath) }
    if formats.contains(.markdown) {
      try write(MarkdownReport.text(of: record, comparison: comparison), to: reportPath)
    }
  }

  /// Writes `text` as UTF-8 to `path` in this folder, whole or not at all.
  public func write(_ text: String, to path: String) throws(ResultFolderError) {
    try write([UInt8](text.utf8), to: path)
  }

  /// Writes `bytes` to `path` in this folder, whole or not at all.
  public func write(_ bytes: [UInt8], to path: String) throws(ResultFolderError) {
    do {
      // Foundation writes a temporary file beside it, syncs that, and renames it.
      try Data(bytes).write(to: URL(filePath: path), options: [.atomic])
      try Self.synchronize(folder: self.path)
    } catch {
      throw .cannotWrite(path: path, reason: Self.reason(error))
    }
  }

  /// Makes names in `folder` durable.
  private static func synchronize(folder: String) throws {
    let descriptor = try FileDescriptor.open(FilePath(folder), .readOnly, options: [.directory])
    try descriptor.closeAfter {
      // Some file systems have nothing to sync in a folder and say EINVAL.
      if fsync(descriptor.rawValue) != 0, errno != EINVAL { throw Errno(rawValue: errno) }
    }
  }

  private static func reason(_ error: any Error) -> String {
    if let error = error as? Errno { return error.description }
    guard let error = error as? CocoaError else { return "\(error)" }
    if let posix = error.underlying as? POSIXError {
      return Errno(rawValue: posix.code.rawValue).description
    }
    return error.code == .fileWriteFileExists ? "a file is in the way" : "\(error)"
  }
}

/// Why a run's folder could not be made or filled; an unsuitable environment.
public enum ResultFolderError: Error, Equatable, CustomStringConvertible {
  /// No folder for results.
  case cannotMakeFolder(path: String, reason: String)
  /// A file is missing.
  case cannotWrite(path: String, reason: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .cannotMakeFolder(let path, let reason):
      "cannot make the folder for results '\(path)': \(reason); "
        + "choose another with --out DIR"
    case .cannotWrite(let path, let reason):
      "cannot write '\(path)': \(reason); make room or choose another folder with --out DIR"
    }
  }
}
