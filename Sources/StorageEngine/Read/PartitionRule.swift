/// Where a range is cut so that its parts hold about the same bytes: pure.
enum PartitionRule {
  /// Cuts a range where each share of its bytes ends.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - boundaries: Keys at which files begin or end, in any order; only they are known to lie among
  ///     the data, so that a cut is looked for between two of them.
  ///   - count: Most parts.
  ///   - bytesBelow: About how many bytes of the range lie before a key; never falls as keys ascend.
  /// - Returns: Ranges in ascending order that together are the range; fewer where there is little in
  ///   it.
  /// - Throws: What `bytesBelow` throws.
  static func partitions<Failure>(
    of range: KeyRange, boundaries: [[UInt8]], count: Int,
    bytesBelow: ([UInt8]) throws(Failure) -> UInt64
  ) throws(Failure) -> [KeyRange] {
    let total = try bytesBelow(range.upperBound)
    guard count > 1, total > 0 else { return [range] }
    var places = [Place(key: range.lowerBound, bytes: 0)]
    for key in boundaries.filter(range.contains).sorted(by: { $0.lexicographicallyPrecedes($1) })
    where places[places.count - 1].key.lexicographicallyPrecedes(key) {
      places.append(Place(key: key, bytes: try bytesBelow(key)))
    }
    var cuts: [Place] = []
    for share in 1..<count {
      let wanted = total.multipliedFullWidth(by: UInt64(share))
      let target = UInt64(count).dividingFullWidth(wanted).quotient
      let close = total / UInt64(count) / closeness
      let cut = try nearest(to: target, within: close, among: places, bytesBelow)
      if cut.bytes > cuts.last?.bytes ?? 0, cut.bytes < total { cuts.append(cut) }
    }
    let bounds: [[UInt8]?] = [range.lower] + cuts.map { Optional($0.key) } + [range.upper]
    return zip(bounds, bounds.dropFirst()).map { KeyRange(from: $0, upTo: $1) }
  }

  /// A key and the bytes of the range before it.
  private struct Place {
    var key: [UInt8]
    var bytes: UInt64

    func distance(to target: UInt64) -> UInt64 {
      bytes > target ? bytes - target : target - bytes
    }
  }

  /// The part of a share by which a cut may miss it: 1 in 64.
  private static let closeness: UInt64 = 64
  /// Halvings between two boundaries; each asks the tables' indexes.
  private static let halvings = 24

  /// The key before which about `target` bytes lie.
  private static func nearest<Failure>(
    to target: UInt64, within close: UInt64, among places: [Place],
    _ bytesBelow: ([UInt8]) throws(Failure) -> UInt64
  ) throws(Failure) -> Place {
    guard let next = places.firstIndex(where: { $0.bytes > target }) else {
      return places[places.count - 1]
    }
    var low = places[max(0, next - 1)]
    var high = places[next]
    for _ in 0..<halvings
    where low.distance(to: target) > close && high.distance(to: target) > close {
      guard let key = middle(low.key, high.key) else { break }
      let place = Place(key: key, bytes: try bytesBelow(key))
      if place.bytes > target { high = place } else { low = place }
    }
    return low.distance(to: target) <= high.distance(to: target) ? low : high
  }

  /// A key between two, about half way; nil where none is easily found.
  ///
  /// Behind what both begin with, the next eight bytes count as a number.
  static func middle(_ low: [UInt8], _ high: [UInt8]) -> [UInt8]? {
    let common = zip(low, high).prefix { $0 == $1 }.count
    let (first, last) = (number(low, from: common), number(high, from: common))
    guard first < last, last - first > 1 else { return nil }
    let middle = first + (last - first) / 2
    return low[..<common] + (0..<8).map { UInt8(truncatingIfNeeded: middle >> (56 - 8 * $0)) }
  }

  private static func number(_ key: [UInt8], from start: Int) -> UInt64 {
    (start..<start + 8).reduce(0) { $0 << 8 | (key.indices.contains($1) ? UInt64(key[$1]) : 0) }
  }
}
