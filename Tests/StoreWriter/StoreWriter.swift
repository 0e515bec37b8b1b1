import Glibc
import StorageEngine

/// Writes to a store for as long as it lives, and says on standard output what was acknowledged.
///
/// `StoreWriter FOLDER MODE FIRST`: mode `sync`, `grouped` or `async`; numbers its keys from FIRST.
/// Tests kill it at a random moment and look at what is there.
@main
struct StoreWriter {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let first = Int(arguments[3]) else { exit(64) }
    do {
      try write(folder: arguments[1], mode: arguments[2], from: first)
    } catch {
      say("error \(error)")
      exit(1)
    }
  }

  private static func write(folder: String, mode: String, from first: Int) throws {
    var configuration = StoreConfiguration.measured.scaled(by: 1.0 / 64)
    configuration.durability =
      switch mode {
      case "grouped": .grouped(maxDelay: .milliseconds(5))
      case "async": .async
      default: .sync
      }
    let store = try TieredStore.open(folder, configuration: configuration)
    say("open")
    var number = first
    while true {
      // Two keys in one batch: after a crash both are there, or neither.
      var batch = StoreBatch()
      batch.put(Array("a\(number)".utf8), value(number))
      batch.put(Array("b\(number)".utf8), value(number))
      let version = try store.write(batch)
      try store.put(Array("last".utf8), Array(String(number).utf8))
      say("\(number) \(version.sequence)")
      number += 1
      if number % 500 == 0 { try store.flush() }
    }
  }

  private static func value(_ number: Int) -> [UInt8] {
    Array(repeating: UInt8(truncatingIfNeeded: number), count: number % 700)
  }

  private static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
  }
}
