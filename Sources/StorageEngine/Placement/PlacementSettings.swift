/// How a store moves keys between its tiers by itself.
public struct PlacementSettings: Sendable, Equatable {
  /// Which keys belong where.
  public var rule = PlacementRule()
  /// Seconds between two reclassifications; nil for those that are asked for alone.
  public var intervalSeconds: Double? = 3600
  /// Bytes of memory for what is known of keys.
  public var memoryBytes = 16 << 20
  /// Most bytes of keys and values that moves copy in a second.
  public var bytesPerSecond = 64 << 20
  /// The share of a tier's capacity above which it gives keys away before it takes any.
  public var fullShare = 0.85
  /// Bytes that a tier may hold; without one, what its file system holds, where that is its own.
  public var capacityBytes: [Tier: UInt64] = [:]
  /// Seconds that go by for the rule; nil for the system's monotonic clock.
  public var clock: PlacementClock?

  /// Hourly, by the documented rule.
  public init() {}
}

/// A clock of seconds that never runs backwards, such as that of a simulation.
public struct PlacementClock: Sendable, Equatable {
  /// The seconds now.
  public let now: @Sendable () -> Double
  private let identity: Identity

  private final class Identity: Sendable {}

  /// A clock.
  public init(_ now: @escaping @Sendable () -> Double) {
    self.now = now
    identity = Identity()
  }

  /// Whether both are the same one.
  public static func == (left: PlacementClock, right: PlacementClock) -> Bool {
    left.identity === right.identity
  }
}

/// What a reclassification did.
public struct ReclassifyReport: Sendable, Equatable {
  /// Keys that moved into each tier.
  public var movedKeys: [Tier: Int] = [:]
  /// Bytes of keys and values that were copied.
  public var movedBytes = 0
  /// Keys in the store: those of hot and warm counted, those of cold by RocksDB's estimate.
  public var totalKeys: UInt64 = 0
  /// Seconds that it took.
  public var seconds = 0.0
  /// Whether it came to its end; else the next goes on where this one stopped.
  public var isComplete = true
  /// Why keys could not leave a tier or come into one; they stay where they are, and can be read.
  public var failures: [StoreError] = []

  /// Nothing moved.
  public init() {}
}
