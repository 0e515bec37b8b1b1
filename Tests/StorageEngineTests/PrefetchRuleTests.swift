import Foundation
import Measurements
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Parts of prefetching")
struct PrefetchPartTests {
  private func hash(_ key: [UInt8]) -> UInt64 { KeyHash.hash(key.span, seed: 1) }

  @Test("the table tells what mostly came after a key, and nothing of what came after it by chance")
  func successors() {
    var table = SuccessorTable(byteCount: 1 << 20)
    let (first, second) = (bytes("first"), bytes("second"))
    table.learn(hash(first), then: second.span, hash: hash(second))
    // Once is not enough.
    #expect(table.successors(of: hash(first), atLeast: 0.5).isEmpty)
    table.learn(hash(first), then: second.span, hash: hash(second))
    #expect(table.successors(of: hash(first), atLeast: 0.5).map(\.key) == [second])
    for number in 0..<50 {
      let other = bytes("other \(number)")
      table.learn(hash(first), then: other.span, hash: hash(other))
    }
    #expect(table.successors(of: hash(first), atLeast: 0.5).isEmpty)
  }

  @Test("the table learns anew what comes after a key, and forgets the old")
  func anew() {
    var table = SuccessorTable(byteCount: 1 << 20)
    let key = hash(bytes("key"))
    let (old, new) = (bytes("old"), bytes("new"))
    for _ in 0..<20 { table.learn(key, then: old.span, hash: hash(old)) }
    for _ in 0..<20 { table.learn(key, then: new.span, hash: hash(new)) }
    #expect(table.successors(of: key, atLeast: 0.5).map(\.key) == [new])
  }

  @Test("a run is noticed after some steps, and read ahead before its end is reached")
  func run() {
    var detector = RunDetector()
    var until = 0
    for number in 0..<1000 {
      let key = bytes("block " + String(10_000 + number))
      if let (behind, count) = detector.next(key.span) {
        #expect(count <= RunDetector.reachMax)
        // What lies between was asked for before.
        #expect(behind == (until > number ? bytes("block " + String(10_000 + until)) : key))
        until = max(until, number) + count
        detector.reached(bytes("block " + String(10_000 + until)))
        detector.ended(count: count, of: count)
      }
      if number > RunDetector.stepsMin { #expect(until > number, "at \(number)") }
    }
  }

  @Test(
    "numbers before padding make a run as well, such as db_bench's",
    arguments: [(3, "00000000", true), (3, "-field", false), (9, "00000000000000", false)])
  func padded(digits: Int, padding: String, isRun: Bool) {
    var detector = RunDetector()
    let runs = (0..<20).count { number in
      let digits = String(String(1_000_000_000 + number).suffix(digits))
      return detector.next(bytes("key" + digits + padding).span) != nil
    }
    #expect(detector.isRun == isRun)
    #expect((runs > 0) == isRun)
  }

  @Test(
    "ends a run where keys that were read ahead are passed by, and learns such steps",
    arguments: [2, 10])
  func passedBy(stride: Int) {
    var detector = RunDetector()
    var asked = 0
    var covered = 0
    for number in 0..<400 {
      let key = 10_000 + number * stride
      let plan = detector.next(bytes("block \(key)").span)
      if detector.isCovered { covered += 1 }
      if let (behind, count) = plan {
        asked += count
        let first = Int(String(decoding: behind.dropFirst(6), as: UTF8.self)) ?? 0
        detector.reached(bytes("block \(first + count)"))
        detector.ended(count: count, of: count)
      }
    }
    // Not much more than the least reach in each run that begins anew, nor more of them than of steps.
    #expect(asked > 0 && asked <= 400 / 4 * RunDetector.reachMin * 2)
    #expect(stride == 2 || covered == 0)
  }

  @Test("tells keys that lie anywhere in db_bench's layout from a run")
  func scattered() {
    var random = SeededGenerator(seed: 3)
    var detector = RunDetector()
    var asked = 0
    for _ in 0..<10_000 {
      let number = UInt64.random(in: 0..<5_000_000, using: &random).bigEndian
      let key = withUnsafeBytes(of: number) { Array($0) } + bytes("00000000")
      if let (_, count) = detector.next(key.span) {
        asked += count
        var last = key
        last[7] = 255
        detector.reached(last)
        detector.ended(count: count, of: count)
      }
    }
    #expect(asked == 0)
  }

  @Test(
    "steps to keys close by make a run sooner than others",
    arguments: [
      // Keys; after how many of them it is a run.
      (["aa0", "aa1", "aa4", "aa9", "aaz"], 4), (["08", "09", "10", "11", "12"], 4),
      (["0198", "0199", "0200", "0201"], 4), (["1999", "2000", "2001", "2002"], 4),
      (["100", "110", "120", "130"], 4), (["0190", "0215", "0240", "0265"], nil),
      (["0007", "0214", "0431", "0562", "0781", "0999"], nil),
      (["a1", "c3", "e5", "g7", "i9", "k1", "m3", "o5", "q7"], nil),
      ((0..<20).map { String(1_000_000 + $0 * 1500) }, 8),
      ((0..<20).map { String(1_000_000 + $0 * 1507) }, 10),
      (["a1", "c3", "e5", "g7", "i9", "k1", "m3", "o5", "q7", "s9"], 10),
      (["a1", "c3", "e5", "g7", "h9", "k3", "k1", "m7", "p9", "s1"], nil),
      (["0007", "0214", "0431", "0432", "0433"], nil),
      (["0214", "0431", "0432", "0433", "0434"], 5),
    ] as [([String], Int?)])
  func evidence(keys: [String], length: Int?) {
    var detector = RunDetector()
    let found = keys.firstIndex {
      _ = detector.next(bytes("block-" + $0).span)
      return detector.isRun
    }
    #expect(found.map { $0 + 1 } == length)
  }

  @Test("keys at random, downwards, of other lengths or far apart are no run")
  func noRun() {
    var random = SeededGenerator(seed: 2)
    var detector = RunDetector()
    #expect((0..<10_000).allSatisfy { _ in detector.next(random.bytes(16).span) == nil })
    detector = RunDetector()
    #expect(
      (0..<1000).allSatisfy { detector.next(bytes("block " + String(99_999 - $0)).span) == nil })
    detector = RunDetector()
    #expect((0..<200).allSatisfy { detector.next([UInt8](repeating: 7, count: $0).span) == nil })
  }

