import LinuxIO
import Measurements
import Reports
import StorageEngine

/// What the kernel counts of this process's reads and writes.
struct ProcessTraffic: Sendable, Equatable {
  /// Bytes that the process caused to be fetched from devices.
  var readBytes: UInt64
  /// Bytes that it caused to be sent to devices.
  var writtenBytes: UInt64

  /// The counts up to now; nil where the kernel does not keep them.
  static func now(tree: KernelTree = .live) -> ProcessTraffic? {
    var counts: [String: UInt64] = [:]
    for line in tree.lines("/proc/self/io") {
      let parts = line.split(separator: ":")
      guard parts.count == 2 else { continue }
      counts[String(parts[0])] = UInt64(parts[1].drop { $0 == " " })
    }
    guard let read = counts["read_bytes"], let written = counts["write_bytes"] else { return nil }
    return ProcessTraffic(readBytes: read, writtenBytes: written)
  }

  /// The traffic since an earlier look.
  func since(_ earlier: ProcessTraffic) -> ProcessTraffic {
    ProcessTraffic(
      readBytes: readBytes &- earlier.readBytes, writtenBytes: writtenBytes &- earlier.writtenBytes)
  }
}

/// Waits until a store has settled: what is in memory is in files, and no compaction goes on.
enum StoreIdleness {
  /// Waits, and says so where it takes long.
  ///
  /// - Returns: The time that it took.
  /// - Throws: `CommandFailure` where the store cannot go on.
  static func wait(
    for store: TieredStore, stop: StopSignal, note: (String) -> Void
  ) throws(CommandFailure) -> Nanoseconds {
    let began = MonotonicClock.now()
    var told = began
    do throws(StoreError) {
      try store.flush()
      while try store.isBusyInBackground(), !stop.isRequested {
        MonotonicClock.sleep(Nanoseconds(2_000_000))
        let now = MonotonicClock.now()
        guard now - told >= Nanoseconds(seconds: 5) else { continue }
        told = now
        note("waiting for compaction to end, \(Quantity.duration(now - began)) so far")
      }
    } catch {
      throw CommandFailure(error)
    }
    return MonotonicClock.now() - began
  }
}
