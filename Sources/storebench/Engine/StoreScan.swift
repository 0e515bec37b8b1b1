import StorageEngine
import Workloads

/// One scan of a benchmark: so many entries from a key on, round the end of the key space, each
/// looked at.
struct StoreScan: Sendable {
  /// How a scan went.
  struct Outcome: Sendable {
    var finding = StoreFinding.intact
    /// The key number that was wrong.
    var number: UInt64 = 0
    /// Entries that were as they should be.
    var count = 0
    /// The number of the last key, where the next scan goes on; nil where there was none.
    var last: UInt64?
  }

  var keys: StoreKeys
  var values: StoreValues
  var direction: ScanDirection
  var count: Int
  /// Looks at all of one value in so many, and at the header of the others.
  var fullEvery: Int

  /// Scans from a key on.
  ///
  /// - Parameters:
  ///   - store: Which.
  ///   - start: A key, or bytes that sort where the scan is to begin.
  ///   - including: Whether a key that is the same as `start` belongs to it.
  /// - Returns: How it went.
  /// - Throws: What failed in the store.
  func run(on store: TieredStore, from start: [UInt8], including: Bool) throws(StoreError)
    -> Outcome
  {
    var outcome = Outcome()
    let after = start + [0]
    let range =
      switch direction {
      case .forward: KeyRange(from: including ? start : after, upTo: keys.upperBound)
      case .backward: KeyRange(from: keys.lowerBound, upTo: including ? after : start)
      }
    try walk(store, range, &outcome)
    if outcome.finding == .intact, outcome.count < count {
      try walk(store, KeyRange(from: keys.lowerBound, upTo: keys.upperBound), &outcome)
    }
    if outcome.finding == .intact, outcome.count < count { outcome.finding = .incomplete }
    return outcome
  }

  private func walk(_ store: TieredStore, _ range: KeyRange, _ outcome: inout Outcome)
    throws(StoreError)
  {
    var found = outcome
    var previous: UInt64?
    try store.scan(range, direction, limit: count - found.count) { key, value in
      guard let (number, place) = keys.number(of: key) else {
        found.finding = .outOfOrder
        return false
      }
      if let previous {
        let isInOrder = direction == .forward ? previous < place : previous > place
        guard isInOrder else {
          found.finding = .outOfOrder
          found.number = number
          return false
        }
      }
      previous = place
      let check = values.check(
        value, identity: keys.identity(number), full: found.count % fullEvery == 0)
      guard check.finding == .intact, number < StoreKeys.countMax else {
        found.finding = check.finding == .intact ? .unexpected : check.finding
        found.number = number
        return false
      }
      found.count += 1
      found.last = number
      return true
    }
    outcome = found
  }
}
