import FoundationEssentials
import Glibc
import LinuxIO
import Measurements
import StorageEngine
import Verdicts
import Workloads

/// What a benchmark's store was filled with; kept beside it, in a file by which it is known as ours.
struct BenchStoreDescription: Codable, Sendable, Equatable {
  /// The layout's version.
  var format = 1
  /// What the file is for, for whoever finds it.
  var purpose = "a store made by storebench bench store; it may be deleted"
  /// The run that made it, stamped into every value.
  var runID: String
  /// Of which keys follow.
  var seed: UInt64
  /// How keys sort.
  var keyOrder: StoreKeys.Order
  /// Keys put by the fill.
  var keyCount: UInt64
  /// Bytes of each value.
  var valueBytes: Int
  /// Percent of each value that compresses to nothing.
  var compressiblePercent: Int
  /// The name by which the store itself is known; nil where an older version made it.
  var storeIdentity: String?
  /// Whether the folder itself was made for it, to be removed with it; nil where that is not known.
  var madeFolder: Bool?
}

/// The folder of a benchmark: the store, what is known of it, and whether its fill was finished.
struct BenchStoreFolder: Sendable {
  /// What a folder was found to be.
  enum Finding: Sendable {
    /// Nothing is there, or an empty folder, such as that of a drive with nothing but its `lost+found`.
    case free
    /// A store of ours, and whether it is whole.
    case ours(BenchStoreDescription, isFilled: Bool)
  }

  static let descriptionName = "BENCH"
  static let filledName = "BENCH.filled"
  static let storeName = "store"

  /// What a file system has in its first folder from the start.
  private static let fileSystemName = "lost+found"

  let path: String
  var store: String { path + "/" + Self.storeName }
  private var description: String { path + "/" + Self.descriptionName }
  private var filled: String { path + "/" + Self.filledName }

