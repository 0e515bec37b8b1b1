import Verdicts

/// Reads sizes on the command line, such as `8GiB`, `128M` or `1048576`.
enum SizeArgument {
  /// The fewest bytes to work in: one large block.
  static let least: UInt64 = 1 << 20

  /// The bytes; K, M, G, T and P count in 1024, with or without `iB`; kB, MB, GB, TB and PB in 1000.
  static func bytes(_ text: String) throws(CommandFailure) -> UInt64 {
    try bytes(text, flag: "--size")
  }

  /// The bytes, with the flag that they were given for and the fewest that make sense.
  static func bytes(
    _ text: String, flag: String, least: UInt64 = least
  ) throws(CommandFailure) -> UInt64 {
    let units: [(String, Double)] = [
      ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776),
      ("pib", 1_125_899_906_842_624),
      ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("pb", 1e15),
      ("k", 1024), ("m", 1_048_576), ("g", 1_073_741_824), ("t", 1_099_511_627_776),
      ("p", 1_125_899_906_842_624), ("b", 1),
    ]
    let lower = text.lowercased().filter { $0 != " " && $0 != "_" }
    let unit = units.first { lower.hasSuffix($0.0) }
    let digits = lower.dropLast(unit?.0.count ?? 0)
    let plain = digits.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard plain, let number = Double(digits), number * (unit?.1 ?? 1) < 1e18 else {
      throw CommandFailure(
        .usage, "\(flag) \(text): is not a size; write it as 8GiB, 512MiB or a number of bytes")
    }
    let bytes = UInt64(number * (unit?.1 ?? 1))
    guard bytes >= least else {
      throw CommandFailure(
        .usage,
        "\(flag) \(text): is \(bytes) bytes, and nothing can be done with less than \(least); "
          + "ask for more")
    }
    return bytes
  }
}
