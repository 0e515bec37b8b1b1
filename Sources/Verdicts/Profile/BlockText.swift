/// A block split as profiles write it: `4k`, or sizes with percents such as `4k/60:128k/40`.
struct BlockText {
  /// Sizes in bytes with their percents, which sum to 100.
  private(set) var parts: [(bytes: UInt32, percent: Int)] = []

  /// Reads a split; nil where a size is no multiple of 512 up to 64 MiB or percents miss 100.
  init?(_ text: String) {
    let texts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...16).contains(texts.count) else { return nil }
    for part in texts {
      let halves = part.split(separator: "/", omittingEmptySubsequences: false)
      guard halves.count == 2 || (halves.count == 1 && texts.count == 1),
        let bytes = Self.bytes(halves[0])
      else { return nil }
      guard halves.count == 2 else {
        parts.append((bytes, 100))
        continue
      }
      guard let percent = Int(halves[1]), (1...100).contains(percent) else { return nil }
      parts.append((bytes, percent))
    }
    guard parts.reduce(0, { $0 + $1.percent }) == 100 else { return nil }
  }

  private static func bytes(_ text: Substring) -> UInt32? {
    var digits = text
    var factor: UInt64 = 1
    switch text.last {
    case "k", "K": factor = 1024
    case "m", "M": factor = 1 << 20
    default: break
    }
    if factor > 1 { digits.removeLast() }
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let count = UInt64(digits),
      count <= 1 << 26
    else { return nil }
    let bytes = count * factor
    return bytes > 0 && bytes % 512 == 0 && bytes <= 1 << 26 ? UInt32(bytes) : nil
  }

  /// The average size of a request in bytes.
  var meanBytes: Double {
    parts.reduce(0) { $0 + Double($1.bytes) * Double($1.percent) } / 100
  }
}

extension ScenarioSpec {
  /// The average size of a request in bytes; 0 where the split cannot be read.
  public var meanBlockBytes: Double { BlockText(block)?.meanBytes ?? 0 }
}
