/// How a database is opened; the defaults are what measured better on NVMe.
///
/// Measured with db_bench 7.8.3, 5M × 116 B, two threads: with memory-mapped reads, LZ4 and 64 KiB
/// blocks 13.8K random reads/s, with pread and the block cache 214K.
public struct DatabaseOptions: Sendable {
  /// How blocks are compressed.
  public enum Compression: Sendable, Equatable {
    /// Not at all.
    case none
    /// LZ4: fast both ways.
    case lz4
    /// Zstandard at a level from 1 to 22.
    case zstd(level: Int)
  }

  /// What holds the newest writes in memory.
  public enum Memtable: Sendable, Equatable {
    /// A skiplist: everything at a moderate price; the only one with concurrent inserts.
    case skiplist
    /// An unsorted vector: the cheapest to write, but each read sorts or scans it.
    case vector
    /// Hashed for points, in segments that are sorted in the background once full.
    ///
    /// - Parameter segmentEntries: Entries of a segment; 65536 where nothing else is measured.
    case hashSegments(segmentEntries: Int)
  }

  /// What opening does with a log that ends, or is damaged, before its end.
  public enum LogRecovery: Int32, Sendable {
    /// Forgives a torn last record and refuses any other damage.
    case tolerateTornTail = 0
    /// Refuses any damage and any torn record.
    case absolute = 1
    /// Takes everything before the first bad record and drops what follows without a word.
    case pointInTime = 2
    /// Takes every record that is whole and passes over the others without a word.
    case skipDamage = 3
  }

  // Opening

  /// Whether a missing database is made.
  public var createIfMissing = false
  /// Whether a database that is there is refused.
  public var errorIfExists = false
  /// Whether files are checked against the manifest when opening, and writes stop at damage.
  public var paranoidChecks = true
  /// Most files held open; -1 for all, which is the fastest.
  public var openFiles = -1

  // Memory for writes

  /// Bytes of one write buffer (memtable).
  public var writeBufferBytes = 64 << 20
  /// Most write buffers in memory, the one being filled included.
  public var writeBufferCount = 4
  /// Write buffers that are merged into one file at a flush.
  public var buffersToMerge = 1
  /// What a write buffer is built of.
  public var memtable = Memtable.skiplist
  /// A limit over the write buffers of several databases; nil for none.
  public var writeBudget: WriteBudget?

  // Log

  /// Log files kept for writing again, which spares the file system's journal at each sync.
  ///
  /// Only with ``LogRecovery/skipDamage``: behind the end of a recycled log stand old records, which
  /// look like damage. With any other recovery RocksDB 7.8.3 recycles nothing.
  public var logRecycling = 0
  /// What opening does with a damaged log.
  public var logRecovery = LogRecovery.tolerateTornTail
  /// Whether log bytes stay in the process until ``Database/syncLog()`` or a synced write.
  public var manualLogFlush = false
  /// Whether fsync is used in place of fdatasync.
  public var useFsync = false
  /// Bytes after which files being written are pushed out in the background; 0 leaves it to Linux.
  public var bytesPerSync = 1 << 20
  /// Bytes of logs beyond which write buffers are flushed; 0 for four times the write buffers.
  public var logByteLimit = 0

  /// Whether opening takes nothing of the log behind a missing record, so that a power cut never
  /// leaves a hole; all changes must then go through the log, none past it.
  public var unbrokenLog = false
  /// Whether opening refuses where a full log that was synced is missing or shorter than it was.
  ///
  /// Opening without it forgets which those are.
  public var tracksLogs = false
  /// Bytes of the file ``Database/reserveName``, whose room the log takes on a full disk; 0 for none.
  ///
  /// RocksDB then never sees an append to its log fail for want of space, which it does not get over.
  public var reserveBytes = 0

  // Files and compaction

  /// Files in level 0 at which compaction begins.
  public var level0Files = 4
  /// Files in level 0 at which writes are slowed down.
  public var level0SlowdownFiles = 20
  /// Files in level 0 at which writes wait.
  public var level0StopFiles = 36
  /// Bytes of level 1; each level below holds ten times as much.
  public var level1Bytes = 256 << 20
  /// Bytes of a file that compaction writes.
  public var fileBytes = 64 << 20
  /// Most flushes and compactions at once.
  public var backgroundJobs = 2
  /// Most threads of one compaction.
  public var subcompactions = 1
  /// Whether flushes and compactions take the processor in short turns, and less of it than callers.
  ///
  /// All databases of the process share its threads, and it cannot be taken back.
  public var backgroundYields = false
  /// Bytes per second that flushes and compactions may write together; 0 for no limit.
  public var backgroundBytesPerSecond = 0
  /// Whether level sizes follow the last level, which bounds the space that is wasted.
  public var dynamicLevels = true
  /// Whether compaction runs only when asked for.
  public var disableAutomaticCompaction = false
  /// Whether flush and compaction go around the page cache.
  public var directWrites = false

  // Blocks

  /// Bytes of a block before compression.
  public var blockBytes = 4 << 10
  /// Bytes of this database's own block cache; not used where ``blockCache`` is given.
  public var blockCacheBytes = 32 << 20
  /// A cache shared with other databases; nil for one of its own.
  public var blockCache: BlockCache?
  /// Whether index and filter blocks count against the block cache.
  public var cacheIndexAndFilters = false
  /// Bits per key of the filter in each file; 0 for no filter.
  public var bloomBitsPerKey = 10.0
  /// Whether filters are Ribbon: 30 % smaller, some times slower to build.
  public var ribbonFilter = false
  /// Compression of all levels but the last.
  public var compression = Compression.lz4
  /// Whether level 0 is compressed, too.
  public var compressesLevel0 = true
  /// Compression of the last level; nil for the same.
  public var bottomCompression: Compression?
  /// Whether reads go through memory maps; slower, and a bad sector ends the process.
  public var mmapReads = false
  /// Whether reads go around the page cache.
  public var directReads = false

  /// Whether tickers are counted.
  public var statistics = true

  /// The defaults.
  public init() {}
}
