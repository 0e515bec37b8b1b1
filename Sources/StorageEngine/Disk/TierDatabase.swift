internal import FoundationEssentials
internal import Glibc
internal import LinuxIO
internal import RocksDB
internal import Synchronization

/// Which tier and where, for errors.
struct TierPlace: Sendable, Equatable {
  let tier: Tier
  let path: String

  /// The store's error for RocksDB's.
  func storeError(_ error: RocksDBError) -> StoreError {
    switch error.code {
    case .corruption: .corruption(tier: tier, file: error.path, cause: error.message)
    case .noSpace: .noSpace(tier: tier, path: error.path, cause: error.message)
    case .refused: .refused(tier: tier, path: error.path, cause: error.message)
    default: .failed(tier: tier, path: error.path, cause: error.message)
    }
  }

  /// The store's error where its database could not be opened.
  func openingFailure(_ error: RocksDBError) -> StoreError {
    switch error.code {
    case .busy: return .inUse(path: path)
    // Where ``TierLock`` is none: before RocksDB asks for its own lock it renames and removes its messages, and
    // another process that opens the store at the same moment did so first.
    case .notFound where error.path.hasPrefix(path + "/LOG"): return .inUse(path: path)
    // The folder is the right one: its label was there.
    case .notFound:
      let file = error.path == path ? path + "/CURRENT" : error.path
      let namer = file.hasPrefix(path + "/MANIFEST-") ? ", and '\(path)/CURRENT' names it" : ""
      return .corruption(
        tier: tier, file: file, cause: "it is missing\(namer) (\(error.message))")
    default: return storeError(error)
    }
  }

  /// The error for a file of the tier with which the system did not do what was asked for.
  func failure(of file: String, _ words: String, errno: Int32) -> StoreError {
    let cause = "\(words): \(SystemError.text(of: errno))"
    return [EACCES, EPERM, EMFILE, ENFILE, ENOMEM].contains(errno)
      ? .refused(tier: tier, path: file, cause: cause)
      : .failed(tier: tier, path: file, cause: cause)
  }

  /// What stands in the way of opening it, to be found out before any tier is changed.
  ///
  /// - Parameter writing: Whether it is to be written to.
  /// - Returns: Nil for nothing.
  func obstacle(writing: Bool) -> StoreError? {
    let folder = FileSystemPath(path)
    // Opening a pipe would wait for its other end. Of what cannot be asked about, and of folders, opening tells.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    where StoreFolder.isOfTier(name) {
      if let status = try? FileStatus(path: folder.appending(name)), status.kind != .file,
        status.kind != .folder
      {
        return .corruption(
          tier: tier, file: "\(path)/\(name)", cause: "it is \(status.kind.rawValue), and no file")
      }
    }
    guard writing else { return nil }
    for place in [folder, folder.appending("LOCK")] {
      let refusal = place.refusalToWrite
      if refusal != 0, refusal != ENOENT {
        return failure(of: place.description, "it cannot be written to", errno: refusal)
      }
    }
    return nil
  }

  /// The error for a stored value that is none.
  func damage(_ fault: ValueHeader.Fault, key: [UInt8]) -> StoreError {
    .corruption(
      tier: tier, file: path, cause: "under the key \(KeyText.text(key)) stands \(fault)")
  }
}

/// One tier's RocksDB, which tells its failures as the store's.
final class TierDatabase: Sendable {
  let place: TierPlace
  let database: Database
  private let noter: DurableNoter
  private let durable: Atomic<UInt64>
  private let moves: Mutex<MoveMark>
  private let lock: TierLock?

  var tier: Tier { place.tier }
  var path: String { place.path }
  /// RocksDB's number of a change that the drive holds, with all before it.
  var durableSequence: UInt64 { durable.load(ordering: .acquiring) }
  /// How far the others had come when keys last moved between them and this one.
  var moveMark: MoveMark { moves.withLock { $0 } }

