import Measurements

extension Quantity {
  /// A unit and its size in the base unit.
  struct Unit {
    /// What it is called.
    var name: String
    /// How much of the base unit it is.
    var size: Double

    static let bandwidth = decimal("B/s")
    static let capacity = decimal("B")
    static let latency = [
      Unit(name: "ns", size: 1), Unit(name: "µs", size: 1e3), Unit(name: "ms", size: 1e6),
      Unit(name: "s", size: 1e9),
    ]

    private static func decimal(_ name: String) -> [Unit] {
      [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)]
        .map { Unit(name: $0.0 + name, size: $0.1) }
    }
  }

  /// `value` in the largest of `units` (ascending) that it reaches after rounding.
  static func scaled(_ value: Double, in units: [Unit], digits: Int) -> String {
    guard value.isFinite, let first = units.first else { return missing }
    let value = Swift.max(value, 0)
    var index = units.lastIndex { $0.size <= value } ?? 0
    // 999.7 µs is 1000 µs in three digits, which people call 1.00 ms.
    if index + 1 < units.count,
      rounded(value / units[index].size, digits: digits) * units[index].size
        >= units[index + 1].size
    {
      index += 1
    }
    let unit = units.isEmpty ? first : units[index]
    // Nothing is smaller than one of the smallest unit, so its fractions are not shown in full.
    if index == 0, value < 1 {
      return value == 0 ? "0 \(unit.name)" : "\(significant(value, digits: 1)) \(unit.name)"
    }
    if index == 0, value == value.rounded() { return "\(grouped(value)) \(unit.name)" }
    return "\(significant(value / unit.size, digits: digits)) \(unit.name)"
  }

  /// `value` with K, M or G behind it; nil where it is no number.
  static func decimalScale(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    let units = [("", 1.0), ("K", 1e3), ("M", 1e6), ("G", 1e9)]
      .map { Unit(name: $0.0, size: $0.1) }
    let text = scaled(value, in: units, digits: 3)
    guard let space = text.lastIndex(of: " ") else { return text }
    return String(text[..<space]) + text[text.index(after: space)...]
  }

  /// Arrivals per second without zeros at the end, such as `50K/s`.
  static func arrivals(_ perSecond: Double) -> String {
    guard let text = decimalScale(perSecond) else { return missing }
    let number = text.prefix { $0.isNumber || $0 == "." || $0 == " " }
    return trimmed(String(number)) + text.dropFirst(number.count) + "/s"
  }

  /// Whole numbers in groups from 1000 on, `digits` significant digits below, more where asked.
  static func inFull(_ value: Double, digits: Int) -> String? {
    guard value.isFinite else { return nil }
    return significant(Swift.max(value, 0), digits: digits)
  }

  /// `value` (not negative) to `digits` significant digits, without an exponent and grouped.
  ///
  /// Digits before the point are never replaced by zeros.
  static func significant(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value < 1e18 else { return missing }
    guard value > 0 else { return "0" }
    if value < 1e-9 { return "<0.000000001" }
    var decimals = Swift.max(0, digits - 1 - exponent(value))
    if decimals > 0, exponent(rounded(value, digits: digits)) > exponent(value) { decimals -= 1 }
    return fixed(value, decimals: Swift.min(decimals, 15))
  }

  /// `value` (not negative, finite) with exactly `decimals` digits behind the point.
  static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite, value < 1e18 else { return missing }
    let factor = power(decimals)
    let whole = value.rounded(.down)
    var fraction = ((value - whole) * factor).rounded()
    var integer = whole
    if fraction >= factor {
      integer += 1
      fraction = 0
    }
    if decimals == 0 { return grouped(value) }
    let tail = String(UInt64(exactly: fraction) ?? 0)
    let zeros = String(repeating: "0", count: Swift.max(0, decimals - tail.count))
    return "\(grouped(integer)).\(zeros)\(tail)"
  }

  /// `value` rounded to a whole number, in groups of three.
  static func grouped(_ value: Double) -> String {
    guard let whole = UInt64(exactly: Swift.max(value, 0).rounded()) else { return missing }
    return grouped(digits: String(whole))
  }

  /// Digits in groups of three.
  static func grouped(digits: String) -> String {
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { text.append(" ") }
      text.append(digit)
    }
    return text
  }

  /// `text` without zeros at the end of its decimals.
  static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = Substring(text)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return String(text)
  }

  /// A number below 100 with a leading zero.
  static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// Whole seconds, rounded to the nearest, never negative.
  static func wholeSeconds(_ time: Nanoseconds) -> Int64 {
    time.rawValue <= 0 ? 0 : (time.rawValue / 500_000_000 + 1) / 2
  }

  private static func rounded(_ value: Double, digits: Int) -> Double {
    guard value > 0 else { return value }
    let shift = digits - 1 - exponent(value)
    guard shift >= 0 else { return value.rounded() }
    return (value * power(shift)).rounded() / power(shift)
  }

  /// The decimal exponent: 10^exponent ≤ value < 10^(exponent + 1).
  private static func exponent(_ value: Double) -> Int {
    var exponent = 0
    var bound = 10.0
    if value >= 1 {
      while value >= bound, exponent < 20 {
        bound *= 10
        exponent += 1
      }
      return exponent
    }
    while value * power(-exponent) < 1, exponent > -15 { exponent -= 1 }
    return exponent
  }

  private static func power(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<Swift.max(0, exponent) { power *= 10 }
    return power
  }
}
