internal import Glibc
internal import LinuxIO

/// The right to be the only one that writes to a tier; dropping it gives it up.
///
/// It is a lock on the tier's label. RocksDB asks for a lock of its own only after it has begun to put away its
/// messages, and what the store does before RocksDB opens must not meet a writer either.
final class TierLock: Sendable {
  /// Nil where the file system knows no such lock; RocksDB's own is then all there is.
  private let lock: FileLock?

  /// Takes the lock of a tier.
  ///
  /// - Parameter place: Which tier, and its folder.
  /// - Throws: ``StoreError/inUse(path:)`` where another has it, or a database that was closed is still held open by
  ///   who reads from it, and what keeps this process from asking.
  init(_ place: TierPlace) throws(StoreError) {
    let label = FileSystemPath(place.path).appending(TierLabel.fileName)
    do throws(SystemError) {
      lock = try FileLock(label)
    } catch {
      switch error.errno {
      case EWOULDBLOCK: throw .inUse(path: place.path)
      case ENOLCK, EOPNOTSUPP, ENOSYS, EBADF: lock = nil
      default:
        throw place.failure(
          of: label.description, "its lock cannot be taken: \(error.call)", errno: error.errno)
      }
    }
    // A snapshot holds RocksDB open after its store has closed, and so its lock.
    guard !TierDatabase.isBeingWritten(at: place.path) else { throw .inUse(path: place.path) }
  }
}
