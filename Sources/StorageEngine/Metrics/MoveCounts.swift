/// What moves between tiers have done since the store was opened.
///
/// A move is of one part of a range, of some megabytes at most, that had something to move.
public struct MoveCounts: Sendable, Equatable {
  /// From which tier to which.
  public struct Route: Sendable, Hashable, CustomStringConvertible {
    /// Where the keys lay.
    public var source: Tier
    /// Where they went.
    public var target: Tier

    /// From one tier to another.
    public init(from source: Tier, to target: Tier) {
      self.source = source
      self.target = target
    }

    /// All there are.
    public static let all = Tier.allCases.flatMap { source in
      Tier.allCases.filter { $0 != source }.map { Route(from: source, to: $0) }
    }

    /// Such as `hot to warm`.
    public var description: String { "\(source.rawValue) to \(target.rawValue)" }
  }

  /// The figures of one route.
  public struct Figures: Sendable, Equatable {
    /// Moves that came to their end.
    public var successes: UInt64 = 0
    /// Moves that failed, or passed over what is damaged; what they had not moved stays where it was.
    public var failures: UInt64 = 0
    /// Keys that left the source.
    public var keys: UInt64 = 0
    /// Bytes of keys and values that were copied.
    public var bytes: UInt64 = 0
  }

  /// By route; those that nothing took have none.
  public var routes: [Route: Figures] = [:]
  /// Moves under way.
  public var inProgress = 0

  /// The figures of a route.
  public subscript(route: Route) -> Figures { routes[route] ?? Figures() }

  mutating func begin() { inProgress += 1 }

  mutating func end(_ route: Route, keys: Int, bytes: Int, isWhole: Bool) {
    inProgress -= 1
    if !isWhole { routes[route, default: Figures()].failures += 1 }
    guard bytes > 0 else { return }
    if isWhole { routes[route, default: Figures()].successes += 1 }
    routes[route, default: Figures()].keys += UInt64(keys)
    routes[route, default: Figures()].bytes += UInt64(bytes)
  }

  mutating func fail(_ route: Route) {
    inProgress -= 1
    routes[route, default: Figures()].failures += 1
  }
}
