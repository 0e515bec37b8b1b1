internal import LinuxIO

/// How one tier's RocksDB is built: memory, files and threads.
public struct TierSettings: Sendable, Equatable {
  /// How blocks are compressed.
  public enum Compression: Sendable, Equatable {
    /// Not at all.
    case none
    /// LZ4.
    case lz4
    /// Zstandard at a level from 1 to 22.
    case zstd(level: Int)
  }

  /// What a write buffer is built of.
  public enum Memtable: Sendable, Equatable {
    /// RocksDB's own.
    case skiplist
    /// Hash chains for points and segments sorted in the background for scans.
    case hashSegments
  }

  /// Bytes of the block cache.
  public var cacheBytes: Int
  /// Bytes of one write buffer (memtable).
  public var writeBufferBytes: Int
  /// Most write buffers, the one being filled included.
  public var writeBufferCount: Int
  /// Write buffers that are merged into one file at a flush.
  public var buffersToMerge: Int
  /// Files in level 0 at which compaction begins.
  public var level0Files: Int
  /// Bytes of the level that level 0 is merged into; each level below holds ten times as much.
  public var level1Bytes: Int
  /// Most flushes and compactions at once.
  public var backgroundJobs: Int
  /// Most threads of one compaction.
  public var subcompactions: Int
  /// Bytes of a block before compression.
  public var blockBytes: Int
  /// Bits for each key in a file's filter; 0 for no filter.
  public var filterBitsPerKey: Double
  /// Whether filters are Ribbon: 30 % smaller, slower to build.
  public var ribbonFilter: Bool
  /// Compression of all levels, but perhaps of level 0.
  public var compression: Compression
  /// Whether level 0 is compressed, too.
  public var compressesLevel0: Bool
  /// Most files held open; -1 for all.
  public var openFiles: Int
  /// Whether reads go through memory maps.
  public var mmapReads: Bool
  /// What a write buffer is built of.
  public var memtable: Memtable

  /// Every setting by hand.
  public init(
    cacheBytes: Int, writeBufferBytes: Int, writeBufferCount: Int, buffersToMerge: Int = 1,
    level0Files: Int = 4, level1Bytes: Int = 256 << 20, backgroundJobs: Int,
    subcompactions: Int = 1, blockBytes: Int,
    filterBitsPerKey: Double, ribbonFilter: Bool = false, compression: Compression,
    compressesLevel0: Bool = true,
    openFiles: Int = -1, mmapReads: Bool = false, memtable: Memtable = .skiplist
  ) {
    self.cacheBytes = cacheBytes
    self.writeBufferBytes = writeBufferBytes
    self.writeBufferCount = writeBufferCount
    self.buffersToMerge = buffersToMerge
    self.level0Files = level0Files
    self.level1Bytes = level1Bytes
    self.backgroundJobs = backgroundJobs
    self.subcompactions = subcompactions
    self.blockBytes = blockBytes
    self.filterBitsPerKey = filterBitsPerKey
    self.ribbonFilter = ribbonFilter
    self.compression = compression
    self.compressesLevel0 = compressesLevel0
    self.openFiles = openFiles
    self.mmapReads = mmapReads
    self.memtable = memtable
  }

  /// Most bytes of memory that the tier takes: its cache and all its write buffers full.
  public var memoryBytes: UInt64 {
    UInt64(clamping: cacheBytes)
      + UInt64(clamping: writeBufferBytes) * UInt64(clamping: writeBufferCount)
  }
}

