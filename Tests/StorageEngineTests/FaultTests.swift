import Foundation
import Glibc
import StorageEngine
import StoreWriter
import TestSupport
import Testing

/// A store with keys in all three tiers, closed.
struct PopulatedStore {
  let fixture: StoreFixture
  let configuration: StoreConfiguration
  private(set) var values: [[UInt8]: [UInt8]] = [:]

  init(
    _ fixture: StoreFixture, _ configuration: StoreConfiguration, valueBytes: Int = 300
  ) throws {
    self.fixture = fixture
    self.configuration = configuration
    let store = try fixture.create(configuration)
    var generator = SeededGenerator(seed: 11)
    for (prefix, tier) in [("c", Tier.cold), ("w", .warm), ("h", .hot)] {
      for number in 0..<400 {
        let (key, value) = (bytes("\(prefix)\(number)"), generator.bytes(valueBytes))
        try store.put(key, value)
        values[key] = value
      }
      if tier != .hot { try store.move(.all, from: .hot, to: tier) }
    }
    try store.flush()
    // The hot tier's log holds some as well.
    for number in 0..<200 {
      let (key, value) = (bytes("l\(number)"), generator.bytes(valueBytes))
      try store.put(key, value)
      values[key] = value
    }
    try store.close()
  }

  /// What a store answers wrongly; a failure is no answer.
  func wrong(_ store: TieredStore, _ failed: (any Error) -> Void = { _ in }) -> [String] {
    values.compactMap { key, value in
      do {
        return try store.get(key) == value ? nil : String(decoding: key, as: UTF8.self)
      } catch {
        failed(error)
        return nil
      }
    }.sorted()
  }

  /// Expects everything to be there.
  func expectWhole(_ place: Comment? = nil) throws {
    let store = try fixture.open(configuration)
    var failures = 0
    #expect(wrong(store) { _ in failures += 1 } == [], place)
    #expect(failures == 0, place)
    #expect(try store.verify() == [], place)
    try store.close()
  }

  static var configuration: StoreConfiguration {
    var configuration = StoreFixture.small
    configuration.hotCacheBytes = 0
    // Close to nothing is kept in memory, so that reads reach the drive.
    configuration.sharesMemory = false
    for path in [\StoreConfiguration.hot, \.warm, \.cold] {
      configuration[keyPath: path].cacheBytes = 0
    }
    return configuration
  }
}

extension StoreError {
  /// The tier and the place that it names.
  var place: (tier: Tier, path: String)? {
    switch self {
    case .noSpace(let tier, let path, _), .failed(let tier, let path, _),
      .corruption(let tier, let path, _), .wrongFolder(let tier, let path, _):
      (tier, path)
    default: nil
    }
  }
}

