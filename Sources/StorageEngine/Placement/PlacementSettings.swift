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
  /// About the share of all processors' time that moves take while callers are busy, at most half of one
  /// processor's.
  ///
  /// On two processors, moves that took half of one brought the 99th percentile of gets from 0.2 to several
  /// milliseconds; with this share it rose by at most 0.2 ms.
  ///
  /// Half of one it is, too, while a tier is more than ``fullShare`` full.
  public var processorShare = 0.025
  /// The share of a tier's capacity above which it gives keys away before it takes any.
  public var fullShare = 0.85
  /// Bytes that a tier may hold; without one, what its file system holds, where that is its own.
  public var capacityBytes: [Tier: UInt64] = [:]
  /// Seconds that go by for the rule; nil for the system's monotonic clock.
  public var clock: PlacementClock?

  static let memoryBytesMin = 4096

  /// Hourly, by the documented rule.
  public init() {}

  /// What no store can work with: pure.
  ///
  /// - Throws: ``StoreError/invalidArgument(_:)``, with the setting, its value and what it may be.
  func check() throws(StoreError) {
    try rule.check()
    if let intervalSeconds {
      try Self.require(
        intervalSeconds > 0 && intervalSeconds.isFinite, "intervalSeconds", intervalSeconds,
        "a number above 0, or nil for never")
    }
    try Self.require(
      (Self.memoryBytesMin...1 << 40).contains(memoryBytes), "memoryBytes", memoryBytes,
      "\(Self.memoryBytesMin) to 2^40")
    try Self.require(bytesPerSecond >= 1024, "bytesPerSecond", bytesPerSecond, "1024 or more")
    try Self.require(
      processorShare >= 0.001 && processorShare <= 1, "processorShare", processorShare,
      "0.001 to 1")
    try Self.require(
      fullShare > 0 && fullShare <= 1, "fullShare", fullShare, "above 0 and at most 1")
    for (tier, capacity) in capacityBytes {
      try Self.require(
        capacity > 0, "capacityBytes of \(tier.rawValue)", capacity, "1 or more, or none at all")
    }
  }

  fileprivate static func require(
    _ isMet: Bool, _ name: String, _ value: Any, _ allowed: String
  ) throws(StoreError) {
    if !isMet {
      throw .invalidArgument("the placement setting \(name) is \(value); it must be \(allowed)")
    }
  }
}

extension PlacementRule {
  /// Most times that the hot threshold may be the warm one, so that one count tells both apart.
  private static let ratioMax = 1000.0

  /// What the classifier cannot tell keys by.
  func check() throws(StoreError) {
    func require(
      _ isMet: Bool, _ name: String, _ value: Double, _ allowed: String
    ) throws(StoreError) {
      try PlacementSettings.require(isMet, "rule." + name, value, allowed)
    }
    try require(
      stayingShare > 0 && stayingShare <= 1, "stayingShare", stayingShare, "above 0 and at most 1")
    try require(warmPerDay > 0 && warmPerDay.isFinite, "warmPerDay", warmPerDay, "a number above 0")
    try require(
      hotPerDay * stayingShare > warmPerDay && hotPerDay <= warmPerDay * Self.ratioMax,
      "hotPerDay", hotPerDay,
      "above warmPerDay / stayingShare and at most \(Int(Self.ratioMax)) × warmPerDay")
    try require(
      hotIdleSeconds > 0 && hotIdleSeconds.isFinite, "hotIdleSeconds", hotIdleSeconds,
      "a number above 0")
    try require(
      warmIdleSeconds >= hotIdleSeconds && warmIdleSeconds.isFinite, "warmIdleSeconds",
      warmIdleSeconds, "a number, at least hotIdleSeconds")
  }
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
  /// Whether it came to its end; else the store was closed meanwhile.
  ///
  /// What moved has moved, and the next one looks at all keys again.
  public var isComplete = true
  /// Why keys could not leave a tier or come into one; they stay where they are, and can be read.
  public var failures: [StoreError] = []

  /// Nothing moved.
  public init() {}
}
