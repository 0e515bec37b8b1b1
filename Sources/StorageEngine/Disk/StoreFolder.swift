internal import FoundationEssentials
internal import Glibc
internal import LinuxIO
internal import SystemPackage

/// The folder of a store on disk: its `STORE` file and its tiers' folders.
struct StoreFolder: Sendable {
  let path: String
  let format: StoreFormat
  /// Folders that were made for a new store, in their order.
  private(set) var madeFolders: [String] = []

  /// The folder of a tier; one that is named takes the place of the recorded one.
  func path(of tier: Tier, named: [Tier: String]) -> String {
    let folder = named[tier] ?? format.folders[tier] ?? tier.rawValue
    return folder.hasPrefix("/") ? folder : path + "/" + folder
  }

  /// Whether a process has the store open for writing.
  func isBeingWritten(_ configuration: StoreConfiguration) -> Bool {
    TierDatabase.isBeingWritten(at: path(of: .hot, named: configuration.tierFolders))
  }

  /// Makes the folders of a new store and their labels; ``seal()`` makes them a store.
  ///
  /// - Throws: ``StoreError/exists(path:)`` where a folder is there and not empty; what was made until
  ///   then is removed again.
  init(
    creating path: String, tierFolders: [Tier: String], identity: String
  ) throws(StoreError) {
    for (tier, folder) in tierFolders where folder.contains("\n") || folder.isEmpty {
      throw .invalidArgument("the folder of the \(tier.rawValue) tier has no usable name")
    }
    var seen: Set<FilePath> = []
    for folder in tierFolders.values {
      guard seen.insert(FilePath(folder).lexicallyNormalized()).inserted else {
        throw .invalidArgument(
          "two tiers have the same folder, '\(folder)'; each needs one of its own")
      }
    }
    for (tier, folder) in tierFolders where !folder.hasPrefix("/") {
      let store = FilePath(path).lexicallyNormalized()
      let parent = store.pushing(FilePath(folder)).lexicallyNormalized().removingLastComponent()
      guard parent != store, !parent.isEmpty,
        !FileManager.default.fileExists(atPath: parent.string)
      else { continue }
      throw .invalidArgument(
        "the \(tier.rawValue) tier's folder '\(folder)' begins in the store's, where its parent is not "
          + "there; write it from the root on, as in /mnt/ssd/\(tier.rawValue)")
    }
    let format = StoreFormat(
      identity: identity,
      folders: Dictionary(
        uniqueKeysWithValues: Tier.allCases.map { ($0, tierFolders[$0] ?? $0.rawValue) }))
    self.path = path
    self.format = format
    do throws(StoreError) {
      if try Self.makeEmpty(path) { madeFolders.append(path) }
      for tier in Tier.allCases {
        let folder = self.path(of: tier, named: [:])
        if try Self.makeEmpty(folder) { madeFolders.append(folder) }
        let label = TierLabel(identity: identity, tier: tier)
        try Self.write(label.text, to: folder + "/" + TierLabel.fileName)
        try Self.synchronize(folder: folder)
      }
    } catch {
      takeBack()
      throw error
    }
  }

  /// Writes the `STORE` file, last of all: a crash before it leaves no store.
  func seal() throws(StoreError) {
    try Self.write(format.text, to: path + "/" + StoreFormat.fileName)
    try Self.synchronize(folder: path)
  }

  /// Reads the `STORE` file of a folder.
  init(opening path: String) throws(StoreError) {
    let file = path + "/" + StoreFormat.fileName
    let text: String
    switch SmallFile.read(file) {
    case .success(let found): text = found
    case .failure(let error) where error.errno == ENOENT || error.errno == ENOTDIR:
      let folderIsThere = FileManager.default.fileExists(atPath: path)
      throw .notAStore(
        path: path,
        reason: folderIsThere
          ? "it has no file \(StoreFormat.fileName)" : "there is no such folder")
    case .failure(let error):
      throw .system(path: file, cause: SystemError.text(of: error.errno))
    }
    do throws(StoreFormat.Fault) {
      format = try StoreFormat(reading: text)
    } catch {
      switch error {
      case .notAStore(let reason) where Self.holdsLabels(path):
        throw .damagedFormat(path: path, cause: reason)
      case .notAStore(let reason): throw .notAStore(path: path, reason: reason)
      case .newer(let found):
        throw .newerFormat(path: path, found: found, known: StoreFormat.known)
      }
    }
    self.path = path
  }

  /// Whether tiers of a store lie in a folder, as their labels say.
  private static func holdsLabels(_ path: String) -> Bool {
    Tier.allCases.contains { tier in
      let file = path + "/" + tier.rawValue + "/" + TierLabel.fileName
      guard case .success(let text) = SmallFile.read(file) else { return false }
      return text.hasPrefix(TierLabel(identity: "", tier: tier).text.dropLast())
    }
  }

