extension FaultCounts {
  private enum CodingKeys: String, CodingKey {
    case errors, short, empty, corrupt, unwritten, unanswered, firstOffset
  }

  /// Decodes `errors` from an object whose keys are errno values in decimal.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    for (key, count) in try container.decode([String: UInt64].self, forKey: .errors) {
      guard let errno = Int32(key) else {
        throw DecodingError.dataCorruptedError(
          forKey: .errors, in: container, debugDescription: "'\(key)' is not an errno value")
      }
      errors[errno] = count
    }
    short = try container.decode(UInt64.self, forKey: .short)
    empty = try container.decode(UInt64.self, forKey: .empty)
    corrupt = try container.decode(UInt64.self, forKey: .corrupt)
    unwritten = try container.decode(UInt64.self, forKey: .unwritten)
    unanswered = try container.decode(UInt64.self, forKey: .unanswered)
    firstOffset = try container.decodeIfPresent(UInt64.self, forKey: .firstOffset)
  }

  /// Encodes `errors` as an object whose keys are errno values in decimal.
  ///
  /// The derived form of a dictionary with `Int32` keys is a list in random order, which no schema
  /// can describe and which differs from one writing to the next.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    var keyed: [String: UInt64] = [:]
    for (errno, count) in errors { keyed[String(errno)] = count }
    try container.encode(keyed, forKey: .errors)
    try container.encode(short, forKey: .short)
    try container.encode(empty, forKey: .empty)
    try container.encode(corrupt, forKey: .corrupt)
    try container.encode(unwritten, forKey: .unwritten)
    try container.encode(unanswered, forKey: .unanswered)
    try container.encodeIfPresent(firstOffset, forKey: .firstOffset)
  }
}
