/// Which keys were used within a time, in memory that does not grow: Bloom filters that take turns.
///
/// Each filter takes the keys of a quarter of the time; five of them remember all of it and up to a quarter
/// more. A key that was not used may seem so, never the other way round.
struct RecentKeys {
  private static let sliceCount = 5
  private static let lineWords = 8

  private var words: [UInt64]
  private let sliceWords: Int
  private let lineCount: UInt64
  private let sliceSeconds: Double
  private var current = 0
  private var currentEnd: Double

  /// Filters for keys used within so many seconds, all of them together of so many bytes.
  init(byteCount: Int, seconds: Double, now: Double) {
    let lines = max(1, byteCount / Self.sliceCount / (Self.lineWords * 8))
    lineCount = UInt64(lines)
    sliceWords = lines * Self.lineWords
    words = [UInt64](repeating: 0, count: sliceWords * Self.sliceCount)
    sliceSeconds = seconds / Double(Self.sliceCount - 1)
    currentEnd = now + sliceSeconds
  }

  var byteCount: Int { words.count * 8 }

  /// Notes a use.
  mutating func note(_ hash: UInt64, at now: Double) {
    turn(to: now)
    let start = current * sliceWords + line(hash)
    for round in 0..<4 {
      let bit = bit(hash, round)
      words[start + bit / 64] |= 1 << UInt64(bit % 64)
    }
  }

  /// Whether a key seems to have been used.
  mutating func wasUsed(_ hash: UInt64, at now: Double) -> Bool {
    turn(to: now)
    let line = line(hash)
    return (0..<Self.sliceCount).contains { slice in
      (0..<4).allSatisfy { round in
        let bit = bit(hash, round)
        return words[slice * sliceWords + line + bit / 64] & 1 << UInt64(bit % 64) != 0
      }
    }
  }

  /// The filters and whose turn it is, by a clock that says `now`.
  func kept(at now: Double) -> [UInt64] {
    [UInt64(current), (currentEnd - now).bitPattern] + words
  }

  /// Takes in what ``kept(at:)`` of filters of the same size gave; whether it was.
  mutating func take(_ reader: inout WordReader, at now: Double) -> Bool {
    guard let turn = reader.next(), turn < Self.sliceCount, let left = reader.number(),
      let kept = reader.take(words.count)
    else { return false }
    current = Int(turn)
    currentEnd = now + min(left, sliceSeconds)
    words = Array(kept)
    return true
  }

  /// Forgets slices whose time is over.
  private mutating func turn(to now: Double) {
    var turns = 0
    while now >= currentEnd, turns < Self.sliceCount {
      current = (current + 1) % Self.sliceCount
      for index in current * sliceWords..<(current + 1) * sliceWords { words[index] = 0 }
      currentEnd += sliceSeconds
      turns += 1
    }
    if now >= currentEnd { currentEnd = now + sliceSeconds }
  }

  private func line(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: ((hash &>> 32) &* lineCount) &>> 32) * Self.lineWords
  }

  /// Nine other bits of the hash for each of four rounds, mixed so that they do not follow the line's.
  private func bit(_ hash: UInt64, _ round: Int) -> Int {
    Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(28 + 9 * round) & 511)
  }
}