@Suite("A drive that fails is named, and what was acknowledged is there once it is back")
struct FailingDriveTests {
  @Test(
    "that answers everything with EIO",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"),
    arguments: Tier.allCases, LoopDisk.Kind.allCases)
  func inputOutputError(tier: Tier, kind: LoopDisk.Kind) throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(kind, in: fixture.folder)
    var configuration = PopulatedStore.configuration
    configuration.durability = .sync
    let folder = disk.path + "/tier"
    configuration.tierFolders[tier] = folder
    let populated = try PopulatedStore(fixture, configuration)
    // Nothing of it is in the page cache after this.
    try disk.unmount()
    try disk.mount()
    let store = try fixture.open(configuration)
    try disk.cutPower()
    var errors: [any Error] = []
    #expect(populated.wrong(store) { errors.append($0) } == [])
    #expect(!errors.isEmpty)
    do {
      if tier == .hot {
        try store.put(bytes("x"), [1])
      } else {
        try store.ingest(
          [
            StoredEntry(
              key: bytes("x"), version: Version(epoch: 0, sequence: 1), kind: .value, value: [])
          ],
          into: tier)
      }
      Issue.record("a write to a dead drive was acknowledged")
    } catch {
      errors.append(error)
    }
    for error in errors {
      let place = (error as? StoreError)?.place
      #expect(place?.tier == tier && place?.path.hasPrefix(folder) == true, "\(error)")
    }
    if tier == .hot {
      // For good, as nobody knows what the drive did with the last write.
      #expect {
        try store.put(bytes("y"), [1])
      } throws: { error in
        if case StoreError.poisoned = error { true } else { false }
      }
    } else {
      try store.put(bytes("the hot tier goes on"), [1])
    }
    try? store.close()
    try disk.unmount()
    try disk.mount()
    try populated.expectWhole()
  }

  @Test(
    "whose end is gone",
    .enabled(if: LoopDisk.isUsable, "mounting needs root, mkfs.ext4 and mkfs.xfs"),
    arguments: Tier.allCases)
  func truncatedImage(tier: Tier) throws {
    let fixture = try StoreFixture()
    let disk = try LoopDisk(.ext4, in: fixture.folder)
    var configuration = PopulatedStore.configuration
    configuration.tierFolders[tier] = disk.path + "/tier"
    // Larger than what opening reads.
    let populated = try PopulatedStore(fixture, configuration, valueBytes: 4000)
    // Or opening compacts, and what it writes is still in the page cache.
    let settled = try fixture.open(configuration)
    try settled.compact()
    try settled.waitUntilIdle()
    try settled.close()
    try disk.unmount()
    try disk.mount()
    let store = try fixture.open(configuration)
    let image = try disk.takeAwayData()
    var errors: [any Error] = []
    #expect(populated.wrong(store) { errors.append($0) } == [])
    #expect(!errors.isEmpty)
    for error in errors {
      let place = (error as? StoreError)?.place
      #expect(
        place?.tier == tier && place?.path.hasPrefix(disk.path + "/tier/") == true, "\(error)")
    }
    try? store.close()
    try disk.unmount()
    try disk.putBackData(image)
    try disk.mount()
    try populated.expectWhole()
  }
}

@Suite("What is missing or changed in a store's folder is named, file by file")
struct MissingFileTests {
  /// Opens a store that must not open, and gives back why.
  private func refusal(_ populated: PopulatedStore, _ place: Comment) -> StoreError? {
    do throws(StoreError) {
      _ = populated.fixture.closing(
        try .open(populated.fixture.path, configuration: populated.configuration))
      Issue.record("it opened: \(place)")
      return nil
    } catch {
      return error
    }
  }