extension TierSettings {
  /// The settings of the specification; they ask for some 24 GiB of memory.
  ///
  /// Hot: 16 GiB cache, 6 write buffers of 512 MiB, 10 bits a key, LZ4, 10 000 files. Warm: 4 GiB,
  /// 4 of 128 MiB, 8 bits, Zstd, 5000 files. Cold: 512 MiB, 2 of 32 MiB, 5 bits, Zstd level 10,
  /// 1000 files. Blocks of 64 KiB and memory-mapped reads are part of it.
  public static func asSpecified(_ tier: Tier) -> TierSettings {
    switch tier {
    case .hot:
      TierSettings(
        cacheBytes: 16 << 30, writeBufferBytes: 512 << 20, writeBufferCount: 6, buffersToMerge: 2,
        level0Files: 4, backgroundJobs: 16, subcompactions: 4, blockBytes: 64 << 10,
        filterBitsPerKey: 10, compression: .lz4, openFiles: 10_000, mmapReads: true)
    case .warm:
      TierSettings(
        cacheBytes: 4 << 30, writeBufferBytes: 128 << 20, writeBufferCount: 4, backgroundJobs: 8,
        blockBytes: 64 << 10, filterBitsPerKey: 8, compression: .zstd(level: 3), openFiles: 5000,
        mmapReads: true)
    case .cold:
      TierSettings(
        cacheBytes: 512 << 20, writeBufferBytes: 32 << 20, writeBufferCount: 2, backgroundJobs: 4,
        blockBytes: 64 << 10, filterBitsPerKey: 5, compression: .zstd(level: 10), openFiles: 1000,
        mmapReads: true)
    }
  }

  /// What measured better; each difference from the specification stands beside it.
  public static func measured(_ tier: Tier) -> TierSettings {
    switch tier {
    case .hot:
      // pread and the block cache read 214K keys/s where memory maps with 64 KiB blocks of LZ4
      // read 13.8K (db_bench 7.8.3, 5M × 116 B, 2 threads); small blocks, since the hot cache in
      // front keeps single keys. All files open: a closed one costs a footer and an index read.
      // Level 0 is read and written again soon, so that it is not worth compressing: 974K batch
      // entries/s with LZ4, 1051K without (medians of three, two cores).
      TierSettings(
        cacheBytes: 64 << 20, writeBufferBytes: 128 << 20, writeBufferCount: 6, buffersToMerge: 2,
        level0Files: 8, level1Bytes: 2 << 30, backgroundJobs: 4,
        subcompactions: subcompactions(processors: processors), blockBytes: 4 << 10,
        filterBitsPerKey: 10, compression: .lz4, compressesLevel0: false, memtable: .hashSegments)
    case .warm:
      TierSettings(
        cacheBytes: 64 << 20, writeBufferBytes: 32 << 20, writeBufferCount: 4, backgroundJobs: 2,
        blockBytes: 8 << 10, filterBitsPerKey: 8, compression: .zstd(level: 3), openFiles: 5000)
    case .cold:
      // Ribbon keeps the false-positive rate of 5 Bloom bits in fewer bytes; the tier is written
      // rarely, so that its slower building does not matter.
      TierSettings(
        cacheBytes: 32 << 20, writeBufferBytes: 16 << 20, writeBufferCount: 2, backgroundJobs: 2,
        blockBytes: 32 << 10, filterBitsPerKey: 5, ribbonFilter: true,
        compression: .zstd(level: 10), openFiles: 1000)
    }
  }

  /// Into how many parts a compaction of level 0 may be split: pure.
  ///
  /// As many as the specification has where each leaves three processors to callers, which is a guess: on
  /// more than two it was not measured. On two, three parts raised the P99 of gets beside 50K
  /// gets/s and 50K puts/s from 0.3-0.6 to 1.9-2.2 ms (three runs each, in turn), since all of them want a
  /// processor at once. Two do nothing: RocksDB 7.8.3 splits into three or more, or not at all (it asks for
  /// more than one boundary: `CompactionJob::Prepare`).
  static func subcompactions(processors: Int) -> Int {
    let parts = min(4, processors / 4)
    return parts > 2 ? parts : 1
  }

  /// Those that this process may use.
  private static var processors: Int { NUMATopology.current().cpus.count }

  /// The same settings with caches and write buffers scaled by one factor.
  ///
  /// Neither falls below what RocksDB can work with: 1 MiB of cache, 1 MiB a write buffer.
  public func scaled(by factor: Double) -> TierSettings {
    var scaled = self
    scaled.cacheBytes = max(1 << 20, Int(Double(cacheBytes) * factor))
    scaled.writeBufferBytes = max(1 << 20, Int(Double(writeBufferBytes) * factor))
    return scaled
  }
}
