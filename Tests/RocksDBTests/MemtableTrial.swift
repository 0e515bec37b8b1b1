import RocksDB
import TestSupport
import Testing

/// The same random operations on databases of different options and on a dictionary.
struct MemtableTrial {
  private typealias Model = [[UInt8]: [UInt8]]

  /// A database that can be closed and opened again.
  private final class Subject {
    let path: String
    let options: DatabaseOptions
    var database: Database?
    var snapshot: Snapshot?

    init(path: String, options: DatabaseOptions) {
      self.path = path
      self.options = options
    }

    func open() throws(RocksDBError) {
      snapshot = nil
      database = nil
      database = try Database(at: path, options: options)
    }
  }

  /// How many answers were compared.
  private(set) var checks = 0

  private let seed: UInt64
  private var generator: SeededGenerator
  private let subjects: [Subject]
  private var model: Model = [:]
  private var modelAtSnapshot: Model?

  init(seed: UInt64, folder: TemporaryFolder, options: [DatabaseOptions]) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    subjects = options.enumerated().map {
      Subject(path: folder.path("db\($0.offset)"), options: $0.element)
    }
  }

  mutating func run(operations: Int) throws {
    for subject in subjects { try subject.open() }
    for step in 0..<operations {
      switch Int.random(in: 0..<1000, using: &generator) {
      case 0..<600: try write()
      case 600..<800: try lookUp(step)
      case 800..<850: try lookUpMany(step)
      case 850..<930: try seek(step)
      case 930..<940: try walk(step)
      case 940..<960: try takeSnapshot()
      case 960..<962: for subject in subjects { try subject.database?.flush() }
      case 962..<963: try reopen()
      default: try write()
      }
    }
    try walk(operations)
  }

  // MARK: Operations

  private mutating func randomKey() -> [UInt8] {
    // Some keys are used again and again.
    let number =
      Bool.random(using: &generator)
      ? Int.random(in: 0..<20, using: &generator) : Int.random(in: 0..<400, using: &generator)
    return number % 11 == 0 ? bytes("p\(number)") : key(number)
  }

  private mutating func write() throws {
    var changes: [WriteBatchChange] = []
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<80:
        let value = bytes("\(generator.next())")
        changes.append(.put(randomKey(), value))
      case 80..<99:
        changes.append(.delete(randomKey()))
      default:
        let start = Int.random(in: 0..<400, using: &generator)
        changes.append(.deleteRange(key(start), key(start + 30)))
      }
    }
    for change in changes { change.apply(to: &model) }
    for subject in subjects {
      var batch = WriteBatch()
      for change in changes { change.apply(to: &batch) }
      try subject.database?.write(&batch)
    }
  }

  private mutating func lookUp(_ step: Int) throws {
    let key = randomKey()
    for (index, subject) in subjects.enumerated() {
      let value = try subject.database?.get(key)
      check(value == model[key], step, index, "get \(key)")
      guard let modelAtSnapshot else { continue }
      let then = try subject.snapshot?.get(key)
      check(then == modelAtSnapshot[key], step, index, "get \(key) at the snapshot")
    }
  }

  private mutating func lookUpMany(_ step: Int) throws {
    let keys = (0..<40).map { _ in randomKey() }
    for (index, subject) in subjects.enumerated() {
      var values: [[UInt8]?] = []
      try subject.database?.multiGet(keys) { _, value in
        if let value { values.append([UInt8](copying: value)) } else { values.append(nil) }
      }
      check(values == keys.map { model[$0] }, step, index, "multi-get")
    }
  }

  /// Seeks, and then goes a few random steps either way.
  private mutating func seek(_ step: Int) throws {
    let target = randomKey()
    let backward = Bool.random(using: &generator)
    let moves = (0..<6).map { _ in Bool.random(using: &generator) }
    let old = modelAtSnapshot != nil && Bool.random(using: &generator)
    let keys = (old ? modelAtSnapshot ?? [:] : model).keys
      .sorted { $0.lexicographicallyPrecedes($1) }
    var place =
      backward
      ? keys.lastIndex { !target.lexicographicallyPrecedes($0) } ?? -1
      : keys.firstIndex { !$0.lexicographicallyPrecedes(target) } ?? keys.count
    var expected = [keys.indices.contains(place) ? keys[place] : nil]
    for forward in moves where keys.indices.contains(place) {
      place += forward ? 1 : -1
      expected.append(keys.indices.contains(place) ? keys[place] : nil)
    }
    for (index, subject) in subjects.enumerated() {
      let seen = try Self.keys(of: subject, old: old, target, backward, moves)
      check(seen == expected, step, index, "seek \(target), backward \(backward), \(moves)")
    }
  }

  private static func keys(
    of subject: Subject, old: Bool, _ target: [UInt8], _ backward: Bool, _ moves: [Bool]
  ) throws -> [[UInt8]?] {
    guard var iterator = old ? subject.snapshot?.iterator() : subject.database?.iterator() else {
      return []
    }
    if backward {
      iterator.seekBackward(to: target.span.bytes)
    } else {
      iterator.seek(to: target.span.bytes)
    }
    var seen = [iterator.keyBytes]
    for forward in moves where iterator.isValid {
      if forward { iterator.next() } else { iterator.previous() }
      seen.append(iterator.keyBytes)
    }
    try iterator.status()
    return seen
  }

  private mutating func walk(_ step: Int) throws {
    let direction: RocksDB.Iterator.Direction =
      Bool.random(using: &generator) ? .forward : .backward
    let ordered = model.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    let expected = direction == .forward ? ordered : ordered.reversed()
    for (index, subject) in subjects.enumerated() {
      guard var iterator = subject.database?.iterator() else { continue }
      var keys: [[UInt8]] = []
      var values: [[UInt8]] = []
      try iterator.walk(direction) { key, value in
        keys.append([UInt8](copying: key))
        values.append([UInt8](copying: value))
        return true
      }
      check(
        keys == expected.map(\.key) && values == expected.map(\.value), step, index,
        "walk \(direction)")
    }
  }

  private mutating func takeSnapshot() throws {
    modelAtSnapshot = model
    for subject in subjects { subject.snapshot = subject.database?.snapshot() }
  }

  private mutating func reopen() throws {
    modelAtSnapshot = nil
    for subject in subjects { try subject.open() }
  }

  private mutating func check(
    _ holds: Bool, _ step: Int, _ index: Int, _ what: @autoclosure () -> String
  ) {
    checks += 1
    guard !holds else { return }
    Issue.record("seed \(seed), step \(step), database \(index): \(what())")
  }
}

/// One change, for a batch and for a dictionary.
private enum WriteBatchChange {
  case put([UInt8], [UInt8])
  case delete([UInt8])
  case deleteRange([UInt8], [UInt8])

  func apply(to batch: inout WriteBatch) {
    switch self {
    case .put(let key, let value): batch.put(key, value)
    case .delete(let key): batch.delete(key)
    case .deleteRange(let start, let end): batch.deleteRange(from: start, to: end)
    }
  }

  func apply(to model: inout [[UInt8]: [UInt8]]) {
    switch self {
    case .put(let key, let value): model[key] = value
    case .delete(let key): model[key] = nil
    case .deleteRange(let start, let end):
      for key in model.keys
      where !key.lexicographicallyPrecedes(start) && key.lexicographicallyPrecedes(end) {
        model[key] = nil
      }
    }
  }
}