  init(_ path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  /// Looks at what is there, and touches nothing.
  ///
  /// - Throws: `CommandFailure` where anything is there that is not ours.
  func look() throws(CommandFailure) -> Finding {
    let files = FileManager.default
    var isFolder = false
    guard files.fileExists(atPath: path, isDirectory: &isFolder) else { return .free }
    guard isFolder else {
      throw CommandFailure(.refused, "refused: \(path) is no folder; name a new or empty one")
    }
    guard let entries = try? files.contentsOfDirectory(atPath: path) else {
      throw CommandFailure(.unsuitable, "\(path): cannot be read; look at its permissions")
    }
    if entries.allSatisfy({ $0 == Self.fileSystemName }) { return .free }
    guard entries.contains(Self.descriptionName) else {
      let what =
        entries.contains("STORE")
        ? "is a store that storebench bench did not make"
        : "holds files that storebench bench did not make"
      throw CommandFailure(
        .refused,
        "refused: \(path) \(what), and a benchmark would overwrite it\n"
          + "name a new or empty folder, such as \(suggestion), or one that --keep kept, which holds a "
          + "file \(Self.descriptionName)")
    }
    guard let data = files.contents(atPath: description),
      let found = try? JSONDecoder().decode(BenchStoreDescription.self, from: data)
    else {
      throw CommandFailure(
        .refused,
        "refused: \(description) is not readable as the description of a benchmark's store\n"
          + "remove \(path) if it is one, or name a new or empty folder")
    }
    guard found.format == 1 else {
      throw CommandFailure(
        .refused,
        "refused: \(description) has format \(found.format) and this program knows 1; use the "
          + "program that made it, or name a new folder")
    }
    let isThere = try checkStore(of: found, at: store)
    return .ours(found, isFilled: isThere && files.fileExists(atPath: filled))
  }

  /// Refuses what has come to stand where the benchmark's store was.
  ///
  /// - Parameters:
  ///   - found: What is known of the benchmark's.
  ///   - place: Where it was.
  /// - Returns: Whether anything is there.
  /// - Throws: `CommandFailure` where something else is, or what it is cannot be found out.
  private func checkStore(
    of found: BenchStoreDescription, at place: String
  ) throws(CommandFailure) -> Bool {
    let home: FileStatus
    let status: FileStatus
    do throws(DeviceError) {
      home = try FileStatus(path: FileSystemPath(path))
      // Of a link itself, and not of what it leads to.
      status = try FileStatus(path: FileSystemPath(place), following: false)
    } catch {
      if case .missing = error { return false }
      throw CommandFailure(.unsuitable, "\(place): \(error); look at its drive and permissions")
    }
    func refusal(_ what: String) -> CommandFailure {
      CommandFailure(
        .refused,
        "refused: \(place) is not the store that storebench bench made (\(what)), and a benchmark would "
          + "overwrite it\nmove it away, or name another folder")
    }
    guard status.kind == .folder else { throw refusal("it is no folder") }
    guard status.fileSystemNumber == home.fileSystemNumber else {
      throw refusal("it lies on another file system than \(path)")
    }
    guard let identity = found.storeIdentity else {
      throw CommandFailure(
        .refused,
        "refused: \(description) was written by an older storebench, which did not note by what its store is "
          + "known\nremove \(path) if nothing in it is needed, or name another folder")
    }
    let other: String?
    do throws(StoreError) { other = try TieredStore.identity(at: place) } catch {
      throw CommandFailure(
        .unsuitable,
        "\(error)\nremove \(path) if nothing in it is needed, or name another folder")
    }
    if let other {
      guard other == identity else {
        throw refusal("its file STORE names \(other), and \(description) \(identity)")
      }
    } else if FileManager.default.fileExists(atPath: filled)
      || !TieredStore.isUnfinished(at: place, identity: identity)
    {
      throw refusal("it has no file STORE")
    }
    return true
  }

  /// What the store lies on; nil where that cannot be found out.
  var backing: DeviceBacking? {
    guard let file = try? DeviceFile(path: FileSystemPath(store + "/STORE"), access: []) else {
      return nil
    }
    return try? DeviceBacking(ofFile: file)
  }

  /// Another folder on the same drive: what lies beside a mount point, or beside a link, may be on another one.
  private var suggestion: String {
    let inside = path == "/" ? "/bench" : "\(path)/bench"
    let name = path.split(separator: "/").last ?? "/"
    guard ![".", "..", "/"].contains(name),
      let own = try? FileStatus(path: FileSystemPath(path)),
      let beside = try? FileStatus(path: FileSystemPath(path).folder),
      own.fileSystemNumber == beside.fileSystemNumber
    else { return inside }
    return "\(path)-bench"
  }

  /// Makes the folder and its description, before anything else is written there.
  func make(_ contents: BenchStoreDescription) throws(CommandFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let parent = FileSystemPath(path).folder
    guard (try? FileStatus(path: parent)) != nil else {
      throw CommandFailure(
        .usage,
        "\(path) cannot be made, as there is no folder \(parent); make that one first, or mount its drive"
      )
    }
    var contents = contents
    contents.madeFolder = !FileManager.default.fileExists(atPath: path)
    do {
      // The folder alone: where its drive is not mounted, another would be measured.
      if contents.madeFolder == true { try FileSystemPath(path).makeFolder() }
      try append(Array(try encoder.encode(contents)) + [0x0A], to: description)
    } catch {
      if contents.madeFolder == true { FileSystemPath(path).removeEmptyFolder() }
      throw CommandFailure(
        .unsuitable,
        "\(path): cannot be made: \(CommandFailure.reason(error)); name a folder where you may write"
      )
    }
  }

  /// Says that every key was put.
  func markFilled() throws(CommandFailure) {
    do throws(SystemError) {
      try append(Array("every key was put\n".utf8), to: filled)
    } catch {
      throw CommandFailure(.unsuitable, "\(filled): \(error)")
    }
  }

  /// Removes the store and what is known of it, and the folder where it was made for them and holds nothing else.
  ///
  /// - Throws: `CommandFailure` also where another store has come to stand there.
  func remove() throws(CommandFailure) {
    guard case .ours(let found, _) = try look() else { return }
    let files = FileManager.default
    do {
      // The description goes last: what is left by a crash is still known as ours.
      if files.fileExists(atPath: filled) { try files.removeItem(atPath: filled) }
      if let identity = found.storeIdentity { try removeStore(of: found, identity) }
      try files.removeItem(atPath: description)
      guard found.madeFolder == true, try files.contentsOfDirectory(atPath: path).isEmpty else {
        return
      }
      try files.removeItem(atPath: path)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(
        .unsuitable,
        "\(path): the benchmark's store could not be removed: \(CommandFailure.reason(error)); remove it"
      )
    }
  }

  /// Removes the store under a name that nobody else knows, so that nobody can put another in its place, or open it,
  /// meanwhile.
  private func removeStore(of found: BenchStoreDescription, _ identity: String) throws {
    let files = FileManager.default
    let doomed = path + "/removed-" + identity
    if files.fileExists(atPath: doomed) { try files.removeItem(atPath: doomed) }
    guard files.fileExists(atPath: store) else { return }
    let (own, away) = (FileSystemPath(store), FileSystemPath(doomed))
    try own.rename(to: away)
    do throws(CommandFailure) {
      _ = try checkStore(of: found, at: doomed)
      guard !KernelTree.live.hasLock(on: FileSystemPath(doomed + "/hot/LOCK")) else {
        throw CommandFailure(
          .refused,
          "refused: \(store) is open elsewhere, and a benchmark would remove it; close it there")
      }
    } catch {
      try? away.rename(to: own)
      throw error
    }
    try files.removeItem(atPath: doomed)
  }

  /// Writes a file that is not there yet; one that could not be written whole is removed again.
  private func append(_ bytes: [UInt8], to name: String) throws(SystemError) {
    let file = try AppendFile(creating: name)
    do throws(SystemError) {
      try file.append(bytes)
      try file.synchronize()
    } catch {
      FileSystemPath(name).removeFile()
      throw error
    }
  }
}
