import Foundation
import LinuxIO
import Synchronization
import Testing

@testable import StorageEngine

@Suite("Tiers of different moments") struct MoveMarkTests {
  static let mark = {
    var mark = MoveMark()
    mark.note(.hot, at: 12_345)
    mark.note(.cold, at: 7)
    return mark
  }()

  @Test("are told by a file that is read as it was written, and never from text that was changed")
  func text() {
    #expect(MoveMark(reading: Self.mark.text) == Self.mark)
    #expect(MoveMark(reading: MoveMark().text) == MoveMark())
    expectUnreadableWhenDamaged(Self.mark.text) { MoveMark(reading: $0) }
    // The file of the same form that tells of something else.
    #expect(MoveMark(reading: DurableMarkTests.mark.text) == nil)
  }

  @Test(
    "are those of which one ends before what another says",
    arguments: [
      ([.hot: 12_345, .cold: 7], nil),
      ([.hot: 12_346, .cold: 8], nil),
      ([.hot: 12_344, .cold: 7], .hot),
      ([.hot: 12_345, .cold: 6], .cold),
      ([.hot: 0, .cold: 0], .hot),
      // Nobody says how far it must have come.
      ([.hot: 12_345, .warm: 0, .cold: 7], nil),
      // Nobody could ask it.
      ([.cold: 7], nil),
    ] as [([Tier: UInt64], Tier?)])
  func rule(found: [Tier: UInt64], older: Tier?) {
    let fault = MoveMark.fault([.warm: Self.mark], found: found) { "/tiers/\($0.rawValue)" }
    switch fault {
    case nil: #expect(older == nil)
    case .corruption(let tier, let file, let cause):
      #expect(tier == older)
      #expect(file == "/tiers/\(tier.rawValue)")
      #expect(cause.contains("'/tiers/warm/MOVES'"))
    default: Issue.record("\(String(describing: fault))")
    }
  }

  @Test("never counts a tier's moment back")
  func raises() {
    var mark = Self.mark
    mark.note(.hot, at: 12_344)
    #expect(mark == Self.mark)
  }

  // MARK: Stores

  private static let count = 50

  /// A store that was closed after keys have moved, and a checkpoint of before.
  private func moved(
    _ fixture: StoreFixture, from source: Tier, to target: Tier
  ) throws -> String {
    let store = try fixture.create()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    if source != .hot { try store.move(.all, from: .hot, to: source) }
    let checkpoint = fixture.folder + "/checkpoint"
    try store.checkpoint(to: checkpoint)
    #expect(try store.move(.all, from: source, to: target) == Self.count)
    try store.close()
    return checkpoint
  }

  /// Puts a copy of a checkpoint's tier in the place of the store's, which is kept beside it.
  private func restore(_ tier: Tier, from checkpoint: String, _ fixture: StoreFixture) throws {
    let place = "\(fixture.path)/\(tier.rawValue)"
    try FileManager.default.moveItem(atPath: place, toPath: place + ".away")
    try FileManager.default.copyItem(atPath: "\(checkpoint)/\(tier.rawValue)", toPath: place)
  }

  private func putBack(_ tier: Tier, _ fixture: StoreFixture) throws {
    let place = "\(fixture.path)/\(tier.rawValue)"
    try FileManager.default.removeItem(atPath: place)
    try FileManager.default.moveItem(atPath: place + ".away", toPath: place)
  }

  private func expectWhole(_ fixture: StoreFixture) throws {
    let store = try fixture.open()
    for number in 0..<Self.count {
      #expect(try store.get(bytes("key \(number)")) == bytes("value"))
    }
    try store.close()
  }

  static let routes: [(Tier, Tier)] = Tier.allCases.flatMap { source in
    Tier.allCases.filter { $0 != source }.map { (source, $0) }
  }

  @Test(
    "are refused until the newer one is back, where keys have gone from one to the other",
    arguments: routes)
  func restoredAlone(source: Tier, target: Tier) throws {
    // The source has again what it gave away, which would hide what is written anew and moves past it.
    for older in [target, source] {
      let fixture = try StoreFixture()
      let checkpoint = try moved(fixture, from: source, to: target)
      try restore(older, from: checkpoint, fixture)
      let files = try contents(of: fixture.path)
      fixture.expectRefused(older, "\(fixture.path)/\(older.rawValue)")
      #expect(try contents(of: fixture.path) == files)
      try putBack(older, fixture)
      try expectWhole(fixture)
    }
  }

