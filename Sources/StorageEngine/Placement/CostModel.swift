/// Bytes in each tier.
public struct TierBytes: Sendable, Equatable {
  /// In hot.
  public var hot: UInt64
  /// In warm.
  public var warm: UInt64
  /// In cold.
  public var cold: UInt64

  /// So many bytes in each.
  public init(hot: UInt64 = 0, warm: UInt64 = 0, cold: UInt64 = 0) {
    self.hot = hot
    self.warm = warm
    self.cold = cold
  }

  /// Those of one tier.
  public subscript(tier: Tier) -> UInt64 {
    get {
      switch tier {
      case .hot: hot
      case .warm: warm
      case .cold: cold
      }
    }
    set {
      switch tier {
      case .hot: hot = newValue
      case .warm: warm = newValue
      case .cold: cold = newValue
      }
    }
  }

  /// All together, as a sum that cannot overflow.
  public var total: Double { Tier.allCases.reduce(0) { $0 + Double(self[$1]) } }

  /// A tier's share of all, from 0 to 1; 0 where there is nothing.
  public func share(of tier: Tier) -> Double { total > 0 ? Double(self[tier]) / total : 0 }
}

/// What drives for data in three tiers cost, against the same data on hot drives alone.
public struct CostModel: Sendable, Equatable {
  /// Dollars for 10¹² bytes in each tier.
  public var prices: [Tier: Double]
  /// Copies of all data that are paid for, in each tier alike.
  public var copies: Int

  /// Documented prices: NVMe 300, SATA SSD 100, HDD 20 dollars a terabyte.
  public static let documentedPrices: [Tier: Double] = [.hot: 300, .warm: 100, .cold: 20]

  /// Prices, and how many copies are paid for, at least one.
  public init(prices: [Tier: Double] = documentedPrices, copies: Int = 1) {
    self.prices = prices
    self.copies = max(1, copies)
  }

  /// What drives cost.
  public struct Cost: Sendable, Equatable {
    /// Dollars for each tier.
    public var tiers: [Tier: Double]
    /// Dollars for all of it where it lies.
    public var total: Double
    /// Dollars for all of it in hot.
    public var allHot: Double

    /// The part of ``allHot`` that is not spent; nil where that is nothing, and negative where the
    /// lower tiers are the dearer ones.
    public var saving: Double? { allHot > 0 ? (allHot - total) / allHot : nil }
  }

  /// Dollars for data that lie so.
  public func cost(of bytes: TierBytes) -> Cost {
    func dollars(_ amount: Double, at tier: Tier) -> Double {
      amount / 1e12 * (prices[tier] ?? 0) * Double(copies)
    }
    let tiers = Dictionary(
      uniqueKeysWithValues: Tier.allCases.map { ($0, dollars(Double(bytes[$0]), at: $0)) })
    return Cost(
      tiers: tiers, total: Tier.allCases.reduce(0) { $0 + (tiers[$1] ?? 0) },
      allHot: dollars(bytes.total, at: .hot))
  }
}
