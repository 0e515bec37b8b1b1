/// What a number in a profile counts.
enum QuantityKind {
  /// Bytes: `4 KiB`, `128k`, `4 GiB`, `1 TB`.
  case size
  /// Nanoseconds: `2 s`, `0.1 ms`, `500 µs`.
  case duration
  /// Requests per second: `500K`, `20_000`.
  case rate
  /// Bytes per second: `2 GB/s`, `480 MB/s`.
  case bandwidth
  /// A plain number.
  case count
  /// Degrees Celsius: `70`, `70 °C`.
  case celsius
  /// Percent: `10`, `10 %`.
  case percent

  /// How such a number is written, for people.
  var example: String {
    switch self {
    case .size: "a size such as 4 KiB, 128k or 1 TB"
    case .duration: "a time such as 500 µs, 0.1 ms or 2 s"
    case .rate: "a rate such as 20000, 20_000 or 500K"
    case .bandwidth: "a bandwidth such as 480 MB/s or 2 GB/s"
    case .count: "a plain number such as 5 or 0.2"
    case .celsius: "degrees such as 70 or 70 °C"
    case .percent: "a percentage such as 10 or 10 %"
    }
  }

  /// Units with their factors; a missing unit is the empty one.
  fileprivate var units: [String: Double] {
    switch self {
    case .size: Self.sizes
    case .duration: Self.durations
    case .rate: ["": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9]
    case .bandwidth:
      Dictionary(
        uniqueKeysWithValues: Self.sizes.filter { $0.key.hasSuffix("B") }.map {
          ($0.key + "/s", $0.value)
        })
    case .count: ["": 1]
    case .celsius: ["": 1, "°C": 1, "C": 1]
    case .percent: ["": 1, "%": 1]
    }
  }

  private static let sizes: [String: Double] = [
    "B": 1, "k": 1024, "K": 1024, "KiB": 1024, "M": 1_048_576, "MiB": 1_048_576,
    "G": 1_073_741_824, "GiB": 1_073_741_824, "T": 1_099_511_627_776, "TiB": 1_099_511_627_776,
    "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15,
  ]

  private static let durations: [String: Double] = [
    "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9,
  ]
}

/// Why a text is not the number that was wanted.
struct QuantityError: Error, Equatable {
  var message: String
}

/// Reads and writes numbers with units.
struct Quantity {
  /// The value of `text` in the base unit of `kind`: bytes, nanoseconds, per second.
  static func parse(_ text: String, as kind: QuantityKind) throws(QuantityError) -> Double {
    let (number, unit) = split(text)
    guard !number.isEmpty else { throw wrong(text, kind) }
    if number.hasPrefix("-") {
      throw QuantityError(message: "'\(text)' is negative; write \(kind.example)")
    }
    guard let parsed = Double(number.filter { $0 != "_" }), isWellFormed(number) else {
      throw wrong(text, kind)
    }
    guard let factor = kind.units[unit] else {
      if unit.isEmpty {
        throw QuantityError(message: "'\(text)' has no unit; write \(kind.example)")
      }
      throw QuantityError(
        message: "'\(unit)' in '\(text)' is not a unit here; write \(kind.example)")
    }
    let value = parsed * factor
    // 2^53: up to there every whole number is a Double, and no honest limit lies beyond.
    guard value.isFinite, value <= 9_007_199_254_740_992 else {
      throw QuantityError(message: "'\(text)' is too large; write \(kind.example)")
    }
    return value
  }

  private static func wrong(_ text: String, _ kind: QuantityKind) -> QuantityError {
    QuantityError(message: "'\(text)' is not \(kind.example)")
  }

  private static func split(_ text: String) -> (number: String, unit: String) {
    var rest = Substring(text)
    var number = ""
    if let sign = rest.first, sign == "-" || sign == "+" {
      number.append(sign)
      rest.removeFirst()
    }
    while let next = rest.first, next.isASCII, next.isNumber || next == "." || next == "_" {
      number.append(next)
      rest.removeFirst()
    }
    if number.last?.isNumber == true, let letter = rest.first, letter == "e" || letter == "E" {
      var exponent = ""
      var ahead = rest.dropFirst()
      if let sign = ahead.first, sign == "-" || sign == "+" {
        exponent.append(sign)
        ahead.removeFirst()
      }
      let digits = ahead.prefix { $0.isASCII && $0.isNumber }
      if !digits.isEmpty {
        number += "e" + exponent + digits
        rest = ahead.dropFirst(digits.count)
      }
    }
    while rest.first == " " { rest.removeFirst() }
    return (number, String(rest))
  }

  private static func isWellFormed(_ number: String) -> Bool {
    guard let first = number.first, let last = number.last, !number.contains("__") else {
      return false
    }
    return first.isNumber && last.isNumber
  }

  /// Whole bytes of `text`.
  static func bytes(_ text: String) throws(QuantityError) -> UInt64 {
    let value = try parse(text, as: .size)
    guard let whole = UInt64(exactly: value) else {
      throw QuantityError(message: "'\(text)' is not a whole number of bytes")
    }
    return whole
  }

  /// Whole nanoseconds of `text`, at least one.
  static func nanoseconds(_ text: String) throws(QuantityError) -> Int64 {
    let value = try parse(text, as: .duration).rounded()
    guard let whole = Int64(exactly: value), whole > 0 || text.hasPrefix("0") else {
      throw QuantityError(message: "'\(text)' is not \(QuantityKind.duration.example)")
    }
    return whole
  }

  /// The text that reads back as exactly `value`.
  static func text(_ value: Double, as kind: QuantityKind) -> String {
    switch kind {
    case .size:
      withUnit(
        value,
        [
          ("TiB", 1_099_511_627_776), ("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024),
          ("B", 1),
        ])
    case .duration: withUnit(value, [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1)])
    case .bandwidth: withUnit(value, [("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1)])
    case .rate, .count: plain(value)
    case .celsius: plain(value) + " °C"
    case .percent: plain(value) + " %"
    }
  }

  /// The shortest text of a number, without a fraction where it is whole.
  static func plain(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func withUnit(_ value: Double, _ units: [(String, Double)]) -> String {
    for (unit, factor) in units where value >= factor {
      let count = value / factor
      if Int64(exactly: count) != nil, count * factor == value { return "\(plain(count)) \(unit)" }
    }
    return "\(plain(value)) \(units.last?.0 ?? "")"
  }
}