  @Test("in each tier", arguments: Tier.allCases, ["CURRENT", "MANIFEST", "TIER", ".sst"])
  func missing(tier: Tier, kind: String) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, PopulatedStore.configuration)
    let folder = "\(fixture.path)/\(tier.rawValue)"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    let name = try #require(
      names.sorted().last { $0.hasPrefix(kind) || kind.hasPrefix(".") && $0.hasSuffix(kind) })
    let (path, aside) = ("\(folder)/\(name)", fixture.folder + "/aside")
    try FileManager.default.moveItem(atPath: path, toPath: aside)
    let error = refusal(populated, "\(tier.rawValue), \(name)")
    #expect(error?.place?.tier == tier, "\(error.map { "\($0)" } ?? "")")
    if kind == "TIER" {
      #expect(error?.place?.path == folder)
      #expect("\(error.map { "\($0)" } ?? "")".contains("TIER"))
    } else {
      #expect(error?.place?.path == path, "\(error.map { "\($0)" } ?? "")")
    }
    try FileManager.default.moveItem(atPath: aside, toPath: path)
    try populated.expectWhole()
  }

  @Test("the log, or its end", arguments: [0, 100])
  func log(keptPercent: Int) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, PopulatedStore.configuration)
    let log = try #require(fixture.files(of: .hot, suffix: ".log").last)
    let data = try Data(contentsOf: URL(filePath: log))
    try FileManager.default.removeItem(atPath: log)
    if keptPercent > 0 { try data.dropLast(1).write(to: URL(filePath: log)) }
    let error = refusal(populated, "log")
    guard case .corruption(.hot, log, _) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    try data.write(to: URL(filePath: log))
    try populated.expectWhole()
  }

  @Test("its file STORE")
  func store() throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, PopulatedStore.configuration)
    let (path, aside) = (fixture.path + "/STORE", fixture.folder + "/aside")
    try FileManager.default.moveItem(atPath: path, toPath: aside)
    #expect(
      refusal(populated, "STORE") == .notAStore(path: fixture.path, reason: "it has no file STORE"))
    try FileManager.default.moveItem(atPath: aside, toPath: path)
    try populated.expectWhole()
  }

  /// Wherever in the log it is, an acknowledged value is never told as missing.
  @Test("a bit in the log", arguments: 0..<24)
  func bitInLog(round: Int) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, PopulatedStore.configuration)
    let log = try #require(fixture.files(of: .hot, suffix: ".log").last)
    let original = try Data(contentsOf: URL(filePath: log))
    var data = original
    try #require(data.count > 60_000)
    let seed = number("STORE_SEED") ?? 17
    var generator = SeededGenerator(seed: seed &+ UInt64(round))
    // The heads of records, at the front and at the very end, as well as what is between.
    let offset =
      switch round % 4 {
      case 0: Int.random(in: 0..<7, using: &generator)
      case 1: data.count - Int.random(in: 1..<400, using: &generator)
      default: Int.random(in: 0..<data.count, using: &generator)
      }
    let bit = Int.random(in: 0..<8, using: &generator)
    data[offset] ^= UInt8(1 << bit)
    try data.write(to: URL(filePath: log))
    let error = refusal(populated, "seed \(seed), offset \(offset), bit \(bit)")
    guard case .corruption(.hot, log, _) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error"), offset \(offset), bit \(bit)")
      return
    }
    #expect(refusal(populated, "again") == error)
    try original.write(to: URL(filePath: log))
    try populated.expectWhole("seed \(seed), offset \(offset), bit \(bit)")
  }

  @Test("a bit in a table", arguments: Tier.allCases, 0..<6)
  func bitInTable(tier: Tier, round: Int) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, PopulatedStore.configuration)
    let table = try #require(fixture.files(of: tier, suffix: ".sst").first)
    let original = try Data(contentsOf: URL(filePath: table))
    var data = original
    let seed = number("STORE_SEED") ?? 23
    var generator = SeededGenerator(seed: seed &+ UInt64(round))
    let offset = Int.random(in: 0..<data.count, using: &generator)
    data[offset] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
    try data.write(to: URL(filePath: table))
    let place: Comment = "seed \(seed), offset \(offset) of \(data.count)"
    func expectNamed(_ error: any Error) {
      guard let error = error as? StoreError, case .corruption(tier, table, _) = error else {
        Issue.record("\(error), \(place)")
        return
      }
    }
    do {
      let store = fixture.closing(
        try .open(fixture.path, configuration: populated.configuration))
      #expect(populated.wrong(store, expectNamed) == [], place)
      for damage in try store.verify() {
        #expect(damage.tier == tier && damage.file == table, "\(damage), \(place)")
      }
      try store.close()
    } catch {
      expectNamed(error)
    }
    try original.write(to: URL(filePath: table))
    try populated.expectWhole()
  }
}

@Suite(
  "Another process is told what is wrong",
  .enabled(if: WriterProcess.binary != nil, "no StoreWriter: set STORE_WRITER_BINARY or build it"))