  @Test("the ledger tells what was used, what was asked for too late, and what never was")
  func ledger() {
    let ledger = PrefetchLedger()
    #expect(ledger.issue(1) && !ledger.issue(1) && ledger.issue(2) && ledger.issue(3))
    #expect(ledger.use(1, wasCached: true))
    #expect(!ledger.use(1, wasCached: true))
    #expect(!ledger.use(2, wasCached: false))
    // In the place of the third.
    #expect(ledger.issue(3 + 4096))
    #expect(ledger.counts == PrefetchLedger.Counts(issued: 4, used: 1, wasted: 2))
    // What never came into the cache counts neither way.
    ledger.cancel(3 + 4096)
    #expect(!ledger.use(3 + 4096, wasCached: false) && !ledger.isOpen(3 + 4096))
    #expect(ledger.counts == PrefetchLedger.Counts(issued: 3, used: 1, wasted: 2))
  }

  /// What an access costs a client where something is read ahead, and where nothing is; nanoseconds.
  private struct Costs {
    var planned: Double
    var plain: Double
  }

  /// Of so many accesses, how many are planned at; those that rest pass unseen, and cost as much as others
  /// at which nothing is planned.
  private func planned(
    _ duty: inout PrefetchDuty, _ count: Int, _ costs: Costs, wasCached: Bool = true,
    precision: Double = 0.9
  ) -> Int {
    var planned = 0
    var number = 0
    while number < count {
      let part = duty.next(wasCached: wasCached) { precision }
      if part == .plan { planned += 1 }
      duty.read(part == .plan ? costs.planned : costs.plain)
      duty.read(Double(duty.rest) * costs.plain)
      number += 1 + Int(duty.rest)
    }
    return planned
  }

  private static let useless = Costs(planned: 1500, plain: 1500)
  private static let useful = Costs(planned: 100, plain: 1500)

