public import Measurements

/// Numbers as people say them: three significant digits, a unit, and never a raw `nan` or `0.00`.
///
/// A value that is no number at all is shown as ``missing``; negative values of quantities that
/// cannot be negative count as zero.
public enum Quantity {
  /// What stands for a value that is not there.
  public static let missing = "–"

  /// Requests per second at a glance, such as `71.2K IOPS`.
  public static func rate(_ perSecond: Double) -> String {
    guard let scaled = decimalScale(perSecond) else { return missing }
    return scaled + " IOPS"
  }

  /// Requests per second in full, such as `703 412 IOPS`; four digits where it is below 1000.
  public static func rateInFull(
    _ perSecond: Double, digits: Int = 4, unit: String = "IOPS"
  ) -> String {
    guard let text = inFull(perSecond, digits: digits) else { return missing }
    return "\(text) \(unit)"
  }

  /// Bytes per second in decimal units, such as `6.81 GB/s`.
  public static func bandwidth(_ bytesPerSecond: Double, digits: Int = 3) -> String {
    scaled(bytesPerSecond, in: Unit.bandwidth, digits: digits)
  }

  /// A size in binary units with one decimal below 100, such as `4.0 GiB`.
  public static func bytes(_ count: UInt64) -> String {
    if count < 1024 { return "\(count) B" }
    var value = Double(count) / 1024
    var unit = 0
    let names = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1023.5, unit + 1 < names.count {
      value /= 1024
      unit += 1
    }
    let text = value < 99.95 ? fixed(value, decimals: 1) : fixed(value, decimals: 0)
    return "\(text) \(names[unit])"
  }

  /// A capacity in decimal units, as drives are sold, such as `3.84 TB`.
  public static func capacity(_ count: UInt64) -> String {
    scaled(Double(count), in: Unit.capacity, digits: 3)
  }

  /// A latency in the unit that keeps it between 1 and 1000, such as `512 µs`.
  public static func latency(nanoseconds: Double, digits: Int = 3) -> String {
    scaled(nanoseconds, in: Unit.latency, digits: digits)
  }

  /// A latency in the unit of `limit`, where that leaves it readable, such as `0.312 ms`.
  public static func latency(nanoseconds: Double, beside limit: Double, digits: Int = 3) -> String {
    guard nanoseconds.isFinite, limit.isFinite,
      let unit = Unit.latency.last(where: { $0.size <= limit }),
      nanoseconds >= unit.size / 10, nanoseconds < unit.size * 999
    else { return latency(nanoseconds: nanoseconds, digits: digits) }
    return "\(significant(nanoseconds / unit.size, digits: digits)) \(unit.name)"
  }

  /// A time on a clock, such as `1:12` or `2:05:30`; negative ones show as `0:00`.
  public static func clock(_ time: Nanoseconds) -> String {
    let seconds = wholeSeconds(time)
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    let tail = twoDigits(seconds % 60)
    return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  /// A length of time in words, such as `2 min 40 s`; two units at most.
  public static func duration(_ time: Nanoseconds) -> String {
    if time.rawValue > 0, time.rawValue < 9_950_000_000 {
      return latency(nanoseconds: Double(time.rawValue), digits: 2)
    }
    let seconds = wholeSeconds(time)
    let parts = [
      (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"),
      (seconds % 60, "s"),
    ]
    guard let first = parts.firstIndex(where: { $0.0 > 0 }) else { return "0 s" }
    return parts[first..<min(first + 2, parts.count)].filter { $0.0 > 0 }
      .map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }

  /// A fraction in percent, such as `1.1 %`; what rounds to nothing is `<0.1 %`.
  public static func percent(fraction: Double) -> String {
    guard fraction.isFinite, fraction.magnitude < 1e12 else { return missing }
    let percent = fraction * 100
    if percent == 0 { return "0 %" }
    if percent.magnitude < 0.05 { return "<0.1 %" }
    let sign = percent < 0 ? "-" : ""
    if percent.magnitude < 9.95 { return sign + fixed(percent.magnitude, decimals: 1) + " %" }
    return sign + grouped(percent.magnitude) + " %"
  }

  /// A temperature, such as `71 °C`.
  public static func temperature(celsius: Int) -> String { "\(celsius) °C" }

  /// A whole number in groups of three, such as `500 000`.
  public static func count(_ value: UInt64) -> String { grouped(digits: String(value)) }

  /// A number without the zeros at its end, for limits, such as `2` or `0.25`.
  public static func plain(_ value: Double) -> String {
    guard value.isFinite else { return missing }
    guard let text = inFull(value.magnitude, digits: 9) else { return missing }
    return (value < 0 && text != "0" ? "-" : "") + trimmed(text)
  }
}
