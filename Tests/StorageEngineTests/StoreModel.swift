import StorageEngine
import TestSupport
import Testing

/// What a store answered otherwise than the dictionary; short, as values may be long.
struct Disagreement: Error, CustomStringConvertible {
  var description: String
}

/// A store beside a plain dictionary that must always agree with it.
struct StoreModel {
  var store: TieredStore
  var values: [[UInt8]: [UInt8]] = [:]
  var generator: SeededGenerator
  private let fixture: StoreFixture
  private let configuration: StoreConfiguration
  private var kept: (snapshot: StoreSnapshot, values: [[UInt8]: [UInt8]])?

  init(seed: UInt64, fixture: StoreFixture, configuration: StoreConfiguration) throws {
    generator = SeededGenerator(seed: seed)
    self.fixture = fixture
    self.configuration = configuration
    store = try fixture.create(configuration)
  }

  /// Few keys, so that they meet; of many lengths, some a prefix of another.
  private mutating func key() -> [UInt8] {
    let number = Int.random(in: 0..<700, using: &generator)
    let text = bytes("k\(number)")
    return number % 7 == 0 ? text + [UInt8](repeating: UInt8(number % 251), count: number) : text
  }

  private mutating func value() -> [UInt8] {
    let size =
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: 0
      case 1: Int.random(in: 0..<20_000, using: &generator)
      default: Int.random(in: 0..<200, using: &generator)
      }
    return generator.bytes(8).prefix(min(8, size)) + [UInt8](repeating: 7, count: max(0, size - 8))
  }

  private mutating func range() -> KeyRange {
    let bounds = [key(), key()].sorted { $0.lexicographicallyPrecedes($1) }
    return switch Int.random(in: 0..<10, using: &generator) {
    case 0: KeyRange(from: nil, upTo: bounds[1])
    case 1: KeyRange(from: bounds[0], upTo: nil)
    case 2: KeyRange(prefix: Array(bounds[0].prefix(3)))
    default: KeyRange(from: bounds[0], upTo: bounds[1])
    }
  }

  /// Does one random thing to both and compares.
  mutating func step() throws {
    switch Int.random(in: 0..<1000, using: &generator) {
    case 0..<330:
      let (key, value) = (key(), value())
      try store.put(key, value)
      values[key] = value
    case 330..<400:
      let key = key()
      try store.delete(key)
      values[key] = nil
    case 400..<450: try batch()
    case 450..<455:
      let range = range()
      try store.deleteRange(range)
      values = values.filter { !range.contains($0.key) }
    case 455..<780:
      let key = key()
      try agree(try store.get(key), values[key], "get", key)
    case 780..<860:
      let keys = (0..<Int.random(in: 0..<30, using: &generator)).map { _ in key() }
      for (key, value) in zip(keys, try store.multiGet(keys)) {
        try agree(value, values[key], "multiGet", key)
      }
    case 860..<920: try scan()
    case 920..<950: try keepOrCompare()
    case 950..<986: try move()
    case 986..<990: try reclassify()
    case 990..<996: try store.flush()
    default: try reopen()
    }
  }

  private mutating func batch() throws {
    var batch = StoreBatch()
    for _ in 0..<Int.random(in: 0..<40, using: &generator) {
      let key = key()
      switch Int.random(in: 0..<40, using: &generator) {
      case 0:
        let range = range()
        batch.deleteRange(range)
        values = values.filter { !range.contains($0.key) }
      case 1..<10:
        batch.delete(key)
        values[key] = nil
      default:
        let value = value()
        batch.put(key, value)
        values[key] = value
      }
    }
    try store.write(batch)
  }

  private mutating func scan() throws {
    let range = range()
    let direction: ScanDirection = Bool.random(using: &generator) ? .forward : .backward
    let limit = Bool.random(using: &generator) ? nil : Int.random(in: 0..<50, using: &generator)
    let found = try store.snapshot().pairs(range, direction, limit: limit)
    try agree(
      found, Self.pairs(of: values, range, direction, limit: limit),
      "scan \(direction), limit \(limit ?? -1)")
  }

  /// What a scan of a dictionary gives.
  private static func pairs(
    of values: [[UInt8]: [UInt8]], _ range: KeyRange, _ direction: ScanDirection, limit: Int?
  ) -> [Pair] {
    var pairs = values.filter { range.contains($0.key) }
      .map { Pair(key: $0.key, value: $0.value) }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    if direction == .backward { pairs.reverse() }
    return Array(pairs.prefix(limit ?? pairs.count))
  }

  private mutating func keepOrCompare() throws {
    guard let (snapshot, values) = kept else {
      kept = (try store.snapshot(), self.values)
      return
    }
    try agree(
      try snapshot.pairs(), Self.pairs(of: values, .all, .forward, limit: nil),
      "scan of a snapshot")
    for _ in 0..<10 {
      let key = key()
      try agree(try snapshot.get(key), values[key], "get of a snapshot", key)
    }
    kept = nil
  }

  private func agree(
    _ found: [UInt8]?, _ expected: [UInt8]?, _ what: String, _ key: [UInt8]
  ) throws {
    guard found != expected else { return }
    throw Disagreement(
      description: "\(what) \(Self.name(key)): found \(Self.size(found)), "
        + "expected \(Self.size(expected))")
  }

  private func agree(_ found: [Pair], _ expected: [Pair], _ what: String) throws {
    guard found != expected else { return }
    let at = zip(found, expected).prefix { $0 == $1 }.count
    func entry(_ pairs: [Pair]) -> String {
      pairs.indices.contains(at)
        ? "\(Self.name(pairs[at].key)) with \(Self.size(pairs[at].value))" : "its end"
    }
    throw Disagreement(
      description: "\(what): at \(at) found \(entry(found)), expected \(entry(expected))")
  }

  private static func name(_ key: [UInt8]) -> String {
    String(decoding: key.prefix(8), as: UTF8.self) + (key.count > 8 ? "… \(key.count) B" : "")
  }

  private static func size(_ value: [UInt8]?) -> String {
    value.map { "\($0.count) B \($0.prefix(8))" } ?? "nothing"
  }

  private mutating func move() throws {
    let tiers = Tier.allCases.shuffled(using: &generator)
    try store.move(range(), from: tiers[0], to: tiers[1])
  }

  /// Moves keys by their use: so few hours old, a store takes a handful of accesses for a hot key.
  private func reclassify() throws {
    let report = try store.reclassify()
    guard report.isComplete, report.failures.isEmpty else {
      throw Disagreement(description: "reclassify: \(report)")
    }
  }

  private mutating func reopen() throws {
    kept = nil
    try store.close()
    store = try fixture.open(configuration)
  }

  /// Compares everything.
  func compareAll() throws {
    for direction in [ScanDirection.forward, .backward] {
      try agree(
        try store.snapshot().pairs(.all, direction),
        Self.pairs(of: values, .all, direction, limit: nil), "scan \(direction) at the end")
    }
    for (key, value) in values { try agree(try store.get(key), value, "get at the end", key) }
    #expect(try store.verify() == [])
  }
}

