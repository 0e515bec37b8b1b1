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
}
