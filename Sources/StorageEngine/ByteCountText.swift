/// Bytes for people, in binary units with at most one decimal, such as `1.5 MiB`.
enum ByteCountText {
  private static let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)]

  /// The text; what is beyond the decimal is cut off.
  static func text(_ count: UInt64) -> String {
    guard let (name, bits) = units.first(where: { count >> UInt64($0.1) > 0 }) else {
      return "\(count) B"
    }
    let whole = count >> UInt64(bits)
    let tenths = ((count - whole << UInt64(bits)) * 10) >> UInt64(bits)
    return tenths == 0 ? "\(whole) \(name)" : "\(whole).\(tenths) \(name)"
  }
}