  @Test(
    "goes off duty where nothing is spared, looks now and then, and goes on where it pays again")
  func duty() {
    var duty = PrefetchDuty()
    let trial = Int(PrefetchDuty.trial)
    // In one window of a cycle nothing is read ahead.
    let share = Double(PrefetchDuty.trialCycle - 1) / Double(PrefetchDuty.trialCycle)
    #expect(planned(&duty, trial, Self.useless) == Int(Double(trial) * share))
    let count = 20 * Int(PrefetchDuty.period)
    let looked = Double(planned(&duty, count, Self.useless)) / Double(count)
    #expect(looked > 0.01 && looked < 0.02)
    _ = planned(&duty, 2 * Int(PrefetchDuty.period), Self.useful)
    let paying = Int(PrefetchDuty.payingCycle * PrefetchDuty.window)
    let most = 4 * (paying - Int(PrefetchDuty.window))
    let found = planned(&duty, 4 * paying, Self.useful)
    #expect(abs(found - most) <= Int(PrefetchDuty.window))
    // And off again.
    #expect(planned(&duty, 20 * paying, Self.useless) < 5 * paying)
  }

  @Test("is tried for longer where much is not cached")
  func longer() {
    var duty = PrefetchDuty()
    let trial = Int(PrefetchDuty.trialMax)
    #expect(planned(&duty, trial, Self.useless, wasCached: false) == trial * 3 / 4)
    #expect(duty.rest > 0)
  }

  @Test("leaves its trial early where what is read ahead is of no use")
  func early() {
    var duty = PrefetchDuty()
    let window = Int(PrefetchDuty.window)
    #expect(planned(&duty, window - 1, Self.useful, precision: 0.3) == window - 1)
    #expect(duty.rest == 0)
    _ = planned(&duty, 1, Self.useful, precision: 0.3)
    // What accesses cost by themselves was not seen yet: the next look is soon, however slow the drive.
    #expect(duty.rest == PrefetchDuty.periodMin)
  }

  @Test(
    "stays on duty where looking costs less than it spares",
    arguments: [
      // Nanoseconds of an access with and without reading ahead; whether that pays.
      (1000, 2100, true), (1000, 1900, false), (0, 900, false), (7_900_000, 8_000_000, true),
      (60_000, 50_000, false),
    ] as [(Double, Double, Bool)])
  func worthwhile(planned cost: Double, plain: Double, pays: Bool) {
    var duty = PrefetchDuty()
    _ = planned(&duty, Int(PrefetchDuty.trial), Costs(planned: cost, plain: plain))
    #expect((duty.rest == 0) == pays)
  }

  @Test(
    "looks again sooner where accesses cost much",
    arguments: [
      // Nanoseconds of an access; accesses until the next look.
      (0, 1 << 18), (1000, 1 << 18), (4096, 100_000), (1e5, 1 << 13),
    ] as [(Double, UInt32)])
  func soon(cost: Double, rest: UInt32) {
    var duty = PrefetchDuty()
    _ = planned(&duty, Int(PrefetchDuty.trial), Costs(planned: cost, plain: cost))
    #expect(duty.rest == rest)
  }

  @Test("pays to wait for what is under way where reads take long")
  func awaits() {
    var duty = PrefetchDuty()
    #expect(!duty.awaits())
    for _ in 0..<1000 { duty.read(20_000) }
    #expect(!duty.awaits())
    // Waiting tells nothing of what reads take.
    for _ in 0..<1000 { duty.wait(5_000_000) }
    #expect(!duty.awaits())
    for _ in 0..<100 { duty.read(1_000_000) }
    #expect(duty.awaits())
    for _ in 0..<1000 { duty.read(20_000) }
    #expect(!duty.awaits())
  }

  @Test("looks for keys behind a run less often where there are none")
  func nothingBehind() {
    var detector = RunDetector()
    var plans = 0
    for number in 0..<1000 {
      guard let (_, count) = detector.next(bytes("block " + String(10_000 + number)).span) else {
        continue
      }
      #expect(detector.isAwaiting)
      plans += 1
      detector.ended(count: 0, of: count)
      #expect(!detector.isAwaiting)
    }
    #expect(plans > 1 && plans <= 1000 / RunDetector.reachMax + 1)
  }