  /// Whether a process has the database in a folder open for writing, and so its lock.
  static func isBeingWritten(at path: String) -> Bool {
    KernelTree.live.hasLock(on: FileSystemPath(path + "/LOCK"))
  }

  /// Opens, or makes, the tier's database.
  ///
  /// - Parameters:
  ///   - place: Which tier, and its folder.
  ///   - settings: How the tier is set.
  ///   - memory: What all tiers share; nil where each has its own.
  ///   - directReads: Whether reads go around the page cache.
  ///   - access: What it is opened for; where that is ``Access/write``, it was checked
  ///     (``check(_:settings:)``).
  ///   - lock: What keeps others from writing to the tier, held as long as this is; nil to read.
  /// - Throws: ``StoreError/inUse(path:)``, or what is wrong with the tier.
  init(
    _ place: TierPlace, settings: TierSettings, memory: SharedMemory?, directReads: Bool,
    access: Access, lock: TierLock?
  ) throws(StoreError) {
    let (tier, path) = (place.tier, place.path)
    self.place = place
    self.lock = lock
    noter = DurableNoter(folder: path)
    let mark = access == .create ? nil : try DurableMark.read(tier, in: path)
    moves = Mutex((access == .create ? nil : try MoveMark.read(tier, in: path)) ?? MoveMark())
    if let fault = mark?.logFault(tier, in: path) { throw fault }
    assert(access.isReadOnly == (lock == nil))
    if access == .write {
      DurableMark.trimLogs(in: path)
      for name in [DurableMark.fileName, MoveMark.fileName] {
        if let failure = MarkFile.separate(path + "/" + name) {
          throw place.failure(
            of: failure.subject, "it cannot be written anew", errno: failure.errno)
        }
      }
    }
    let newestLog = DurableMark.newestLog(in: path)
    // RocksDB removes the log once it has read it.
    if let mark, access == .write { DurableMark(sequence: mark.sequence).write(in: path) }
    do throws(RocksDBError) {
      var options = Self.options(settings, creating: access == .create)
      // Whoever takes the mark away wants what is left, whichever logs are missing. To forget those the list of
      // files must be written: RocksDB 7.8.3 ends the process where that is open for reading only.
      options.tracksLogs = access != .write || mark != nil
      // Its writer may remove any table later.
      if access == .readBesideWriter { options.openFiles = -1 }
      if let memory {
        options.blockCache = memory.blocks
        options.writeBudget = memory.memtables
      }
      options.directReads = directReads
      // Memory maps are the page cache itself.
      if directReads { options.mmapReads = false }
      database = try Database(at: path, options: options, readOnly: access.isReadOnly)
    } catch {
      throw place.openingFailure(error)
    }
    let found = database.latestSequenceNumber
    durable = Atomic(access.isReadOnly ? 0 : found)
    if let fault = mark?.sequenceFault(
      tier, found: found, damagedLog: database.damagedLog, newestLog: newestLog, in: path)
    {
      throw fault
    }
    if access == .write { DurableMark.removeEmptyLogs(in: path) }
  }

  deinit { noter.stop() }

