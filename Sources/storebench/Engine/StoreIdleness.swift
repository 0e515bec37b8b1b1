import LinuxIO
import Measurements
import Reports
import StorageEngine

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
      _ = try store.waitUntilIdle {
        let now = MonotonicClock.now()
        if now - told >= Nanoseconds(seconds: 5) {
          told = now
          note("waiting for compaction to end, \(Quantity.duration(now - began)) so far")
        }
        return !stop.isRequested
      }
    } catch {
      throw CommandFailure(error)
    }
    return MonotonicClock.now() - began
  }
}