@Suite("A store agrees with a dictionary")
struct StoreModelTests {
  /// The same operations under other settings must give the same answers.
  static let configurations: [(name: String, configuration: StoreConfiguration)] = {
    let small = StoreFixture.small
    var uncached = small
    uncached.hotCacheBytes = 0
    var crowded = small
    crowded.hotCacheBytes = 64 << 10
    crowded.writeBuffer.entries = 3
    crowded.durability = .async
    var bare = small
    bare.durability = .sync
    for path in [\StoreConfiguration.hot, \.warm, \.cold] {
      bare[keyPath: path].compression = .none
      bare[keyPath: path].filterBitsPerKey = 0
    }
    var tiny = small
    tiny.hot.writeBufferBytes = 64 << 10
    tiny.hot.blockBytes = 512
    tiny.warm.ribbonFilter = true
    let specified = StoreConfiguration.asSpecified.scaled(by: 1.0 / 512)
    return [
      ("small", small), ("uncached", uncached), ("crowded", crowded), ("bare", bare),
      ("tiny", tiny), ("specified", specified),
    ]
  }()

  @Test("over random operations", arguments: Array(configurations.indices), [1, 2])
  func random(index: Int, seed: UInt64) throws {
    let seed = Self.chosenSeed.map { $0 &+ seed &- 1 } ?? seed
    let (name, configuration) = Self.configurations[index]
    let fixture = try StoreFixture()
    var model = try StoreModel(seed: seed, fixture: fixture, configuration: configuration)
    var number = 0
    do {
      while number < Self.stepCount {
        try model.step()
        number += 1
      }
      try model.compareAll()
    } catch {
      Issue.record("\(name), seed \(seed), step \(number): \(error)")
      return
    }
    try model.store.close()
  }

  /// STORE_SEED repeats a run, and runs the seed behind it; STORE_STEPS makes it longer.
  private static let chosenSeed = number("STORE_SEED")
  private static let stepCount = number("STORE_STEPS").map { Int($0) } ?? 2500
}
