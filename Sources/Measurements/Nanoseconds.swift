/// A length of time, or a reading of CLOCK_MONOTONIC, in whole nanoseconds.
///
/// Eight bytes, so that the measuring loop can keep one per request; configuration uses `Duration`.
public struct Nanoseconds: RawRepresentable, Sendable, Hashable, Comparable, Codable {
  /// The count of nanoseconds.
  public var rawValue: Int64

  /// Wraps a count of nanoseconds.
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Wraps a count of nanoseconds.
  @inlinable public init(_ count: Int64) { self.rawValue = count }

  /// Whole nanoseconds of `seconds`, rounded to the nearest; saturates at ±292 years.
  @inlinable public init(seconds: Double) {
    let count = (seconds * 1e9).rounded()
    self.rawValue = Int64(exactly: count) ?? (count < 0 ? .min : .max)
  }

  /// No time at all.
  public static let zero = Nanoseconds(0)

  /// The time in seconds.
  @inlinable public var seconds: Double { Double(rawValue) / 1e9 }

  /// The sum; wraps like the clock it came from would.
  @inlinable public static func + (left: Self, right: Self) -> Self {
    Self(left.rawValue &+ right.rawValue)
  }

  /// The difference; negative where `right` is later.
  @inlinable public static func - (left: Self, right: Self) -> Self {
    Self(left.rawValue &- right.rawValue)
  }

  /// Orders by length of time.
  @inlinable public static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }

  /// Decodes the bare integer.
  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(Int64.self)
  }

  /// Encodes the bare integer.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
