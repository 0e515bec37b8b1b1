/// Why the store did not do what it was asked.
///
/// One case for each different reaction of a caller. The text says what, where, the value seen and
/// what to do.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The folder holds no store.
  case notAStore(path: String, reason: String)
  /// There is a store, or something else, where one was to be created.
  case exists(path: String)
  /// The file that makes the folder a store is broken, and its tiers' folders are there.
  case damagedFormat(path: String, cause: String)
  /// The store was written by a newer version.
  case newerFormat(path: String, found: Int, known: Int)
  /// A tier's folder belongs to another store or another tier.
  case wrongFolder(tier: Tier, path: String, reason: String)
  /// The store is open in another process, or twice in this one.
  case inUse(path: String)
  /// A write to a store that was opened for reading only.
  case readOnly(path: String)
  /// A tier's disk is full; what was acknowledged is kept, and reads go on.
  case noSpace(tier: Tier, path: String, cause: String)
  /// Stored bytes are not what was written.
  case corruption(tier: Tier, file: String, cause: String)
  /// A tier's device or folder failed.
  case failed(tier: Tier, path: String, cause: String)
  /// The system does not let this process read or write a tier: permissions, or its limits.
  case refused(tier: Tier, path: String, cause: String)
  /// An earlier write failed, so that no later one is taken.
  case poisoned(path: String, cause: String)
  /// A file or folder outside the tiers could not be read or written.
  case system(path: String, cause: String)
  /// More memory was asked for than the machine has.
  case noMemory(neededBytes: UInt64, allowedBytes: UInt64, explanation: String)
  /// A key, value or batch is longer than can be stored.
  case tooLarge(what: String, bytes: Int, bytesMax: Int)
  /// A request that means nothing.
  case invalidArgument(String)
  /// The store is closed.
  case closed(path: String)

  /// What, where, the value seen, and what to do.
  public var description: String {
    switch self {
    case .notAStore(let path, let reason):
      "'\(path)' holds no store: \(reason); name the folder that 'create' made"
    case .exists(let path):
      "'\(path)' is not empty; name a folder that is new or empty"
    case .damagedFormat(let path, let cause):
      "the store '\(path)' is damaged: \(cause), and folders of its tiers are there; put the file of "
        + "that name back from a backup, or restore the store from a checkpoint or a dump"
    case .newerFormat(let path, let found, let known):
      "the store '\(path)' has format \(found), and this version reads up to format \(known); "
        + "use the version that wrote it, or a newer one (nothing was changed)"
    case .wrongFolder(let tier, let path, let reason):
      "'\(path)' is not the \(tier.rawValue) tier of this store: \(reason); mount the right disk, "
        + "or write its folder behind '\(tier.rawValue):' in the file STORE of this store"
    case .inUse(let path):
      "the store '\(path)' is open elsewhere and written to; close it there, or write through whoever "
        + "has it open; to read it meanwhile, open it for reading only ('get', 'scan', 'dump'), or a checkpoint "
        + "that was made before"
    case .readOnly(let path):
      "the store '\(path)' was opened for reading only; open it for writing"
    case .noSpace(let tier, let path, let cause):
      "no space for the \(tier.rawValue) tier in '\(path)': \(cause); the store takes no writes "
        + "and keeps all it acknowledged; make room, and writes go on"
    case .corruption(let tier, let file, let cause):
      // The cause comes last: some end with what is to be done only where none of these can be.
      "the \(tier.rawValue) tier is damaged in '\(file)': put a good copy of it back, or restore all tiers "
        + "from one checkpoint, or load a dump into a new store (there may be more: 'verify' names all that it finds "
        + "in tiers that open); what was found: \(cause)"
    case .failed(let tier, let path, let cause):
      "the \(tier.rawValue) tier in '\(path)' failed: \(cause); look at the device before the "
        + "store is opened again"
    case .refused(let tier, let path, let cause):
      "the \(tier.rawValue) tier in '\(path)' cannot be used: \(cause); check the permissions and "
        + "the limits of this process (ulimit)"
    case .poisoned(let path, let cause):
      "the store '\(path)' takes no more writes, since one failed: \(cause); close it, look at "
        + "the device and open it again"
    case .system(let path, let cause): "'\(path)': \(cause)"
    case .noMemory(let needed, let allowed, let explanation):
      "the store asks for \(ByteCountText.text(needed)) of memory and may use "
        + "\(ByteCountText.text(allowed)): \(explanation); "
        + "lower the caches or the write buffers, or raise the budget"
    case .tooLarge(let what, let bytes, let bytesMax):
      "a \(what) of \(bytes) bytes; at most \(bytesMax) bytes "
        + "(\(ByteCountText.text(UInt64(clamping: bytesMax)))) can be stored"
    case .invalidArgument(let text): text
    case .closed(let path): "the store '\(path)' is closed; open it again"
    }
  }
}
