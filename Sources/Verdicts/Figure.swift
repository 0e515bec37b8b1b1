internal import Measurements

/// Writes figures for people: three significant digits, units that people say.
struct Figure {
  /// A value in a gate's unit.
  static func text(_ value: Double, _ unit: MetricUnit) -> String {
    switch unit {
    case .perSecond: grouped(value)
    case .bytesPerSecond: bandwidth(value)
    case .nanoseconds: time(value)
    case .bytes: size(value)
    case .count, .word: Quantity.plain(value)
    }
  }

  /// Bytes per second in decimal units.
  static func bandwidth(_ value: Double) -> String {
    scaled(value, [("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1)])
  }

  /// Bytes in binary units.
  static func size(_ value: Double) -> String {
    scaled(value, [("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024), ("B", 1)])
  }

  /// Nanoseconds.
  static func time(_ value: Double) -> String {
    scaled(value, [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1)])
  }

  /// A percentage of a fraction, such as `4.0 %`.
  static func percent(_ fraction: Double) -> String { digits(fraction * 100) + " %" }

  private static func scaled(_ value: Double, _ units: [(String, Double)]) -> String {
    let unit = units.first { abs(value) >= $0.1 } ?? units[units.count - 1]
    return "\(digits(value / unit.1)) \(unit.0)"
  }

  /// Three significant digits, without zeros at the end of a fraction.
  static func digits(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let size = abs(value)
    if size >= 100 { return Quantity.plain(value.rounded()) }
    let factor: Double = size >= 10 ? 10 : size >= 1 ? 100 : size >= 0.1 ? 1000 : 10000
    return Quantity.plain((value * factor).rounded() / factor)
  }

  /// A whole number, cut down to it, in groups of three digits.
  static func grouped(_ value: Double) -> String {
    guard let whole = Int64(exactly: value.rounded(.towardZero)), abs(value) >= 1000 else {
      return digits(value)
    }
    var text = ""
    for (index, digit) in String(whole.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(" ") }
      text.append(digit)
    }
    return (whole < 0 ? "-" : "") + String(text.reversed())
  }
}
