internal import FoundationEssentials
internal import LinuxIO
internal import RocksDB

extension StoreFolder {
  /// Removes what was made for a store that could not be finished, and nothing else.
  ///
  /// Files go only where the tier's label, or the `STORE` file, bears this store's random identity, and
  /// only by the names that a tier's files have. Folders go only where they were made for it, and only
  /// when they are empty by then: one that was there before stays.
  func takeBack() {
    let file = path + "/" + StoreFormat.fileName
    if case .success(format.text) = SmallFile.read(file) {
      FileSystemPath(file).removeFile()
      FileSystemPath(path).appending(HeatFile.fileName).removeFile()
    }
    for tier in Tier.allCases {
      let folder = self.path(of: tier, named: [:])
      let label = TierLabel(identity: format.identity, tier: tier)
      let labelFile = folder + "/" + TierLabel.fileName
      guard case .success(label.text) = SmallFile.read(labelFile) else { continue }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for name in names where Self.isOfTier(name) {
        FileSystemPath(folder).appending(name).removeFile()
      }
      // Last: what a crash leaves is still known by it.
      FileSystemPath(labelFile).removeFile()
    }
    for folder in madeFolders.reversed() { FileSystemPath(folder).removeEmptyFolder() }
  }

  /// Whether a file of that name is RocksDB's or the store's own.
  static func isOfTier(_ name: String) -> Bool {
    let names = [
      "CURRENT", "IDENTITY", "LOCK", "LOG", Database.reserveName, Database.manifestMarkName,
      DurableMark.fileName, MoveMark.fileName,
    ]
    return names.contains(name)
      || ["LOG.old.", "MANIFEST-", "OPTIONS-"].contains { name.hasPrefix($0) }
      || [".log", ".sst", ".dbtmp"].contains { name.hasSuffix($0) }
  }
}