  /// Refuses a tier that cannot be opened for writing, or whose log reaches less far than the drive held it, while
  /// nothing of the tier is changed.
  ///
  /// As RocksDB opens for writing, it puts what it can read of a log into tables and removes the log: a good copy
  /// that is put in its place afterwards is passed over. So the log is first read through for nothing but the
  /// number of its last change. What half an entry a power cut left in the list of files is cut off before.
  ///
  /// - Parameters:
  ///   - place: Which tier, and its folder; nobody else may have it open (``TierLock``).
  ///   - settings: How the tier is set.
  /// - Returns: RocksDB's number of its newest change; nil where only opening for writing can tell, as of a tier
  ///   without a mark that cannot be read whole.
  /// - Throws: What is wrong with the tier.
  static func check(
    _ place: TierPlace, settings: TierSettings
  ) throws(StoreError) -> UInt64? {
    let (tier, path) = (place.tier, place.path)
    let mark = try DurableMark.read(tier, in: path)
    if let fault = mark?.logFault(tier, in: path) { throw fault }
    var options = Self.options(settings, creating: false)
    options.tracksLogs = true
    // The cheapest to fill; it holds what was in the write buffers, of which the budget knows, and is gone before
    // they are filled again.
    options.memtable = .vector
    // RocksDB takes no fewer (SanitizeOptions).
    options.openFiles = 20
    options.blockCacheBytes = 0
    options.statistics = false
    let newestLog = DurableMark.newestLog(in: path)
    let database: Database
    do throws(RocksDBError) {
      database = try Database(at: path, options: options, readOnly: true, mendsManifest: true)
    } catch {
      // Without a mark everything that can be read is wanted, whichever logs are missing.
      guard mark != nil || error.code == .refused else { return nil }
      throw place.openingFailure(error)
    }
    let found = database.latestSequenceNumber
    if let fault = mark?.sequenceFault(
      tier, found: found, damagedLog: database.damagedLog, newestLog: newestLog, in: path)
    {
      throw fault
    }
    return found
  }

  /// Leaves word of how much the drive holds, where all of it is there.
  func markDurable() {
    // Else an older word could come after this one.
    noter.stop()
    DurableMark.current(sequence: database.latestSequenceNumber, in: path).write(in: path)
  }

  /// Writes a batch, and has word left of it where it is synced.
  ///
  /// Only where nobody else writes to the tier meanwhile without syncing.
  func write(_ batch: inout WriteBatch, sync: Bool) throws(RocksDBError) {
    try database.write(&batch, sync: sync)
    if sync { noteDurable(sequence: database.latestSequenceNumber) }
  }

  /// Puts the log of everything written so far on the drive, and has word left of it.
  func syncLog() throws(RocksDBError) {
    let sequence = database.latestSequenceNumber
    try database.syncLog()
    noteDurable(sequence: sequence)
  }

  /// Has word left, within 100 ms, of how much the log on the drive holds.
  ///
  /// - Parameter sequence: RocksDB's number of a change that was synced, with all before it.
  func noteDurable(sequence: UInt64) {
    durable.max(sequence, ordering: .acquiringAndReleasing)
    noter.note(sequence: sequence)
  }

  /// Leaves word of what another tier's drive holds.
  func noteMoment(of other: TierDatabase) {
    moves.withLock { mark in
      var later = mark
      // What could not be written is tried again the next time.
      if later.note(other.tier, at: other.durableSequence), later.write(in: path) { mark = later }
    }
  }

  /// How a store is opened.
  enum Access {
    case create
    case write
    case readOnly
    /// While it is open for writing, as by another process.
    case readBesideWriter

    var isReadOnly: Bool { self == .readOnly || self == .readBesideWriter }
  }

  /// The store's error for RocksDB's.
  func storeError(_ error: RocksDBError) -> StoreError { place.storeError(error) }

  /// Bytes kept for the log on a full disk: more than the groups, moves and tables under way then
  /// can need, as no more are begun.
  static let reserveBytes = 8 << 20

  /// Why a write of so many bytes is not begun; nil where it may be.
  ///
  /// Looks only where a write is too large to end in the reserve.
  func roomFailure(for byteCount: Int) -> StoreError? {
    guard byteCount > Self.reserveBytes / 2 else { return nil }
    // Once to the log and once to a table, with what RocksDB adds to each.
    let needed = UInt64(byteCount) * 2 + UInt64(Self.reserveBytes)
    guard let free = try? FileSystemRoom(at: FileSystemPath(path)).freeBytes, free < needed
    else { return nil }
    return .noSpace(
      tier: tier, path: path,
      cause: "a write of \(ByteCountText.text(UInt64(byteCount))) takes up to "
        + "\(ByteCountText.text(needed)), and \(ByteCountText.text(free)) are free")
  }

