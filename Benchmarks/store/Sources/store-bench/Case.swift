import Foundation
import StorageEngine
import Synchronization

/// What is measured, and how the store is opened for it.
struct Case {
  typealias Fields = [(String, String)]

  static let names = ["put", "batch", "get", "multi-get", "scan", "mixed", "get-large", "chains"]

  let arguments: Arguments
  let keys: Keys
  let configuration: StoreConfiguration

  init(_ arguments: Arguments) throws {
    self.arguments = arguments
    keys = Keys(
      count: UInt64(max(1, try arguments.number("keys", 5_000_000))),
      valueBytes: try arguments.number("value", 100))
    var configuration = StoreConfiguration.measured
    switch arguments.text("durability", "grouped") {
    case "sync": configuration.durability = .sync
    case "grouped": configuration.durability = .grouped(maxDelay: .milliseconds(10))
    case "async": configuration.durability = .async
    case let other: throw Arguments.Mistake(description: "--durability '\(other)' is unknown")
    }
    let cache = try arguments.number("cache", -1)
    if cache >= 0 { configuration.hotCacheBytes = cache << 20 }
    let memory = try arguments.number("memory", 0)
    if memory > 0 {
      configuration = configuration.scaled(
        by: Double(memory << 20)
          / Double(MemoryBudget(of: configuration, machineBytes: 1 << 40).neededBytes))
    }
    configuration.directReads =
      try arguments.name == "get-large" || arguments.number("direct", 0) != 0
    self.configuration = configuration
  }

  func run() throws -> Fields {
    switch arguments.name {
    case "put": try put()
    case "batch": try batch()
    case "get": try get()
    case "multi-get": try multiGet()
    case "scan": try scan()
    case "mixed": try mixed()
    case "chains": try chains()
    default: try getLarge()
    }
  }

  /// Runs `body` on so many threads and waits for all; the first error is thrown.
  static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    let group = DispatchGroup()
    for index in 0..<count {
      group.enter()
      let thread = Thread {
        do { try body(index) } catch { failure.withLock { $0 = $0 ?? error } }
        group.leave()
      }
      thread.stackSize = 4 << 20
      thread.start()
    }
    group.wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Makes the store anew; by the case's configuration, unless another is given.
  func create(_ other: StoreConfiguration? = nil) throws -> TieredStore {
    try? FileManager.default.removeItem(atPath: arguments.folder)
    // Whoever reads a filled store must not take this one for it.
    try? FileManager.default.removeItem(atPath: marker)
    // A store makes its own folder and none above it.
    try FileManager.default.createDirectory(
      atPath: arguments.folder, withIntermediateDirectories: true)
    return try TieredStore.create(
      at: arguments.folder, configuration: other ?? configuration)
  }

  /// The file that says with what the folder was filled.
  var marker: String { arguments.folder + ".filled" }

  /// A store that holds every key, filled by an earlier run or now.
  func filled(placement: PlacementSettings? = nil) throws -> TieredStore {
    var configuration = configuration
    if let placement { configuration.placement = placement }
    let wanted = "\(keys.count) \(keys.valueBytes)"
    if (try? String(contentsOfFile: marker, encoding: .utf8)) == wanted {
      return try TieredStore.open(arguments.folder, configuration: configuration)
    }
    var store = try create()
    try fill(store)
    try store.flush()
    try store.compact()
    try wanted.write(toFile: marker, atomically: true, encoding: .utf8)
    if placement != nil {
      try store.close()
      store = try TieredStore.open(arguments.folder, configuration: configuration)
    }
    return store
  }

  /// Puts every key, in batches.
  func fill(_ store: TieredStore) throws { try fill(store, 0..<keys.count, batchCount: 1000) }

  /// Puts keys, in batches.
  func fill(
    _ store: TieredStore, _ numbers: some Sequence<UInt64>, batchCount: Int
  ) throws {
    var batch = StoreBatch()
    var key = Keys.empty
    var value = keys.emptyValue
    for number in numbers {
      keys.write(number, to: &key)
      keys.writeValue(number, to: &value)
      batch.put(key.span, value.span)
      if batch.count == batchCount {
        try store.write(batch)
        batch.removeAll()
      }
    }
    try store.write(batch)
  }

  static func rate(_ operations: Int, _ nanoseconds: UInt64) -> String {
    String(format: "%.0f", Double(operations) / (Double(max(1, nanoseconds)) / 1e9))
  }

  static func text(_ number: Double) -> String { String(format: "%.4f", number) }
}

/// A value that could not be: the benchmark ends.
struct WrongValue: Error, CustomStringConvertible {
  var number: UInt64
  var description: String { "key \(number) did not hold its value" }
}
