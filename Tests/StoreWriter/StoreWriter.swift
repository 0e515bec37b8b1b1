import Glibc
import StorageEngine

/// Writes to a store for as long as it lives, and says on standard output what was acknowledged.
///
/// `StoreWriter FOLDER MODE FIRST [move]`: mode `sync`, `grouped` or `async`; numbers its keys from
/// FIRST; with `move`, ranges of them go from tier to tier meanwhile. A line for each batch:
///
///     NUMBER SEQUENCE BEGUN ACKNOWLEDGED DURABLE
///
/// Times are nanoseconds of the monotonic clock, DURABLE is a sequence as well. Tests kill the
/// process, or take its file system away, at a random moment and look at what is there.
///
/// `StoreWriter FOLDER check` looks for them: it says `last NUMBER`, and a line beginning with
/// `fault` for whatever must not be.
@main
struct StoreWriter {
  /// How long `grouped` may hold back.
  static let maxDelay = Duration.milliseconds(5)

  static func main() {
    let arguments = CommandLine.arguments
    if arguments.count == 3, arguments[2] == "check" {
      do {
        try check(folder: arguments[1])
      } catch {
        say("error \(error)")
        exit(1)
      }
      return
    }
    guard arguments.count >= 4, let first = Int(arguments[3]) else { exit(64) }
    do {
      try write(
        folder: arguments[1], mode: arguments[2], from: first, moving: arguments.contains("move"))
    } catch {
      say("error \(error)")
      exit(1)
    }
  }

  private static func check(folder: String) throws {
    let store = try TieredStore.open(
      folder, configuration: StoreConfiguration.measured.scaled(by: 1.0 / 64))
    defer { try? store.close() }
    let found = try WrittenKeys(in: store)
    for fault in found.faults { say("fault \(fault)") }
    for damage in try store.verify() { say("fault \(damage)") }
    // It takes writes again, behind all that is there.
    say("probe \(try store.put(Array("probe".utf8), []).sequence)")
    say("last \(found.last)")
  }

  private static func write(folder: String, mode: String, from first: Int, moving: Bool) throws {
    let parent = getppid()
    var configuration = StoreConfiguration.measured.scaled(by: 1.0 / 64)
    // Small enough that logs and tables change within a test.
    configuration.hot.writeBufferBytes = 512 << 10
    configuration.durability =
      switch mode {
      case "grouped": .grouped(maxDelay: maxDelay)
      case "async": .async
      default: .sync
      }
    let store = try TieredStore.open(folder, configuration: configuration)
    // RocksDB's threads must not outlive the process's static objects.
    defer { try? store.close() }
    say("open")
    if moving { Mover(store: store).start() }
    try write(store, from: first, parent: parent)
  }

  private static func write(_ store: TieredStore, from first: Int, parent: pid_t) throws {
    // The one of an earlier run may be lost while its batch is there.
    try store.put(Array("last".utf8), Array(String(first - 1).utf8))
    var number = first
    // Tests that are killed take nobody with them.
    while getppid() == parent {
      let begun = now()
      // Two keys in one batch: after a crash both are there, or neither.
      var batch = StoreBatch()
      batch.put(Array("a\(number)".utf8), value(number))
      batch.put(Array("b\(number)".utf8), value(number))
      let version = try store.write(batch)
      let acknowledged = now()
      let durable = store.durableVersion.sequence
      say("\(number) \(version.sequence) \(begun) \(acknowledged) \(durable)")
      try store.put(Array("last".utf8), Array(String(number).utf8))
      number += 1
      if number % 500 == 0 { try store.flush() }
    }
  }

  /// Moves ranges from tier to tier until the store fails.
  private final class Mover: Sendable {
    let store: TieredStore

    init(store: TieredStore) { self.store = store }

    func start() {
      var thread = pthread_t()
      let kept = Unmanaged.passRetained(self).toOpaque()
      _ = pthread_create(
        &thread, nil,
        { kept in
          guard let kept else { return nil }
          Unmanaged<Mover>.fromOpaque(kept).takeRetainedValue().run()
          return nil
        }, kept)
    }

    private func run() {
      let tiers: [(Tier, Tier)] = [(.hot, .warm), (.warm, .cold), (.cold, .hot)]
      var round = 0
      while true {
        let (source, target) = tiers[round % 3]
        let kind = round % 2 == 0 ? "a" : "b"
        let prefix = Array("\(kind)\(round / 3 % 10)".utf8)
        do {
          try store.move(KeyRange(prefix: prefix), from: source, to: target)
          if round % 8 == 7 {
            let report = try store.reclassify()
            if let failure = report.failures.first { throw failure }
          }
        } catch {
          return StoreWriter.say("error \(error)")
        }
        round += 1
      }
    }
  }

  private static func value(_ number: Int) -> [UInt8] {
    Array(repeating: UInt8(truncatingIfNeeded: number), count: WrittenKeys.valueBytes(number))
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  fileprivate static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
  }
}
