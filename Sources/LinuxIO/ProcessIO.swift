/// What the kernel fetched from storage and sent there for this process, whichever thread asked.
///
/// The page cache's answers are not among it: the kernel counts where requests are handed to the
/// block layer. Source: proc(5), /proc/pid/io.
public struct ProcessIO: Sendable, Equatable {
  /// Bytes fetched from storage.
  public var readBytes: UInt64
  /// Bytes sent to storage, or about to be.
  public var writeBytes: UInt64

  /// Counts that are known.
  public init(readBytes: UInt64, writeBytes: UInt64) {
    self.readBytes = readBytes
    self.writeBytes = writeBytes
  }

  /// What came after an earlier look.
  public func since(_ earlier: ProcessIO) -> ProcessIO {
    ProcessIO(
      readBytes: readBytes &- earlier.readBytes, writeBytes: writeBytes &- earlier.writeBytes)
  }
}

extension ProcessIO {
  /// Reads the counters; nil where the kernel does not tell.
  public init?(tree: KernelTree = .live) {
    var counts: [Substring: UInt64] = [:]
    for line in tree.lines("/proc/self/io") {
      let halves = line.split(separator: ":", maxSplits: 1)
      guard halves.count == 2 else { continue }
      counts[halves[0]] = UInt64(halves[1].drop { $0 == " " })
    }
    guard let read = counts["read_bytes"], let write = counts["write_bytes"] else { return nil }
    readBytes = read
    writeBytes = write
  }
}
