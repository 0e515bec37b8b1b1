internal import Measurements

/// What an acknowledged write outlives.
///
/// In each mode all of a batch is there after a crash, or nothing of it, and writes are lost only
/// from the end: where one is there, so are all before it.
public enum Durability: Sendable, Equatable {
  /// Acknowledged after fdatasync: outlives a power cut. Commits are shared by all callers.
  case sync
  /// Acknowledged once the log is in the kernel: outlives the process. A power cut takes at most
  /// what was acknowledged within the last `maxDelay`; while the drive cannot keep up with that,
  /// writes wait.
  case grouped(maxDelay: Duration)
  /// Acknowledged in memory; ``TieredStore/durableVersion`` tells how far the drive is.
  case async

  /// The longest time between two syncs of the log; nil where each commit syncs.
  var syncInterval: Nanoseconds? {
    switch self {
    case .sync: nil
    case .grouped(let maxDelay):
      Nanoseconds(
        maxDelay.components.seconds &* 1_000_000_000
          &+ maxDelay.components.attoseconds / 1_000_000_000)
    case .async: Self.asyncInterval
    }
  }

  /// A tenth of a second keeps syncs far below any drive's limit, and the tail short.
  static let asyncInterval = Nanoseconds(100_000_000)
}
