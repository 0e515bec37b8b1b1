/// Block sizes and how often each occurs, such as `4k/60:16k/30:128k/10`.
public struct BlockSplit: Sendable, Equatable, CustomStringConvertible {
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

  /// The largest size, in bytes.
  public var maxBytes: UInt32 { parts.map(\.bytes).max() ?? 0 }

  /// The smallest size, in bytes; every offset is a multiple of it or of the larger ones.
  public var minBytes: UInt32 { parts.map(\.bytes).min() ?? 0 }

  /// The split as profiles write it.
  public var description: String { "" }
}
