/// Block sizes and how often each occurs, such as `4k/60:16k/30:128k/10`.
public struct BlockSplit: Sendable, Equatable, CustomStringConvertible {
  /// The largest size that can be asked for: 64 MiB.
  public static let maxBlockBytes: UInt32 = 64 << 20

  /// One size with its share.
  public struct Part: Sendable, Equatable {
    /// Bytes; a positive multiple of 512.
    public var bytes: UInt32
    /// Percent of the requests.
    public var percent: Int

    /// A size with its share.
    public init(bytes: UInt32, percent: Int) {
      self.bytes = bytes
      self.percent = percent
    }
  }

  /// The parts, in the order given; their percents sum to 100.
  public private(set) var parts: [Part]

  /// One size for all requests.
  public init(bytes: UInt32) { parts = [Part(bytes: bytes, percent: 100)] }

  /// Several sizes with their shares.
  ///
  /// - Throws: `WorkloadError` where a size or share is out of bounds, a size occurs twice, or the
  ///   shares do not sum to 100.
  public init(parts: [Part]) throws(WorkloadError) {
    self.parts = parts
    try validate()
  }

  /// The largest size, in bytes.
  public var maxBytes: UInt32 { parts.map(\.bytes).max() ?? 0 }

  /// The smallest size, in bytes; every offset is a multiple of it or of the larger ones.
  public var minBytes: UInt32 { parts.map(\.bytes).min() ?? 0 }

  /// The split as profiles write it.
  public var description: String {
    if parts.count == 1, let part = parts.first { return Self.sizeText(part.bytes) }
    return parts.map { "\(Self.sizeText($0.bytes))/\($0.percent)" }.joined(separator: ":")
  }
}

extension BlockSplit {
  /// Reads one size, such as `4k`, or sizes with percents, such as `4k/60:16k/30:128k/10`.
  ///
  /// Sizes are bytes, or KiB with `k`, or MiB with `m`; capitals are read too.
  ///
  /// - Throws: `WorkloadError` with the part that is wrong and what was expected.
  public init(parsing text: String) throws(WorkloadError) {
    let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
    var parts: [Part] = []
    for piece in pieces {
      let fields = piece.split(separator: "/", omittingEmptySubsequences: false)
      guard let size = fields.first, fields.count == 2 || (fields.count == 1 && pieces.count == 1)
      else {
        throw WorkloadError(
          "block split '\(text)': '\(piece)' is not SIZE/PERCENT, as in 4k/60:16k/30:128k/10")
      }
      guard let bytes = Self.bytes(size) else {
        throw WorkloadError(
          "block split '\(text)': '\(size)' is not a size of 512 bytes to 64m, such as 512, 4k, "
            + "128k or 1m")
      }
      guard let percent = fields.count == 1 ? 100 : Self.digits(fields[1]) else {
        throw WorkloadError(
          "block split '\(text)': '\(fields[1])' is not a whole number of percent")
      }
      parts.append(Part(bytes: bytes, percent: Int(percent)))
    }
    try self.init(parts: parts)
  }

  /// Reads a split; nil where ``init(parsing:)`` would throw.
  public init?(_ text: String) {
    do { try self.init(parsing: text) } catch { return nil }
  }

  /// Refuses sizes and shares that no request stream can honour.
  func validate() throws(WorkloadError) {
    var sum = 0
    for (index, part) in parts.enumerated() {
      let size = Self.sizeText(part.bytes)
      guard part.bytes >= 512, part.bytes % 512 == 0, part.bytes <= Self.maxBlockBytes else {
        throw WorkloadError(
          "block size \(size): must be a multiple of 512 bytes, at least 512 and at most 64m")
      }
      guard (1...100).contains(part.percent) else {
        throw WorkloadError("block size \(size): its share of \(part.percent) % is not 1 to 100")
      }
      guard !parts[..<index].contains(where: { $0.bytes == part.bytes }) else {
        throw WorkloadError("block size \(size) occurs twice: add its shares up")
      }
      sum += part.percent
    }
    guard sum == 100 else {
      throw WorkloadError("the shares of block split '\(self)' sum to \(sum) %, not to 100 %")
    }
  }

  /// The shortest text for a size: `1m`, `4k`, `512`.
  static func sizeText(_ bytes: UInt32) -> String {
    if bytes > 0, bytes % (1 << 20) == 0 { return "\(bytes >> 20)m" }
    if bytes > 0, bytes % (1 << 10) == 0 { return "\(bytes >> 10)k" }
    return "\(bytes)"
  }

  private static func bytes(_ text: Substring) -> UInt32? {
    let unit: UInt32 =
      switch text.last {
      case "k", "K": 1 << 10
      case "m", "M": 1 << 20
      default: 1
      }
    guard let number = digits(unit == 1 ? text : text.dropLast()) else { return nil }
    let product = number.multipliedReportingOverflow(by: unit)
    guard !product.overflow, (512...maxBlockBytes).contains(product.partialValue) else {
      return nil
    }
    return product.partialValue
  }

  /// A number of digits only: no sign, no space.
  private static func digits(_ text: Substring) -> UInt32? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(text) : nil
  }
}
