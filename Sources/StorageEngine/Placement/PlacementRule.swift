/// How a key is used, as far as it is known.
public struct KeyUse: Sendable, Equatable {
  /// Accesses a day, reads and writes, those of long ago counting less.
  public var perDay: Double
  /// Seconds since the last access at the least; infinite where none is remembered.
  public var idleSeconds: Double

  /// Such a use.
  public init(perDay: Double, idleSeconds: Double) {
    self.perDay = perDay
    self.idleSeconds = idleSeconds
  }

  /// That of a key that nobody asked for.
  public static let none = KeyUse(perDay: 0, idleSeconds: .infinity)
}

/// The documented rule of which tier a key belongs to: pure.
///
/// Hot: more than 1000 accesses a day, the last within an hour. Warm: more than 100 a day, the last
/// within 24 hours. All else is cold.
public struct PlacementRule: Sendable, Equatable {
  /// More accesses a day than this make a key hot.
  public var hotPerDay = 1000.0
  /// Seconds after which a key without access is not hot any more.
  public var hotIdleSeconds = 3600.0
  /// More accesses a day than this make a key warm.
  public var warmPerDay = 100.0
  /// Seconds after which a key without access is not warm any more.
  public var warmIdleSeconds = 86400.0
  /// The share of a threshold above which a key stays in the tier that it is in, so that one near it
  /// does not move to and fro.
  public var stayingShare = 0.9

  /// The documented thresholds.
  public init() {}

  /// Where a key belongs.
  ///
  /// - Parameters:
  ///   - use: How it is used.
  ///   - current: Where it is.
  /// - Returns: The tier; the one where it is while it stays near a threshold.
  public func tier(for use: KeyUse, in current: Tier) -> Tier {
    let hotBar = current == .hot ? hotPerDay * stayingShare : hotPerDay
    if use.perDay > hotBar, use.idleSeconds <= hotIdleSeconds { return .hot }
    let warmBar = current == .cold ? warmPerDay : warmPerDay * stayingShare
    return use.perDay > warmBar && use.idleSeconds <= warmIdleSeconds ? .warm : .cold
  }
}