  /// Refuses a tier's folder that is not this store's.
  func checkLabel(of tier: Tier, at folder: String) throws(StoreError) {
    let file = folder + "/" + TierLabel.fileName
    let found: String
    switch SmallFile.read(file) {
    case .success(let text): found = text
    case .failure(let error) where error.errno == ENOENT || error.errno == ENOTDIR:
      let folderIsThere = FileManager.default.fileExists(atPath: folder)
      throw .wrongFolder(
        tier: tier, path: folder,
        reason: folderIsThere ? "it has no file \(TierLabel.fileName)" : "there is no such folder")
    case .failure(let error) where error.errno == EACCES || error.errno == EPERM:
      throw .refused(tier: tier, path: file, cause: SystemError.text(of: error.errno))
    case .failure(let error):
      throw .failed(tier: tier, path: file, cause: SystemError.text(of: error.errno))
    }
    let label = TierLabel(identity: format.identity, tier: tier)
    guard found == label.text else {
      guard TierLabel.isOne(found) else {
        throw .corruption(
          tier: tier, file: file,
          cause: "it is no label of a tier; where this is the right folder, write "
            + "'\(label.text.split(separator: "\n").joined(separator: "\\n"))\\n' into it")
      }
      let words = found.split(separator: "\n").joined(separator: ", ")
      throw .wrongFolder(tier: tier, path: folder, reason: "its label says '\(words)'")
    }
  }

  /// Refuses a checkpoint's folder that lies in one of the store's: it would be lost with what it is kept against.
  func checkIsOutside(_ target: String, of folders: [String]) throws(StoreError) {
    guard !target.isEmpty else {
      throw .invalidArgument("the name of the checkpoint's folder is empty; name a new folder")
    }
    // Where neither it nor its parent is there, making it tells.
    let path = FileSystemPath(target)
    let beside = path.folder.resolved.flatMap { folder in
      FilePath(target).lastComponent.map { folder.appending($0.string) }
    }
    guard let place = path.resolved ?? beside else { return }
    for folder in folders {
      guard let own = FileSystemPath(folder).resolved, place.isWithin(own) else { continue }
      throw .invalidArgument(
        "the checkpoint '\(target)' would lie in the store's own folder '\(folder)'; name one outside of it, best "
          + "on another drive")
    }
  }

  /// Makes a copy of the labels, of `MOVES` and of the `STORE` file for a checkpoint, whose tiers lie in it.
  func seal(checkpoint target: String, moves: [Tier: MoveMark]) throws(StoreError) {
    for tier in Tier.allCases {
      let folder = target + "/" + tier.rawValue
      let label = TierLabel(identity: format.identity, tier: tier)
      if let mark = moves[tier] { try Self.write(mark.text, to: folder + "/" + MoveMark.fileName) }
      try Self.write(label.text, to: folder + "/" + TierLabel.fileName)
      try Self.synchronize(folder: folder)
    }
    let copy = StoreFormat(identity: format.identity, folders: [:])
    try Self.write(copy.text, to: target + "/" + StoreFormat.fileName)
    try Self.synchronize(folder: target)
  }

  // MARK: Files

  /// Makes a folder, which may be there if it is empty; its parent must be there.
  ///
  /// A missing parent is often a drive that is not mounted, and what is made in its place then lies on
  /// another.
  ///
  /// - Returns: Whether it was made.
  @discardableResult
  static func makeEmpty(_ folder: String) throws(StoreError) -> Bool {
    let place = FileSystemPath(folder)
    do throws(SystemError) {
      try place.makeFolder()
      return true
    } catch {
      switch error.errno {
      case EEXIST: break
      case ENOENT:
        throw .invalidArgument(
          "'\(folder)' cannot be made, as there is no folder '\(place.folder)'; make that one first, "
            + "or mount its drive")
      case ENOTDIR: throw .system(path: folder, cause: "a file is in the way")
      default: throw .system(path: folder, cause: SystemError.text(of: error.errno))
      }
    }
    do {
      // A drive's own folder is empty where it holds no more than what its file system made.
      guard
        try FileManager.default.contentsOfDirectory(atPath: folder)
          .allSatisfy({ $0 == "lost+found" })
      else { throw StoreError.exists(path: folder) }
    } catch let error as StoreError {
      throw error
    } catch {
      var isFolder = false
      let isFile =
        FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) && !isFolder
      throw .system(path: folder, cause: isFile ? "a file is in the way" : reason(error))
    }
    return false
  }

  /// Writes a file that is not there yet; one that could not be written whole is removed again.
  private static func write(_ text: String, to file: String) throws(StoreError) {
    var isMade = false
    do throws(SystemError) {
      let target = try AppendFile(creating: file)
      isMade = true
      try target.append(Array(text.utf8))
      try target.synchronize()
    } catch {
      if isMade { FileSystemPath(file).removeFile() }
      throw .system(path: file, cause: SystemError.text(of: error.errno))
    }
  }

  /// Makes the names in a folder durable.
  static func synchronize(folder: String) throws(StoreError) {
    do {
      let descriptor = try FileDescriptor.open(FilePath(folder), .readOnly, options: [.directory])
      try descriptor.closeAfter {
        // Some file systems have nothing to sync in a folder and say EINVAL.
        if fsync(descriptor.rawValue) != 0, errno != EINVAL { throw Errno(rawValue: errno) }
      }
    } catch {
      throw .system(path: folder, cause: reason(error))
    }
  }

  private static func reason(_ error: any Error) -> String {
    if let error = error as? Errno { return error.description }
    guard let error = error as? CocoaError else { return "\(error)" }
    if let posix = error.underlying as? POSIXError {
      return Errno(rawValue: posix.code.rawValue).description
    }
    return "\(error)"
  }
}
