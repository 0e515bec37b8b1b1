import Foundation
import Testing

@testable import LinuxIO

@Suite("Locks of files")
struct FileLocksTests {
  @Test(
    "are told from what the kernel lists",
    arguments: [
      ("1: POSIX  ADVISORY  WRITE 28803 fe:00:16646151 0 EOF", 254, 0, 16_646_151),
      ("12: POSIX  ADVISORY  READ 1 00:1f:257 0 EOF", 0, 31, 257),
      ("2: OFDLCK ADVISORY  WRITE -1 08:11:99 0 EOF", 8, 17, 99),
      ("7: POSIX  MANDATORY WRITE 5 103:2a:3 128 128", 259, 42, 3),
    ])
  func lines(line: String, major: UInt32, minor: UInt32, inode: UInt64) {
    let file = LockedFile(line: line)
    #expect(file?.fileSystemNumber == DeviceNumber(major: major, minor: minor))
    #expect(file?.inode == inode)
  }

  @Test(
    "of other kinds are none",
    arguments: [
      "", "1: FLOCK  ADVISORY  WRITE 4 fe:00:1 0 EOF",
      "1: -> POSIX  ADVISORY  WRITE 4 fe:00:1 0 EOF",
      "1: POSIX  ADVISORY  WRITE 4", "1: POSIX  ADVISORY  WRITE 4 fe:00 0 EOF",
      "1: POSIX  ADVISORY  WRITE 4 xy:00:1 0 EOF", "1: LEASE  ACTIVE    READ 4 fe:00:1 0 EOF",
    ])
  func others(line: String) {
    #expect(LockedFile(line: line) == nil)
  }

  @Test("are seen on real files, and stay through the question")
  func real() throws {
    let path =
      FileManager.default.temporaryDirectory.path + "/locks-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer {
      close(descriptor)
      unlink(path)
    }
    #expect(!KernelTree.live.hasLock(on: FileSystemPath(path)))
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    #expect(fcntl(descriptor, F_SETLK, &lock) == 0)
    for _ in 0..<3 { #expect(KernelTree.live.hasLock(on: FileSystemPath(path))) }
    lock.l_type = Int16(F_UNLCK)
    #expect(fcntl(descriptor, F_SETLK, &lock) == 0)
    #expect(!KernelTree.live.hasLock(on: FileSystemPath(path)))
    #expect(!KernelTree.live.hasLock(on: FileSystemPath(path + "-missing")))
  }

  /// A lock of a file on `folder`, and whether a file of equal inode number on `other` seems locked.
  private func lock(in folder: String, other: String) throws -> (own: Bool, other: Bool) {
    func make(_ folder: String) throws -> Int32 {
      let descriptor = open(folder + "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      try #require(descriptor >= 0)
      return descriptor
    }
    let (first, second) = (try make(folder), try make(other))
    defer {
      close(first)
      close(second)
    }
    var (one, two) = (stat(), stat())
    try #require(fstat(first, &one) == 0 && fstat(second, &two) == 0)
    try #require(one.st_ino == two.st_ino && one.st_dev != two.st_dev)
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    try #require(fcntl(first, F_SETLK, &lock) == 0)
    return (
      KernelTree.live.hasLock(on: FileSystemPath(folder + "/file")),
      KernelTree.live.hasLock(on: FileSystemPath(other + "/file"))
    )
  }

  @Test("are not those of a file with the same number on another file system without a device")
  func otherFileSystem() throws {
    try withFolders { folder in
      let folders = ["one", "two"].map { folder + "/" + $0 }
      for path in folders {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try #require(mount("tmpfs", path, "tmpfs", 0, nil) == 0)
      }
      defer { for path in folders { _ = umount2(path, Int32(MNT_DETACH)) } }
      let seen = try lock(in: folders[0], other: folders[1])
      #expect(seen == (true, false))
    }
  }

  @Test("are seen in a subvolume of btrfs, whose files have another number than their locks")
  func subvolume() throws {
    try withFolders { folder in
      let (image, place) = (folder + "/image", folder + "/place")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try run("truncate", "-s", "128M", image)
      try run("mkfs.btrfs", "-q", image)
      try run("mount", "-o", "loop", image, place)
      defer { _ = umount2(place, Int32(MNT_DETACH)) }
      for name in ["one", "two"] {
        try run("btrfs", "-q", "subvolume", "create", place + "/" + name)
      }
      let seen = try lock(in: place + "/one", other: place + "/two")
      // Two subvolumes share the list's number, so one file's lock counts for both: better so than not at all.
      #expect(seen == (true, true))
    }
  }

  private func run(_ program: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program)")
  }

  private func withFolders(_ body: (String) throws -> Void) throws {
    let folder =
      FileManager.default.temporaryDirectory.path + "/locks-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }
}
