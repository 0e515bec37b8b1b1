import Foundation
import TestSupport
import Testing

@testable import StorageEngine

@Suite("What is known of use")
struct HeatFileTests {
  private static let rule = PlacementRule()

  private func classifier() -> DataClassifier {
    var classifier = DataClassifier(
      rule: Self.rule, byteCount: 64 << 10, hasSeenAll: true, now: 0)
    for number in 0..<20_000 {
      classifier.note(UInt64(number % 40) &* 0x9E37_79B9_7F4A_7C15 | 1, at: Double(number))
    }
    return classifier
  }

  @Test("is known again, by as much as the time between takes off it")
  func again() throws {
    var before = classifier()
    let words = before.words(at: 20_000)
    var after = try #require(DataClassifier(words: words, secondsAgo: 7200, now: 5))
    for number in 0..<50 {
      let hash = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
      let (old, new) = (before.use(of: hash, at: 27_200), after.use(of: hash, at: 5))
      #expect(abs(old.perDay - new.perDay) <= 0.01 * old.perDay + 0.5)
      #expect(old.idleSeconds == new.idleSeconds || abs(old.idleSeconds - new.idleSeconds) < 1e-6)
    }
    #expect(after.rule == Self.rule && after.knowsAll(at: 5))
  }

  @Test(
    "does not tell what was used since, so that nothing sinks for as long as a key may be warm",
    arguments: [(7200.0, true), (7201, false), (30 * 86400, false)] as [(Double, Bool)])
  func unseen(secondsAgo: Double, knowsAll: Bool) throws {
    let before = classifier()
    let words = before.words(at: 20_000)
    let after = try #require(DataClassifier(words: words, secondsAgo: secondsAgo, now: 5))
    #expect(after.knowsAll(at: 5) == knowsAll && after.knowsAll(at: 5 + Self.rule.warmIdleSeconds))
    // It is not forgotten when the store is opened once more meanwhile.
    let again = after.words(at: 100)
    let third = try #require(DataClassifier(words: again, secondsAgo: 10, now: 0))
    #expect(third.knowsAll(at: 0) == knowsAll)
    #expect(third.knowsAll(at: Self.rule.warmIdleSeconds))
  }

  @Test("is not believed where words are missing, too many or nonsense")
  func nonsense() {
    let before = classifier()
    let words = before.words(at: 20_000)
    for count in [0, 1, 8, 9, 10, 11, 12, 100, words.count - 1] {
      #expect(DataClassifier(words: Array(words.prefix(count)), secondsAgo: 0, now: 0) == nil)
    }
    #expect(DataClassifier(words: words + [0], secondsAgo: 0, now: 0) == nil)
    var random = SeededGenerator(seed: 1)
    let values: [UInt64] = [
      0, 1, .max, Double.nan.bitPattern, Double.infinity.bitPattern, (-1.0).bitPattern,
      Double.greatestFiniteMagnitude.bitPattern, UInt64(Int64.max),
    ]
    for place in 0..<40 {
      for value in values + [random.next()] {
        var changed = words
        changed[place] = value
        // Whatever it makes of it, it must not end the process.
        guard var read = DataClassifier(words: changed, secondsAgo: 0, now: 0) else { continue }
        read.note(7, at: 1)
        _ = read.use(of: 7, at: 1e9)
        _ = read.words(at: 1e9)
      }
    }
  }

  @Test("outlives the process in a file, and a damaged one is left alone")
  func file() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<2000 { try store.put(bytes("key \(number % 10)"), bytes("value")) }
    try store.close()
    let path = fixture.path + "/" + HeatFile.fileName
    let kept = try #require(HeatFile(in: fixture.path, wordsMax: 1 << 20))
    let again = try fixture.open()
    let report = try again.tierReports()
    #expect(report[.hot]?.heat?.belonging == [.hot: 10])
    try again.close()
    var data = try Data(contentsOf: URL(filePath: path))
    data[data.count / 2] ^= 1
    try data.write(to: URL(filePath: path))
    #expect(HeatFile(in: fixture.path, wordsMax: 1 << 20) == nil)
    let blank = try fixture.open()
    #expect(try blank.tierReports()[.hot]?.heat?.belonging == [.cold: 10])
    // It knows that it does not know, and lets nothing sink.
    #expect(try blank.reclassify().movedKeys == [:])
    try blank.close()
    #expect(HeatFile(in: fixture.path, wordsMax: 1 << 20)?.seed != kept.seed)
  }
}
