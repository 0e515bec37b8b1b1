internal import RocksDB

/// Ranges that were deleted as a whole, each with the version of its deletion.
///
/// A copy of a key, in whatever tier, that is older than the deletion of a range around it is dead.
/// The ranges are kept disjoint and sorted: a later deletion takes the place of what it covers.
struct RangeTombstones: Sendable, Equatable {
  struct Fragment: Sendable, Equatable {
    var lower: [UInt8]
    /// The key behind the last.
    var upper: [UInt8]
    var version: Version
  }

  private(set) var fragments: [Fragment] = []

  var isEmpty: Bool { fragments.isEmpty }

  init() {}

  /// The version of the deletion that covers a key; nil where none does.
  func covering(_ key: Span<UInt8>) -> Version? {
    var low = 0
    var high = fragments.count
    while low < high {
      let middle = (low + high) / 2
      let upper = fragments[middle].upper
      if key.order(to: upper.span) < 0 {
        high = middle
      } else {
        low = middle + 1
      }
    }
    guard low < fragments.count else { return nil }
    let lower = fragments[low].lower
    guard key.order(to: lower.span) >= 0 else { return nil }
    return fragments[low].version
  }

  /// Whether a version of a key is dead.
  func hides(_ key: Span<UInt8>, _ version: Version) -> Bool {
    covering(key).map { version < $0 } ?? false
  }

  /// Whether a version of a key is dead.
  func hides(_ key: [UInt8], _ version: Version) -> Bool { hides(key.span, version) }

  /// Forgets deletions that nothing is left to be hidden by.
  mutating func remove(_ versions: Set<Version>) {
    fragments.removeAll { versions.contains($0.version) }
  }

  /// Adds a deletion that is later than all before it.
  mutating func insert(lower: [UInt8], upper: [UInt8], version: Version) {
    guard lower.lexicographicallyPrecedes(upper) else { return }
    var result: [Fragment] = []
    var inserted = false
    for fragment in fragments {
      if !lower.lexicographicallyPrecedes(fragment.upper) {
        result.append(fragment)
        continue
      }
      if !fragment.lower.lexicographicallyPrecedes(upper) {
        if !inserted {
          result.append(Fragment(lower: lower, upper: upper, version: version))
          inserted = true
        }
        result.append(fragment)
        continue
      }
      if fragment.lower.lexicographicallyPrecedes(lower) {
        result.append(
          Fragment(lower: fragment.lower, upper: lower, version: fragment.version))
      }
      if !inserted {
        result.append(Fragment(lower: lower, upper: upper, version: version))
        inserted = true
      }
      if upper.lexicographicallyPrecedes(fragment.upper) {
        result.append(
          Fragment(lower: upper, upper: fragment.upper, version: fragment.version))
      }
    }
    if !inserted { result.append(Fragment(lower: lower, upper: upper, version: version)) }
    fragments = result
  }
}
