internal import FoundationEssentials

/// Room on a file system.
enum DiskSpace {
  /// Bytes that may still be written where a folder lies; nil where that cannot be told.
  static func freeBytes(at folder: String) -> UInt64? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    let free = attributes?[.systemFreeSize] as? any BinaryInteger
    return free.map { UInt64(clamping: $0) }
  }
}
