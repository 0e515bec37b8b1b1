/// Where a range is cut so that its parts hold about the same bytes: pure.
enum PartitionRule {
  /// Cuts a range where each share of its bytes ends.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - boundaries: Keys at which files begin or end, in any order; only they are known to lie among
  ///     the data, so that a cut is looked for between two of them.
  ///   - count: Most parts.
  ///   - bytesBelow: About how many bytes of the range lie before a key. Answers may change from call
  ///     to call, as those of a store that compacts do: the parts are then less equal.
  /// - Returns: Ranges in ascending order that together are the range, none in another; fewer where
  ///   there is little in it.
  /// - Throws: What `bytesBelow` throws.
  static func partitions<Failure>(
    of range: KeyRange, boundaries: [[UInt8]], count: Int,
    bytesBelow: ([UInt8]) throws(Failure) -> UInt64
  ) throws(Failure) -> [KeyRange] {
    let total = try bytesBelow(range.upperBound)
    guard count > 1, total > 0 else { return [range] }
    let keys = boundaries.filter(range.contains).sorted { $0.lexicographicallyPrecedes($1) }
    let close = total / UInt64(count) / closeness
    var bounds: [[UInt8]?] = [range.lower]
    var last = Place(key: range.lowerBound, bytes: 0)
    let end = range.upper.map { Place(key: $0, bytes: total) }
    for share in 1..<count {
      let wanted = total.multipliedFullWidth(by: UInt64(share))
      let target = UInt64(count).dividingFullWidth(wanted).quotient
      let cut = try nearest(to: target, within: close, among: keys, from: last, to: end, bytesBelow)
      guard cut.bytes > last.bytes, cut.bytes < total,
        last.key.lexicographicallyPrecedes(cut.key)
      else { continue }
      bounds.append(cut.key)
      last = cut
    }
    bounds.append(range.upper)
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

  /// The key before which about `target` bytes lie, not before `start`.
  private static func nearest<Failure>(
    to target: UInt64, within close: UInt64, among keys: [[UInt8]], from start: Place,
    to end: Place?, _ bytesBelow: ([UInt8]) throws(Failure) -> UInt64
  ) throws(Failure) -> Place {
    var low = start
    var high = end
    var first = 0
    var past = keys.count
    while first < past {
      let index = first + (past - first) / 2
      guard start.key.lexicographicallyPrecedes(keys[index]) else {
        first = index + 1
        continue
      }
      let place = Place(key: keys[index], bytes: try bytesBelow(keys[index]))
      if place.bytes > target {
        high = place
        past = index
      } else {
        low = place
        first = index + 1
      }
    }
    guard var high else { return low }
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
