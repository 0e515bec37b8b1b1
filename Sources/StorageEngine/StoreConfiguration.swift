/// How a store is opened: memory, durability and the settings of its tiers.
public struct StoreConfiguration: Sendable, Equatable {
  /// How much is gathered into one commit.
  ///
  /// Source: the specification's write buffer of 1000 entries or 1 MB.
  public struct WriteBufferLimits: Sendable, Equatable {
    /// Most changes in one commit; a larger batch of a caller goes alone.
    public var entries = 1000
    /// Most bytes in one commit, keys and values; a larger batch of a caller goes alone.
    public var bytes = 1 << 20

    /// The specification's limits.
    public init() {}
  }

  /// Settings of the hot tier.
  public var hot: TierSettings
  /// Settings of the warm tier.
  public var warm: TierSettings
  /// Settings of the cold tier.
  public var cold: TierSettings

  /// Folders of tiers on devices of their own; the rest lie in the store's folder.
  ///
  /// Recorded when the store is created; when it is opened, one named here takes the place of the
  /// recorded one, for a disk that is mounted elsewhere.
  public var tierFolders: [Tier: String] = [:]

  /// What an acknowledged write outlives.
  public var durability = Durability.sync
  /// How much is gathered into one commit.
  public var writeBuffer = WriteBufferLimits()
  /// Whether the tiers' caches and write buffers are one pool, in which each takes what the others
  /// leave; otherwise each tier keeps its own, used or not.
  public var sharesMemory = true
  /// Bytes of the cache of single keys, its own tables included; 0 for none.
  public var hotCacheBytes: Int
  /// Most bytes of memory for the whole store; nil for what the machine allows.
  public var memoryBudgetBytes: UInt64?
  /// Whether reads of files go around the page cache, so that the store's own caches are all there is.
  public var directReads = false
  /// How keys move between tiers by their use; nil leaves them where they are.
  public var placement: PlacementSettings? = PlacementSettings()
  /// Bytes of memory for what prefetching learns, which needs a cache to read into; 0 for none.
  public var prefetchBytes = 8 << 20
  /// Nanoseconds a read from which on who walks waits for what is read behind the walk; tests lower it.
  var prefetchAwaitCost = PrefetchDuty.awaitCost
  /// For how long it waits at most; tests raise it where a sanitizer slows readers down.
  var prefetchAwaitLongest = PrefetchFlights.standardLongest
  /// Who is told what the store does; nil for nobody.
  public var metrics: StorageMetrics?
  /// Whether nothing may be changed.
  public var readOnly = false

  /// Settings for each tier, and a cache in front of them.
  public init(hot: TierSettings, warm: TierSettings, cold: TierSettings, hotCacheBytes: Int) {
    self.hot = hot
    self.warm = warm
    self.cold = cold
    self.hotCacheBytes = hotCacheBytes
  }

  /// What measured better than the specification; about 2 GiB of memory.
  public static var measured: StoreConfiguration {
    // Half of the memory for single keys: what compaction rewrites is lost to a cache of blocks, and
    // read anew from the drive, but not to one of keys.
    StoreConfiguration(
      hot: .measured(.hot), warm: .measured(.warm), cold: .measured(.cold),
      hotCacheBytes: 1 << 30)
  }

  /// The specification's settings; see ``MemoryBudget/factor(needed:allowed:)`` for machines that
  /// have less memory than they ask for.
  public static var asSpecified: StoreConfiguration {
    var configuration = StoreConfiguration(
      hot: .asSpecified(.hot), warm: .asSpecified(.warm), cold: .asSpecified(.cold),
      hotCacheBytes: 1 << 30)
    configuration.sharesMemory = false
    return configuration
  }

  /// The settings of a tier.
  public func settings(of tier: Tier) -> TierSettings {
    switch tier {
    case .hot: hot
    case .warm: warm
    case .cold: cold
    }
  }

  /// Most bytes of memory that all tiers take: their caches and all their write buffers full.
  var tierMemoryBytes: UInt64 { Tier.allCases.reduce(0) { $0 + settings(of: $1).memoryBytes } }

  /// Threads that RocksDB and the store may start for a store to work at all, some of them for a moment.
  var threadCount: Int {
    Tier.allCases.reduce(Self.ownThreads) {
      $0 + settings(of: $1).backgroundJobs + settings(of: $1).subcompactions
    }
  }

  /// For commits, the log, memory, sorting and notes, and some readers.
  private static var ownThreads: Int { 16 }

  /// The same configuration with all caches and write buffers scaled by one factor.
  public func scaled(by factor: Double) -> StoreConfiguration {
    var scaled = self
    scaled.hot = hot.scaled(by: factor)
    scaled.warm = warm.scaled(by: factor)
    scaled.cold = cold.scaled(by: factor)
    scaled.hotCacheBytes = Int(Double(hotCacheBytes) * factor)
    scaled.prefetchBytes = Int(Double(prefetchBytes) * factor)
    scaled.placement?.memoryBytes = max(
      PlacementSettings.memoryBytesMin, Int(Double(placement?.memoryBytes ?? 0) * factor))
    return scaled
  }
}
