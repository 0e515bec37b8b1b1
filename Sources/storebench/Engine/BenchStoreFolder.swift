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
  /// Whether the folder itself was made for it, to be removed with it; nil where that is not known.
  var madeFolder: Bool?
}

/// The folder of a benchmark: the store, what is known of it, and whether its fill was finished.
struct BenchStoreFolder: Sendable {
  /// What a folder was found to be.
  enum Finding: Sendable {
    /// Nothing is there, or an empty folder.
    case free
    /// A store of ours, and whether it is whole.
    case ours(BenchStoreDescription, isFilled: Bool)
  }

  static let descriptionName = "BENCH"
  static let filledName = "BENCH.filled"
  static let storeName = "store"
  /// A copy of the file by which a store is known, as it was when the benchmark made its own.
  static let storeNoteName = "BENCH.store"

  /// What a file system has in its first folder from the start.
  private static let fileSystemName = "lost+found"

  let path: String
  var store: String { path + "/" + Self.storeName }
  private var description: String { path + "/" + Self.descriptionName }
  private var filled: String { path + "/" + Self.filledName }
  private var storeNote: String { path + "/" + Self.storeNoteName }
  private var storeMark: String { store + "/STORE" }

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
    try checkStore()
    return .ours(found, isFilled: files.fileExists(atPath: filled))
  }

  /// Refuses a store that has come to stand where the benchmark's was.
  private func checkStore() throws(CommandFailure) {
    let files = FileManager.default
    // Of a link itself, and not of what it leads to.
    guard let type = try? files.attributesOfItem(atPath: store)[.type] as? FileAttributeType else {
      return
    }
    let isOurs: Bool
    if type != .typeDirectory {
      isOurs = false
    } else if let mark = files.contents(atPath: storeMark) {
      isOurs = mark == files.contents(atPath: storeNote)
    } else {
      // A run was cut short while it made or removed it.
      isOurs = true
    }
    guard isOurs else {
      throw CommandFailure(
        .refused,
        "refused: \(store) is not the store that storebench bench made, as \(storeNote) tells, and a "
          + "benchmark would overwrite it\nmove it away, or name another folder")
    }
  }

  /// Notes by which file the store that was just made is known.
  func noteStore() throws(CommandFailure) {
    do throws(SystemError) {
      try append([UInt8](FileManager.default.contents(atPath: storeMark) ?? Data()), to: storeNote)
    } catch {
      throw CommandFailure(.unsuitable, "\(storeNote): \(error)")
    }
  }

  /// Another folder on the same drive: beside a mount point lies another one.
  private var suggestion: String {
    func device(_ path: String) -> Int? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.systemNumber] as? Int
    }
    return device(path) == device(path + "/..") ? "\(path)-bench" : "\(path)/bench"
  }

  /// Makes the folder and its description, before anything else is written there.
  func make(_ contents: BenchStoreDescription) throws(CommandFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let parent = FileSystemPath(path).folder
    guard FileManager.default.fileExists(atPath: parent.description) else {
      throw CommandFailure(
        .usage,
        "\(path) cannot be made, as there is no folder \(parent); make that one first, or mount its drive"
      )
    }
    do {
      // The folder alone: where its drive is not mounted, another would be measured.
      var contents = contents
      contents.madeFolder = !FileManager.default.fileExists(atPath: path)
      if contents.madeFolder == true {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      }
      try append(Array(try encoder.encode(contents)) + [0x0A], to: description)
    } catch {
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
      for name in [filled, store, storeNote, description] where files.fileExists(atPath: name) {
        try files.removeItem(atPath: name)
      }
      guard found.madeFolder == true, try files.contentsOfDirectory(atPath: path).isEmpty else {
        return
      }
      try files.removeItem(atPath: path)
    } catch {
      throw CommandFailure(
        .unsuitable,
        "\(path): the benchmark's store could not be removed: \(CommandFailure.reason(error)); remove it"
      )
    }
  }

  private func append(_ bytes: [UInt8], to name: String) throws(SystemError) {
    let file = try AppendFile(creating: name)
    try file.append(bytes)
    try file.synchronize()
  }
}
