internal import RocksDB

/// Whether a client walks through keys in their order, and how far ahead it pays to read: pure.
///
/// A step is a key above the one before: the same bytes but for the last few. Padding at the end of both, the same
/// byte again and again, does not count. Three steps to keys close by make a run, or nine to any, or some of both: of
/// numbers that are asked for at random, all with the same first bytes, three rise one after the other once in 24
/// times, and nine once in 3.6 million. Its reach doubles as it goes on, up to ``reachMax`` keys. Who passes by keys
/// that were read ahead does not walk: the run ends.
struct RunDetector {
  /// How far a key lies above another.
  private enum Step: Int {
    /// Not above it, or with other first bytes.
    case none = 0
    /// Also where more than the last few bytes differ, but as where a number goes on from 199999 to 200500.
    case wide = 1
    /// The last byte has grown, or the one that differs first is one more and what follows is the same or has begun
    /// anew, as where a number goes from 199 to 201.
    case close = 3
  }

  private var last: [UInt8] = []
  /// What the steps so far weigh together.
  private var evidence = 0
  /// Keys of the run that were asked to be read ahead and did not go by yet.
  private var ahead = 0
  private var reach = 0
  /// The last key that was read ahead; empty where none was.
  private var frontier: [UInt8] = []
  /// Whether keys are being read ahead, and it is not known yet which they are.
  private var isPending = false
  /// Steps after which to look again, as there was nothing behind the run.
  private var pause = 0

  /// Whether the client walks on.
  var isRun: Bool { evidence >= Self.stepsMin * Step.close.rawValue }

  /// Whether keys behind this very run are being read ahead, and it is not known yet which they all are.
  var isAwaiting: Bool { isPending && reach > 0 }

  /// Steps to keys close by that make a run.
  static let stepsMin = 3
  static let reachMin = 8
  static let reachMax = 64
  /// Bytes at a key's end, or before its padding, in which it may differ from the one before.
  private static let tailBytes = 4
  /// Bytes of padding at most: db_bench's numbers of eight bytes stand before as many zeros.
  private static let paddingMax = 8

  /// Takes in the next key of a client.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - isDue: Whether reading ahead may pay here. A walk over what the cache has needs none.
  /// - Returns: Behind which key, and how many, should be read ahead; nil for none.
  mutating func next(
    _ key: Span<UInt8>, isDue: Bool = true
  ) -> (behind: [UInt8], count: Int)? {
    let step = step(to: key)
    last = key.copied()
    guard step != .none, !isPast else {
      (evidence, ahead, reach, pause) = (0, 0, 0, 0)
      frontier = []
      return nil
    }
    evidence += step.rawValue
    ahead -= 1
    if pause > 0 {
      pause -= 1
      return nil
    }
    // Half of the reach is kept in hand, so that reading ahead stays ahead.
    guard isDue, isRun, !isPending, ahead <= reach / 2 else { return nil }
    reach = min(Self.reachMax, max(Self.reachMin, reach * 2))
    ahead = max(0, ahead) + reach
    isPending = true
    return (isAhead(frontier) ? frontier : last, reach)
  }

  /// Says up to which key it is read ahead, or was.
  mutating func reached(_ key: [UInt8]) {
    // The run may have ended meanwhile.
    if reach > 0, isAhead(key) { frontier = key }
  }

  /// Says that no more is read ahead, of how many keys that were asked for, and how many there were.
  mutating func ended(count: Int, of askedCount: Int) {
    isPending = false
    guard reach > 0 else { return }
    ahead -= askedCount - count
    // No further ahead than what was found, as that is where its bytes were enough or its keys at an end.
    if count < askedCount { reach = max(1, count) }
    if count == 0 { pause = Self.reachMax }
  }

  /// Whether the last key was among those that were read ahead.
  var isCovered: Bool { isRun && !frontier.isEmpty && !frontier.lexicographicallyPrecedes(last) }

  /// Whether the client is beyond all that was read ahead although it did not go by as many keys.
  private var isPast: Bool {
    !isPending && ahead > 1 && !frontier.isEmpty && frontier.lexicographicallyPrecedes(last)
  }

  /// Whether the client has not come to a key yet.
  private func isAhead(_ key: [UInt8]) -> Bool { last.lexicographicallyPrecedes(key) }

  /// Whether the client went by a key, to a later one.
  func hasPassed(_ key: [UInt8]) -> Bool { key.lexicographicallyPrecedes(last) }

  /// How far a key lies above the last one.
  private func step(to key: Span<UInt8>) -> Step {
    guard !last.isEmpty, key.count == last.count else { return .none }
    var index = 0
    while index < last.count, key[index] == last[index] { index += 1 }
    guard index < last.count, key[index] > last[index] else { return .none }
    var end = last.count
    let pad = last[end - 1]
    while end - 1 > index, last.count - end < Self.paddingMax, last[end - 1] == pad,
      key[end - 1] == pad
    {
      end -= 1
    }
    if end - index == 1 { return .close }
    var place = index + 1
    while place < end, key[place] == last[place] { place += 1 }
    let isNext = key[index] - last[index] == 1
    let hasBegunAnew = isNext && place < end && key[place] < last[place]
    guard end - index <= Self.tailBytes else { return hasBegunAnew ? .wide : .none }
    return hasBegunAnew || isNext && place == end ? .close : .wide
  }
}
