internal import FoundationEssentials
internal import Glibc
internal import LinuxIO

extension TieredStore {
  /// The random name by which a store and its tiers know each other; a checkpoint has its store's.
  package var identity: String { folder.format.identity }

  /// A name that no other store has.
  package static func newIdentity() -> String {
    String(UInt64.random(in: .min ... .max), radix: 16)
  }

  /// The name of the store in a folder; nil where the folder has no file `STORE`.
  ///
  /// - Throws: Why that file cannot be read, or tells no name.
  package static func identity(at path: String) throws(StoreError) -> String? {
    if case .failure(let error) = SmallFile.read(path + "/" + StoreFormat.fileName),
      error.errno == ENOENT
    {
      return nil
    }
    return try StoreFolder(opening: path).format.identity
  }

  /// Whether a folder without a file `STORE` holds nothing but what is left where the making of a store was cut
  /// short.
  ///
  /// - Parameters:
  ///   - path: The folder, whose tiers lie in it.
  ///   - identity: The name that the store was to have.
  /// - Returns: False also where that cannot be found out.
  package static func isUnfinished(at path: String, identity: String) -> Bool {
    let files = FileManager.default
    guard let entries = try? files.contentsOfDirectory(atPath: path) else { return false }
    return entries.allSatisfy { entry in
      guard let tier = Tier(rawValue: entry) else { return false }
      let folder = path + "/" + entry
      guard let names = try? files.contentsOfDirectory(atPath: folder) else { return false }
      guard names != [] else { return true }
      let label = TierLabel(identity: identity, tier: tier).text
      guard case .success(label) = SmallFile.read(folder + "/" + TierLabel.fileName) else {
        return false
      }
      return names.allSatisfy { $0 == TierLabel.fileName || StoreFolder.isOfTier($0) }
    }
  }
}