  @Test("goes no further ahead than what is found at a time", arguments: [1, 3, 5])
  func cutShort(found: Int) {
    var detector = RunDetector()
    var until = 0
    for number in 0..<1000 {
      let key = bytes("block " + String(10_000 + number))
      if let (_, count) = detector.next(key.span) {
        until = max(until, number) + found
        detector.reached(bytes("block " + String(10_000 + until)))
        detector.ended(count: found, of: count)
      }
      #expect(until - number <= found + found / 2)
      if number > RunDetector.stepsMin { #expect(until >= number, "at \(number)") }
    }
  }

  @Test("awaits nothing once a run has ended, and begins no other before what is under way is over")
  func jump() {
    var detector = RunDetector()
    for number in 0..<5 { _ = detector.next(bytes("block \(10_000 + number)").span) }
    #expect(detector.isAwaiting)
    _ = detector.next(bytes("another").span)
    #expect(!detector.isAwaiting)
    let later = (0..<50).filter { detector.next(bytes("place \(10_000 + $0)").span) != nil }
    #expect(later.isEmpty)
    // Of the run before, it tells nothing of this one.
    detector.reached(bytes("place 10099"))
    detector.ended(count: 0, of: 8)
    #expect(detector.next(bytes("place 10050").span) != nil)
  }

  @Test("has who asks for a key that is under way wait until it is there, and nobody else")
  func flights() throws {
    let brief = PrefetchFlights(longest: Nanoseconds(seconds: 0.02))
    #expect(brief.join(1, key: one(1).span) == nil)
    brief.begin([1, 2])
    #expect(brief.join(3, key: one(3).span) == nil)
    // Nobody ends it: it is not waited for without end, and by nobody else after that.
    let waited = brief.join(2, key: one(2).span)
    #expect(try #require(waited) >= Nanoseconds(seconds: 0.02))
    #expect(brief.waitingCount == 0)
    #expect(brief.join(2, key: one(2).span) == nil)
    let flights = PrefetchFlights(longest: Nanoseconds(seconds: 60))
    for round in 0..<200 {
      let key = UInt64(10 + round)
      flights.begin([key])
      try inParallel(2) { thread in
        if thread == 0 {
          _ = flights.join(key, key: one(1).span)
        } else {
          // Once the other waits, or at about the same time.
          if round.isMultiple(of: 2) { wait(for: 1, in: flights) }
          flights.end([1, key])
        }
      }
      #expect(flights.waitingCount == 0)
    }
  }

  @Test("has a client that walks wait until it is known whether a key comes next behind its run")
  func runFlights() throws {
    let flights = PrefetchFlights(longest: Nanoseconds(seconds: 60))
    flights.beginRun(of: 3, behind: [5])
    // Keys of the run so far, other clients, and who does not walk, wait for nothing.
    #expect(flights.join(5, key: one(5).span, walker: 3) == nil)
    #expect(flights.join(6, key: one(6).span, walker: 4) == nil)
    #expect(flights.join(6, key: one(6).span) == nil)
    try inParallel(2) { thread in
      if thread == 0 {
        #expect(flights.join(7, key: one(7).span, walker: 3) != nil)
        // What is not in the next part is not waited for any longer.
        #expect(flights.join(20, key: one(20).span, walker: 3) != nil)
        // It is known up to 10.
        #expect(flights.join(10, key: one(10).span, walker: 3) == nil)
        #expect(flights.join(12, key: one(12).span, walker: 3) != nil)
      } else {
        wait(for: 1, in: flights)
        flights.goOn([7], upTo: [8], of: 3)
        flights.end([7])
        wait(for: 1, in: flights)
        flights.goOn([9], upTo: [10], of: 3)
        flights.end([9])
        wait(for: 1, in: flights)
        flights.endRun(of: 3)
      }
    }
    #expect(flights.waitingCount == 0)
    #expect(flights.join(13, key: one(13).span, walker: 3) == nil)
  }

  @Test("has nobody wait a second time for a part of a run that does not come in time")
  func lateRun() throws {
    let flights = PrefetchFlights(longest: Nanoseconds(seconds: 0.02))
    flights.beginRun(of: 3, behind: [5])
    let waited = flights.join(6, key: one(6).span, walker: 3)
    #expect(try #require(waited) >= Nanoseconds(seconds: 0.02))
    #expect(flights.join(7, key: one(7).span, walker: 3) == nil)
    // It goes on.
    flights.goOn([9], upTo: [9], of: 3)
    flights.end([9])
    #expect(flights.join(10, key: one(10).span, walker: 3) != nil)
  }

  private func one(_ byte: UInt8) -> [UInt8] { [byte] }

  private func wait(for count: Int, in flights: PrefetchFlights) {
    for _ in 0..<50_000 where flights.waitingCount < count { usleep(20) }
  }
}
