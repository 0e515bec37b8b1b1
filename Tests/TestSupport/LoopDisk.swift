public import Foundation
internal import Glibc

/// A file system in an image file, mounted by itself; needs root.
public final class LoopDisk {
  /// A step that failed: the test cannot go on.
  public struct Failure: Error, CustomStringConvertible {
    /// Which, with the cause where one is known.
    public let description: String
  }

  /// The file system.
  public enum Kind: String, CaseIterable, Sendable {
    /// 128 MiB, unless said otherwise.
    case ext4
    /// 300 MiB, unless said otherwise: its `mkfs` makes none that is smaller.
    case xfs

    fileprivate var mebibytes: UInt64 { self == .xfs ? 300 : 128 }
  }

  /// Whether it can be made here: as root, with `mkfs.ext4`, `mkfs.xfs` and `mount`.
  public static let isUsable =
    geteuid() == 0
    && ["mkfs.ext4", "mkfs.xfs", "mount"].allSatisfy { program in
      ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].contains {
        FileManager.default.isExecutableFile(atPath: $0 + program)
      }
    }

  /// Where it is mounted.
  public let path: String
  private let image: String
  private var isMounted = false

  /// Makes and mounts one of so many MiB, as `disk` in a folder that holds its image, too.
  public init(_ kind: Kind, in folder: String, mebibytes: UInt64? = nil) throws {
    path = folder + "/disk"
    image = folder + "/image"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: image, contents: nil)
    let file = try FileHandle(forWritingTo: URL(filePath: image))
    try file.truncate(atOffset: (mebibytes ?? kind.mebibytes) << 20)
    try file.close()
    switch kind {
    case .ext4: try Self.run("mkfs.ext4", "-q", "-F", "-m", "0", image)
    case .xfs: try Self.run("mkfs.xfs", "-q", "-f", image)
    }
    try mount()
  }

  deinit {
    if isMounted { try? Self.run("umount", "-l", path) }
  }

  /// Mounts it where it was made.
  public func mount() throws {
    try Self.run("mount", "-o", "loop", image, path)
    isMounted = true
  }

  /// Unmounts it, once nobody holds a file.
  public func unmount() throws {
    // A process that was just killed may still hold a file.
    for attempt in 0..<100 {
      if Glibc.umount(path) == 0 { break }
      try Self.require(errno == EBUSY && attempt < 99, "umount \(path): errno \(errno)")
      usleep(20_000)
    }
    isMounted = false
  }

  /// Keeps what was synced, drops the rest, and answers all that follows with EIO.
  ///
  /// Source: `FS_IOC_SHUTDOWN` with `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`, as the kernel's own tests use it.
  ///
  /// The call is no single moment, as a power cut is: while it is under way an `fdatasync` may find
  /// that nothing is left to wait for, since the file system has just dropped it, and succeed.
  ///
  /// - Returns: Nanoseconds of the monotonic clock just before; what was synced by then is kept.
  @discardableResult
  public func cutPower() throws -> UInt64 {
    let folder = open(path, O_RDONLY | O_DIRECTORY)
    try Self.require(folder >= 0, "open \(path): errno \(errno)")
    defer { close(folder) }
    var flag: UInt32 = 2
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    try Self.require(
      ioctl(folder, 0x8004_587d, &flag) == 0, "FS_IOC_SHUTDOWN \(path): errno \(errno)")
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Has the file system find an error and take no more writes, also to files that are open; ext4 only.
  public func makeReadOnly() throws {
    try Self.run("mount", "-o", "remount,errors=remount-ro", path)
    let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
    let line = mounts.split(separator: "\n").last { $0.split(separator: " ")[1] == path }
    guard let device = line?.split(separator: " ")[0].split(separator: "/").last,
      let trigger = FileHandle(forWritingAtPath: "/sys/fs/ext4/\(device)/trigger_fs_error")
    else { throw Failure(description: "\(path) has no trigger_fs_error") }
    try trigger.write(contentsOf: Data("a test".utf8))
    try trigger.close()
  }

  /// Cuts the image off behind the first blocks, as a drive that lost its end.
  ///
  /// - Returns: The image as it was, for ``putBackData(_:)``.
  public func takeAwayData() throws -> Data {
    let data = try Data(contentsOf: URL(filePath: image))
    let file = try FileHandle(forWritingTo: URL(filePath: image))
    defer { try? file.close() }
    try file.truncate(atOffset: 4 << 20)
    return data
  }

  /// Makes the image again what it was; it must not be mounted.
  public func putBackData(_ data: Data) throws {
    try data.write(to: URL(filePath: image))
  }

  /// Makes a file full of zeros, so that only so many bytes are free, or a few times 64 KiB more.
  public func fill(leaving free: UInt64, file: String = "ballast") throws {
    let descriptor = open(path + "/" + file, O_RDWR | O_CREAT, 0o600)
    try Self.require(descriptor >= 0, "open \(path)/\(file): errno \(errno)")
    defer { close(descriptor) }
    var room = statvfs()
    try Self.require(fstatvfs(descriptor, &room) == 0, "fstatvfs \(path): errno \(errno)")
    let available = UInt64(room.f_bavail) * UInt64(room.f_frsize)
    guard available > free else { return }
    var size = Int(available - free)
    while true {
      let failure = posix_fallocate(descriptor, 0, size)
      if failure == 0 { return }
      // The file system's own blocks for it come on top.
      size -= 64 << 10
      try Self.require(
        failure == ENOSPC && size > 0, "posix_fallocate \(path)/\(file): errno \(failure)")
    }
  }

  private static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let status = process.terminationStatus
    try require(status == 0, "\(arguments.joined(separator: " ")) ended with \(status)")
  }

  private static func require(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws {
    guard holds else { throw Failure(description: otherwise()) }
  }
}
