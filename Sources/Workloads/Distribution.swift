/// How random offsets are chosen.
///
/// Where sizes are mixed, the blocks that are hot or ranked are those of the largest size, and all
/// sizes agree on them.
public enum Distribution: Sendable, Equatable {
  /// Every block equally often.
  case uniform
  /// The block of rank r with weight r^−theta; ranks are scattered over the range.
  case zipf(theta: Double)
  /// `accessPercent` of the requests go to `spacePercent` of the blocks, scattered over the range.
  case hotCold(spacePercent: Int, accessPercent: Int)
}

extension Distribution: CustomStringConvertible {
  /// Reads `uniform`, `zipf:THETA` or `hotcold:SPACE/ACCESS`.
  ///
  /// - Throws: `WorkloadError` with what was expected.
  public init(parsing text: String) throws(WorkloadError) {
    let lower = text.lowercased()
    if lower == "uniform" {
      self = .uniform
    } else if lower.hasPrefix("zipf:"), let theta = Double(lower.dropFirst(5)) {
      self = .zipf(theta: theta)
    } else if lower.hasPrefix("hotcold:") {
      let numbers = lower.dropFirst(8).split(separator: "/", omittingEmptySubsequences: false)
      guard numbers.count == 2, let space = Int(numbers[0]), let access = Int(numbers[1]) else {
        throw WorkloadError(
          "distribution '\(text)' is not hotcold:SPACE/ACCESS in whole percent, such as "
            + "hotcold:20/80 (20 % of the blocks take 80 % of the requests)")
      }
      self = .hotCold(spacePercent: space, accessPercent: access)
    } else {
      throw WorkloadError(
        "distribution '\(text)' is none of uniform, zipf:THETA (such as zipf:0.99) and "
          + "hotcold:SPACE/ACCESS (such as hotcold:20/80)")
    }
    try validate()
  }

  /// Reads a distribution; nil where ``init(parsing:)`` would throw.
  public init?(_ text: String) {
    do { try self.init(parsing: text) } catch { return nil }
  }

  /// The distribution as profiles write it.
  public var description: String {
    switch self {
    case .uniform: "uniform"
    case .zipf(let theta): "zipf:\(theta)"
    case .hotCold(let space, let access): "hotcold:\(space)/\(access)"
    }
  }

  /// Refuses numbers that no sampler can honour.
  func validate() throws(WorkloadError) {
    switch self {
    case .uniform: return
    case .zipf(let theta):
      guard theta > 0, theta <= 5 else {
        throw WorkloadError(
          "zipf:\(theta): theta must be above 0 and at most 5; use uniform for 0")
      }
    case .hotCold(let space, let access):
      guard (1...99).contains(space), (1...99).contains(access) else {
        throw WorkloadError(
          "hotcold:\(space)/\(access): both percents must be 1 to 99; use uniform where all "
            + "blocks are alike")
      }
    }
  }
}