  @Test(
    "are refused where an old value between the two would be back", arguments: [Tier.warm, .cold])
  func passedBy(older: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("old")) }
    try store.move(.all, from: .hot, to: older)
    let checkpoint = fixture.folder + "/checkpoint"
    try store.checkpoint(to: checkpoint)
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    // Takes the old one away on its way.
    try store.move(.all, from: .hot, to: older == .warm ? .cold : .warm)
    if older == .cold { try store.move(.all, from: .warm, to: .cold) }
    try store.close()
    try restore(older, from: checkpoint, fixture)
    fixture.expectRefused(older, "\(fixture.path)/\(older.rawValue)")
    try putBack(older, fixture)
    try expectWhole(fixture)
  }

  @Test("are refused where a range was handed on step by step")
  func handedOn() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    let checkpoint = fixture.folder + "/checkpoint"
    try store.checkpoint(to: checkpoint)
    let part = try store.export(.all, from: .hot)
    #expect(try store.ingest(part.entries, into: .cold) == Self.count)
    #expect(try store.retire(part.entries, from: .hot) == Self.count)
    try store.close()
    for older in [Tier.cold, .hot] {
      try restore(older, from: checkpoint, fixture)
      fixture.expectRefused(older, "\(fixture.path)/\(older.rawValue)")
      try putBack(older, fixture)
    }
    try expectWhole(fixture)
  }

  @Test("are refused where old values would stand above new ones", arguments: [Tier.warm, .cold])
  func oldValuesAbove(target: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("old")) }
    let checkpoint = fixture.folder + "/checkpoint"
    try store.checkpoint(to: checkpoint)
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    try store.move(.all, from: .hot, to: target)
    try store.close()
    try restore(.hot, from: checkpoint, fixture)
    fixture.expectRefused(.hot, fixture.path + "/hot")
    try putBack(.hot, fixture)
    try expectWhole(fixture)
  }

  @Test("are opened where nothing has moved between them since")
  func nothingMoved() throws {
    let fixture = try StoreFixture()
    let checkpoint = try moved(fixture, from: .hot, to: .warm)
    try restore(.cold, from: checkpoint, fixture)
    try expectWhole(fixture)
  }

  @Test("are not those of one checkpoint, whole as it is")
  func allOfOne() throws {
    let fixture = try StoreFixture()
    let checkpoint = try moved(fixture, from: .cold, to: .hot)
    for tier in Tier.allCases { try restore(tier, from: checkpoint, fixture) }
    try expectWhole(fixture)
    // And from then on as any other.
    let store = try fixture.open()
    try store.put(bytes("another"), bytes("value"))
    try store.move(.all, from: .hot, to: .cold)
    try store.close()
    try FileManager.default.removeItem(atPath: fixture.path + "/cold.away")
    try restore(.cold, from: checkpoint, fixture)
    fixture.expectRefused(.cold, fixture.path + "/cold")
  }

  @Test("are refused where a deleted range was forgotten since", arguments: [Tier.hot, .cold])
  func forgottenRange(older: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    try store.move(.all, from: .hot, to: .cold)
    let checkpoint = fixture.folder + "/checkpoint"
    try store.checkpoint(to: checkpoint)
    try store.deleteRange(.all)
    try store.forgetRanges()
    try store.close()
    try restore(older, from: checkpoint, fixture)
    fixture.expectRefused(older, "\(fixture.path)/\(older.rawValue)")
  }

  @Test("are told by all files at once that stand in the way of what is left of a tier")
  func lostLog() throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.durability = .sync
    let store = try fixture.create(configuration)
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("value")) }
    try store.move(.all, from: .hot, to: .warm)
    try store.put(bytes("another"), bytes("value"))
    try store.move(.all, from: .hot, to: .cold)
    // What a crash leaves, less the hot tier's log, which somebody then does without.
    let path = fixture.folder + "/crashed"
    try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
    for log in fixture.files(of: .hot, suffix: ".log") {
      try FileManager.default.removeItem(atPath: path + log.dropFirst(fixture.path.count))
    }
    try FileManager.default.removeItem(atPath: path + "/hot/DURABLE")
    let files = ["warm", "cold"].map { "\(path)/\($0)/MOVES" }
    for _ in 0..<2 {
      #expect {
        _ = fixture.closing(try TieredStore.open(path, configuration: configuration))
      } throws: { error in
        guard case StoreError.corruption(.hot, _, let cause) = error else { return false }
        return files.allSatisfy { cause.contains("'\($0)'") }
      }
    }
    for file in files { try FileManager.default.removeItem(atPath: file) }
    let left = fixture.closing(try TieredStore.open(path, configuration: configuration))
    #expect(try left.get(bytes("key 1")) == bytes("value"))
    try left.put(bytes("later"), bytes("value"))
    try left.close()
    let again = fixture.closing(try TieredStore.open(path, configuration: configuration))
    #expect(try again.get(bytes("later")) == bytes("value"))
  }

  @Test("are opened with what is left, where the file that tells is taken away")
  func taken() throws {
    let fixture = try StoreFixture()
    let checkpoint = try moved(fixture, from: .hot, to: .warm)
    try restore(.warm, from: checkpoint, fixture)
    for tier in ["hot", "cold"] {
      try FileManager.default.removeItem(atPath: "\(fixture.path)/\(tier)/MOVES")
    }
    let store = try fixture.open()
    #expect(try store.get(bytes("key 1")) == nil)
  }

  @Test("are not told by a file that is damaged, which is named, nor by one without contents")
  func damaged() throws {
    let fixture = try StoreFixture()
    _ = try moved(fixture, from: .hot, to: .warm)
    let file = fixture.path + "/warm/MOVES"
    var contents = try Data(contentsOf: URL(filePath: file))
    contents[contents.startIndex + 20] ^= 1
    try contents.write(to: URL(filePath: file))
    fixture.expectRefused(.warm, file)
    try Data().write(to: URL(filePath: file))
    try expectWhole(fixture)
  }

  @Test("are not those of a checkpoint that is made while keys move")
  func checkpointsBesideMoves() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<2000 { try store.put(bytes("key \(number)"), bytes("value")) }
    let isDone = Atomic(false)
    let turns = Mutex(0)
    let failure = Mutex<String?>(nil)
    let movers = try [[Tier.hot, .warm], [.warm, .cold]].map { pair in
      try PinnedThread(name: "test-mover", cpu: nil) {
        do {
          while !isDone.load(ordering: .acquiring) {
            try store.move(.all, from: pair[0], to: pair[1])
            try store.move(.all, from: pair[1], to: pair[0])
            turns.withLock { $0 += 1 }
          }
        } catch {
          failure.withLock { $0 = "\(error)" }
        }
      }
    }
    defer {
      isDone.store(true, ordering: .releasing)
      for mover in movers { mover.join() }
    }
    for number in 0..<20 {
      let turn = turns.withLock { $0 }
      while turns.withLock({ $0 }) == turn, failure.withLock({ $0 }) == nil { usleep(1000) }
      let path = "\(fixture.folder)/checkpoint-\(number)"
      try store.checkpoint(to: path)
      let copy = fixture.closing(try TieredStore.open(path, configuration: StoreFixture.small))
      for number in stride(from: 0, to: 2000, by: 97) {
        #expect(try copy.get(bytes("key \(number)")) == bytes("value"))
      }
      try copy.close()
    }
    #expect(failure.withLock { $0 } == nil)
  }

  @Test("leave a copy that is made of hard links as it was")
  func hardLinks() throws {
    let fixture = try StoreFixture()
    _ = try moved(fixture, from: .hot, to: .warm)
    let copy = fixture.folder + "/copy"
    for case let name as String in FileManager.default.enumerator(atPath: fixture.path) ?? .init() {
      let (path, target) = ("\(fixture.path)/\(name)", "\(copy)/\(name)")
      var isFolder: ObjCBool = false
      try #require(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder))
      let folder = isFolder.boolValue ? target : (target as NSString).deletingLastPathComponent
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      if !isFolder.boolValue { try FileManager.default.linkItem(atPath: path, toPath: target) }
    }
    let store = try fixture.open()
    for number in 0..<Self.count { try store.put(bytes("key \(number)"), bytes("later")) }
    try store.move(.all, from: .hot, to: .warm)
    try store.close()
    let kept = fixture.closing(try TieredStore.open(copy, configuration: StoreFixture.small))
    for number in 0..<Self.count {
      #expect(try kept.get(bytes("key \(number)")) == bytes("value"))
    }
  }
}
