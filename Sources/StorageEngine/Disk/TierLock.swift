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
  /// - Throws: ``StoreError/inUse(path:)`` where another has it.
  init(_ place: TierPlace) throws(StoreError) {
    let label = FileSystemPath(place.path).appending(TierLabel.fileName)
    do throws(SystemError) {
      lock = try FileLock(label)
    } catch {
      switch error.errno {
      case EWOULDBLOCK: throw .inUse(path: place.path)
      case ENOLCK, EOPNOTSUPP, ENOSYS, EBADF: lock = nil
      default:
        throw .failed(
          tier: place.tier, path: label.description, cause: SystemError.text(of: error.errno))
      }
    }
  }
}
