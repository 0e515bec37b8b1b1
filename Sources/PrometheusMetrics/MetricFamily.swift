/// What a metric is: its name, how it counts, and what it means.
public struct MetricFamily: Sendable, Equatable {
  /// How a metric counts.
  public enum Kind: Sendable, Equatable {
    /// Only rises, until the process ends.
    case counter
    /// A value of now.
    case gauge
    /// How many values were at most so large; bounds ascend, and one without end comes behind them.
    case histogram(bounds: [Double])
  }

  /// Its name, as Prometheus allows it: letters, digits, `_` and `:`, no digit first.
  public var name: String
  /// How it counts.
  public var kind: Kind
  /// What it means, for people.
  public var help: String

  /// A metric of a name, a kind and a meaning; what a name may not hold becomes `_`.
  public init(_ name: String, _ kind: Kind, help: String) {
    self.name = Self.allowed(name)
    self.kind = kind
    self.help = help
  }

  /// Upper bounds in seconds, from a hit in memory to a disk that stalls.
  public static let secondsBounds: [Double] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// A name with `_` in place of what Prometheus does not allow.
  ///
  /// Source: the data model of Prometheus, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  static func allowed(_ name: String, isLabel: Bool = false) -> String {
    var bytes = name.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        byte
      case UInt8(ascii: ":") where !isLabel: byte
      default: UInt8(ascii: "_")
      }
    }
    if bytes.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true {
      bytes.insert(UInt8(ascii: "_"), at: 0)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
