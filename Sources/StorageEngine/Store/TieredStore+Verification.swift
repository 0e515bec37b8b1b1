internal import RocksDB

/// A place where stored bytes are not what was written.
public struct Damage: Sendable, Hashable, CustomStringConvertible {
  /// Which tier.
  public var tier: Tier
  /// The file, or the tier's folder where no one file can be named.
  public var file: String
  /// What is wrong, in words.
  public var cause: String

  /// Tier, file and cause.
  public var description: String { "\(tier.rawValue): \(file): \(cause)" }
}

/// What ``TieredStore/verify(_:configuration:)`` found in a store's folder.
public struct Verification: Sendable, Equatable {
  /// What is damaged in the tiers that could be opened, each once.
  public var damages: [Damage]
  /// Why tiers, or the store as a whole, could not be opened; empty where everything was read.
  public var failures: [StoreError]
}

extension TieredStore {
  /// Verifies the store in a folder, tier by tier where it does not open as a whole.
  ///
  /// One tier that is damaged or not there keeps a store from being opened; what is damaged in the others is told
  /// all the same. Nothing is changed.
  ///
  /// - Parameters:
  ///   - path: The store's folder.
  ///   - configuration: As for ``open(_:configuration:)``; it is opened for reading only, whatever this says.
  /// - Returns: What is damaged, and which tiers could not be opened.
  /// - Throws: What keeps every tier from being looked at, such as a missing file `STORE` or too little memory, and
  ///   ``StoreError/inUse(path:)`` where something seems damaged and a process writes.
  public static func verify(
    _ path: String, configuration: StoreConfiguration = .measured
  ) throws(StoreError) -> Verification {
    var configuration = configuration
    configuration.readOnly = true
    let store: TieredStore
    do throws(StoreError) {
      store = try open(path, configuration: configuration)
    } catch {
      switch error {
      case .corruption, .failed, .refused, .wrongFolder:
        return try verifyByTier(path, configuration, unopened: error)
      default: throw error
      }
    }
    let damages: [Damage]
    do throws(StoreError) {
      damages = try store.verify()
    } catch {
      try? store.close()
      throw error
    }
    try store.close()
    return Verification(damages: damages, failures: [])
  }

  /// Verifies each tier that opens alone, where the store as a whole did not, as `failure` says.
  private static func verifyByTier(
    _ path: String, _ configuration: StoreConfiguration, unopened failure: StoreError
  ) throws(StoreError) -> Verification {
    let folder = try StoreFolder(opening: path)
    var found = Verification(damages: [], failures: [])
    for tier in Tier.allCases {
      do throws(StoreError) {
        let place = TierPlace(
          tier: tier, path: folder.path(of: tier, named: configuration.tierFolders))
        try folder.checkLabel(of: tier, at: place.path)
        if let obstacle = place.obstacle(writing: false) { throw obstacle }
        // One at a time, so each may have the memory that all of them share.
        let database = try TierDatabase(
          place, settings: configuration.settings(of: tier),
          memory: configuration.sharesMemory ? SharedMemory(for: configuration) : nil,
          directReads: configuration.directReads, access: .readOnly, lock: nil)
        found.damages += damages(in: database)
      } catch {
        found.failures.append(error)
      }
    }
    guard !folder.isBeingWritten(configuration) else { throw .inUse(path: path) }
    // Each opens, and what they say of each other does not agree.
    if found.failures.isEmpty { found.failures = [failure] }
    return found
  }

  /// Reads everything that is stored, compares every checksum and looks at every header.
  ///
  /// - Returns: What is damaged, tier by tier, each once; at most ``damagesMax`` values of each tier are named.
  /// - Throws: ``StoreError/inUse(path:)`` where something seems damaged and a process writes.
  public func verify() throws(StoreError) -> [Damage] {
    let tiers = try tiers()
    let damages = Tier.allCases.flatMap { Self.damages(in: tiers[$0]) }
    // A table that its writer has removed meanwhile looks like a missing one.
    if !damages.isEmpty, committer == nil, folder.isBeingWritten(configuration) {
      throw .inUse(path: path)
    }
    return damages
  }

  /// Most damaged values that are named of one tier.
  public static var damagesMax: Int { 100 }

  /// What is damaged in a tier, each once.
  private static func damages(in tier: TierDatabase) -> [Damage] {
    // A damaged block is found as a part of its file, and again by whoever walks over the keys.
    var found = tier.database.damagedFiles().map { error in
      Damage(tier: tier.tier, file: error.path, cause: error.message)
    }
    found += damagedValues(in: tier)
    var seen: Set<Damage> = []
    return found.filter { seen.insert($0).inserted }
  }

  private static func damagedValues(in tier: TierDatabase) -> [Damage] {
    var options = IteratorOptions(from: KeyRule.lowest, to: nil)
    options.fillCache = false
    options.readaheadBytes = 1 << 20
    var iterator = tier.database.iterator(options)
    var damages: [Damage] = []
    do throws(RocksDBError) {
      try iterator.walk { key, stored in
        let fault = stored.withBytes { bytes -> ValueHeader.Fault? in
          do throws(ValueHeader.Fault) {
            _ = try ValueHeader(reading: bytes)
            return nil
          } catch {
            return error
          }
        }
        if let fault {
          let name = key.withBytes { KeyText.text($0.copied()) }
          damages.append(
            Damage(tier: tier.tier, file: tier.path, cause: "under the key \(name) stands \(fault)")
          )
        }
        return damages.count < damagesMax
      }
    } catch {
      damages.append(Damage(tier: tier.tier, file: error.path, cause: error.message))
    }
    return damages
  }
}
