/// The store that the engine phases ran on: one store, one configuration for all of them.
public struct EngineRecord: Codable, Sendable, Equatable {
  /// Its name and release, such as `TieredStore`.
  public var name: String
  /// The library below it, with its release, such as `RocksDB 7.8.3`.
  public var library: String
  /// The whole configuration in words, a line each: what somebody needs to open the same store.
  public var configuration: [String]
  /// What an acknowledged write outlives: `sync`, `grouped` or `async`.
  public var durability: String
  /// The longest time between two syncs of the log; nil where every commit syncs, or nothing does so
  /// in time.
  public var durabilityDelay: Nanoseconds?
  /// Every byte of memory that can answer a read without the device: caches of keys and of blocks,
  /// and write buffers.
  public var cacheBytes: UInt64
  /// Whether table files are read past the page cache.
  public var directReads: Bool
  /// The keys that it was filled with, one entry for each size of value.
  public var keySpaces: [EngineKeySpaceRecord]

  /// Describes a store.
  public init(
    name: String, library: String, configuration: [String], durability: String,
    durabilityDelay: Nanoseconds?, cacheBytes: UInt64, directReads: Bool,
    keySpaces: [EngineKeySpaceRecord]
  ) {
    self.name = name
    self.library = library
    self.configuration = configuration
    self.durability = durability
    self.durabilityDelay = durabilityDelay
    self.cacheBytes = cacheBytes
    self.directReads = directReads
    self.keySpaces = keySpaces
  }
}

/// Keys of one store whose values have one size.
public struct EngineKeySpaceRecord: Codable, Sendable, Equatable {
  /// How many keys there are.
  public var keyCount: UInt64
  /// Bytes of each key.
  public var keyBytes: Int
  /// Bytes of each value.
  public var valueBytes: Int

  /// Describes keys.
  public init(keyCount: UInt64, keyBytes: Int, valueBytes: Int) {
    self.keyCount = keyCount
    self.keyBytes = keyBytes
    self.valueBytes = valueBytes
  }

  /// Bytes of all keys and values.
  public var dataBytes: UInt64 { keyCount &* UInt64(max(0, keyBytes + valueBytes)) }
}
