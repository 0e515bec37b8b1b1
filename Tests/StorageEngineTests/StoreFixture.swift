import TestSupport
import Foundation
import LinuxIO
import StorageEngine
import Synchronization

/// Stores in a folder of their own, closed and removed with it.
final class StoreFixture: Sendable {
  let folder: String
  var path: String { folder + "/store" }

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "storage-engine-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path(percentEncoded: false)
  }

  /// Closes first: RocksDB's threads must not outlive the process's static objects.
  deinit {
    for store in stores.withLock({ $0 }) { try? store.close() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private let stores = Mutex<[TieredStore]>([])

  /// Little memory, so that flushes, evictions and full groups happen in a small test.
  static var small: StoreConfiguration {
    func settings(_ tier: Tier) -> TierSettings {
      var settings = TierSettings.measured(tier)
      settings.cacheBytes = 1 << 20
      settings.writeBufferBytes = 256 << 10
      settings.writeBufferCount = 3
      settings.buffersToMerge = 1
      return settings
    }
    var configuration = StoreConfiguration(
      hot: settings(.hot), warm: settings(.warm), cold: settings(.cold),
      hotCacheBytes: 1 << 20)
    configuration.placement?.memoryBytes = 256 << 10
    configuration.placement?.intervalSeconds = nil
    configuration.prefetchBytes = 64 << 10
    // What is tested is not the drive; durability has tests of its own.
    configuration.durability = .grouped(maxDelay: .milliseconds(50))
    return configuration
  }

  func create(_ configuration: StoreConfiguration = small) throws -> TieredStore {
    try closing(TieredStore.create(at: path, configuration: configuration))
  }

  func open(_ configuration: StoreConfiguration = small) throws -> TieredStore {
    try closing(TieredStore.open(path, configuration: configuration))
  }

  /// Has a store closed before the folder goes.
  func closing(_ store: TieredStore) -> TieredStore {
    stores.withLock { $0.append(store) }
    return store
  }

  /// The files of a tier whose names end so.
  func files(of tier: Tier, suffix: String) -> [String] {
    let folder = "\(path)/\(tier.rawValue)"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
  }
}

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A key and its value, as a scan gave them.
struct Pair: Equatable {
  var key: [UInt8]
  var value: [UInt8]
}

extension StoreSnapshot {
  /// Everything that a scan gives, in its order.
  func pairs(
    _ range: KeyRange = .all, _ direction: ScanDirection = .forward, limit: Int? = nil
  ) throws -> [Pair] {
    var found: [Pair] = []
    try scan(range, direction, limit: limit) { key, value in
      found.append(Pair(key: copy(key), value: copy(value)))
      return true
    }
    return found
  }
}

/// The bytes of a span.
func copy(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

extension SeededGenerator {
  /// So many random bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}

/// A number from the environment.
func number(_ name: String) -> UInt64? {
  ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
}

/// Runs `body` on `count` threads at once, however few processors there are, and waits for them.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
  let threads = try (0..<count).map { index in
    try PinnedThread(name: "test-\(index)", cpu: nil) { body(index) }
  }
  for thread in threads { thread.join() }
}

/// The contents of every file in a folder, by its path, but for RocksDB's locks, which closing them would drop.
func contents(of folder: String) throws -> [String: Data] {
  var found: [String: Data] = [:]
  for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
    var isFolder: ObjCBool = false
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      !isFolder.boolValue, !path.hasSuffix("/LOCK")
    else { continue }
    found[name] = try Data(contentsOf: URL(filePath: path))
  }
  return found
}