struct OtherProcessTests {
  @Test("that the store is open already, and reads it all the same")
  func twoProcesses() throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    let writer = try WriterProcess(
      store: fixture.path, mode: "sync", from: 0, moving: false, output: fixture.folder + "/out")
    writer.waitUntilOpen()
    defer { writer.kill() }
    #expect(throws: StoreError.inUse(path: fixture.path + "/hot")) { try fixture.open() }
    var configuration = StoreFixture.small
    configuration.readOnly = true
    let deadline = Date().addingTimeInterval(20)
    while WriterProcess.acknowledged(in: writer.output).isEmpty, Date() < deadline { usleep(1000) }
    let reader = try fixture.open(configuration)
    #expect(try reader.get(bytes("a0")) == [])
    #expect(throws: StoreError.readOnly(path: fixture.path)) { try reader.put(bytes("x"), []) }
    try reader.close()
  }

  @Test("that the store is open, also once a reader beside the writer has come and gone")
  func readerInTheWritersProcess() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    var configuration = StoreFixture.small
    configuration.readOnly = true
    try fixture.open(configuration).close()
    let writer = try WriterProcess(
      store: fixture.path, mode: "sync", from: 0, moving: false, output: fixture.folder + "/out")
    #expect(writer.waitForEnd() == 0)
    let said = writer.output.joined(separator: "\n")
    #expect(said.contains("error") && said.contains("open"), "\(said)")
    try store.close()
  }

  @Test("nothing wrong while it reads what changes, again and again")
  func readersBesideWriter() throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    let writer = try WriterProcess(
      store: fixture.path, mode: "grouped", from: 0, moving: true, output: fixture.folder + "/out")
    writer.waitUntilOpen()
    defer { writer.kill() }
    var configuration = StoreFixture.small
    configuration.readOnly = true
    var openings = 0
    var last = -1
    // The store grows meanwhile, and under a sanitizer its reading takes long.
    let end = Date().addingTimeInterval(30)
    while openings < 60, Date() < end {
      do {
        let reader = try fixture.open(configuration)
        let found = try WrittenKeys(in: reader)
        #expect(found.faults == [], "last \(found.last)")
        #expect(found.last >= last)
        last = found.last
        openings += 1
        #expect(try reader.verify() == [])
        try reader.close()
      } catch StoreError.inUse {}
    }
    #expect(openings >= 5)
  }

  /// Runs the writer until it ends by itself, and gives back its error.
  private func error(_ fixture: StoreFixture, under command: [String]) throws -> String {
    let writer = try WriterProcess(
      store: fixture.path, mode: "sync", from: 0, moving: true, output: fixture.folder + "/out",
      under: command)
    // One that has enough goes on until it is killed.
    let signal = writer.waitForEnd(seconds: 2)
    #expect(
      signal == 0 || signal == SIGKILL, "ended by signal \(signal): \(writer.output.suffix(3))")
    return writer.output.first { $0.hasPrefix("error") }.map(String.init) ?? ""
  }

  @Test(
    "that it may not read or write",
    .enabled(if: geteuid() == 0, "becoming another user needs root"),
    arguments: [
      ("", 0o700, "'STORE'"), ("/STORE", 0o600, "STORE"), ("/hot", 0o700, "hot"),
      ("/warm/TIER", 0o600, "warm"), ("/cold", 0o555, "cold"), ("/hot/CURRENT", 0o600, "hot"),
    ])
  func permission(name: String, mode: Int, said: String) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, StoreFixture.small)
    // All else belongs to the other user.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fixture.folder)
    let nobody: uid_t = 65534
    var paths = [fixture.path]
    let items = FileManager.default.enumerator(atPath: fixture.path)
    while let item = items?.nextObject() as? String { paths.append(fixture.path + "/" + item) }
    for path in paths { chown(path, nobody, nobody) }
    let target = fixture.path + name
    chown(target, 0, 0)
    chmod(target, mode_t(mode))
    let error = try error(fixture, under: ["setpriv", "--reuid=65534", "--clear-groups"])
    #expect(error.contains("Permission denied"), "\(error)")
    #expect(error.contains(name.isEmpty ? fixture.path : target), "\(error)")
    if said == "hot" || said == "warm" || said == "cold" {
      #expect(error.contains("\(said) tier"), "\(error)")
    }
    try populated.expectWhole()
  }

  @Test("that there are too few file descriptors", arguments: [8, 12, 16, 20, 28, 40])
  func descriptors(limit: Int) throws {
    let fixture = try StoreFixture()
    let populated = try PopulatedStore(fixture, StoreFixture.small)
    let error = try error(fixture, under: ["prlimit", "--nofile=\(limit):\(limit)", "--"])
    if limit <= 20 {
      #expect(error.contains("Too many open files"), "\(error)")
      #expect(error.contains(fixture.path), "\(error)")
    }
    try populated.expectWhole("\(error)")
  }
}