  /// RocksDB's options for a tier.
  private static func options(_ settings: TierSettings, creating: Bool) -> DatabaseOptions {
    var options = DatabaseOptions()
    options.createIfMissing = creating
    options.errorIfExists = creating
    options.writeBufferBytes = settings.writeBufferBytes
    options.writeBufferCount = settings.writeBufferCount
    options.buffersToMerge = settings.buffersToMerge
    options.level0Files = settings.level0Files
    options.level1Bytes = settings.level1Bytes
    // A put or get that waits for a compaction to leave the processor waits for milliseconds.
    options.backgroundYields = true
    options.backgroundJobs = settings.backgroundJobs
    options.subcompactions = settings.subcompactions
    options.blockBytes = settings.blockBytes
    options.blockCacheBytes = settings.cacheBytes
    options.bloomBitsPerKey = settings.filterBitsPerKey
    options.ribbonFilter = settings.ribbonFilter
    options.compression = compression(settings.compression)
    options.compressesLevel0 = settings.compressesLevel0
    options.openFiles = settings.openFiles
    options.mmapReads = settings.mmapReads
    if settings.memtable == .hashSegments {
      options.memtable = .hashSegments(segmentEntries: segmentEntries)
    }
    // After a power cut any part of the log that was not synced may be torn, not its end alone: it is
    // taken up to the first record that is not whole. That nothing which the drive held is missing is
    // what the mark says.
    options.logRecovery = .pointInTime
    options.unbrokenLog = true
    options.reserveBytes = reserveBytes
    return options
  }

  /// Large enough for few segments a memtable, small enough to be sorted within the core's cache.
  private static let segmentEntries = 1 << 16

  private static func compression(
    _ compression: TierSettings.Compression
  ) -> DatabaseOptions.Compression {
    switch compression {
    case .none: .none
    case .lz4: .lz4
    case .zstd(let level): .zstd(level: level)
    }
  }
}

/// Holds a tier open for those who change it, until the store closes.
final class TierHold: Sendable {
  private let tier: Mutex<TierDatabase?>
  private let path: String

  init(_ tier: TierDatabase) {
    path = tier.path
    self.tier = Mutex(tier)
  }

  /// Lets the tier go; nothing can be done with it any more.
  func release() { tier.withLock { $0 = nil } }

  /// Why a write of so many bytes is not begun; nil where it may be.
  func roomFailure(for byteCount: Int) -> StoreError? {
    tier.withLock { $0 }?.roomFailure(for: byteCount)
  }

  /// Does something with the tier and tells how it failed.
  func perform(_ body: (TierDatabase) throws(RocksDBError) -> Void) -> StoreError? {
    guard let tier = tier.withLock({ $0 }) else { return .closed(path: path) }
    do throws(RocksDBError) {
      try body(tier)
      return nil
    } catch {
      return tier.storeError(error)
    }
  }
}

/// The three databases of an open store, and what holds them open.
final class OpenTiers: Sendable {
  let hot: TierDatabase
  let warm: TierDatabase
  let cold: TierDatabase

  init(hot: TierDatabase, warm: TierDatabase, cold: TierDatabase) {
    self.hot = hot
    self.warm = warm
    self.cold = cold
  }

  subscript(tier: Tier) -> TierDatabase {
    switch tier {
    case .hot: hot
    case .warm: warm
    case .cold: cold
    }
  }

  /// Has the others note how far a tier's drive has come.
  func noteMoment(of tier: Tier) {
    for other in Tier.allCases where other != tier { self[other].noteMoment(of: self[tier]) }
  }
}

/// Keys for people: printable ASCII as it is, all else as `\xNN`, at most 64 bytes.
enum KeyText {
  static func text(_ key: [UInt8]) -> String {
    let shown = key.prefix(64).map { byte in
      if byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") {
        return String(UnicodeScalar(byte))
      }
      let digits = String(byte, radix: 16)
      return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
    return "'" + shown.joined() + "'" + (key.count > 64 ? "… (\(key.count) bytes)" : "")
  }
}
