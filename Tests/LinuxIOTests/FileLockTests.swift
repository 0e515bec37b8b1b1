import Foundation
import Glibc
import Testing

@testable import LinuxIO

@Suite("The lock of a file")
struct FileLockTests {
  private let path =
    FileManager.default.temporaryDirectory.path + "/lock-\(UInt64.random(in: 0 ... .max))"

  @Test("has one holder, until that gives it up")
  func oneHolder() throws {
    try Data("text".utf8).write(to: URL(filePath: path))
    defer { unlink(path) }
    func code() -> Int32 {
      do throws(SystemError) {
        _ = try FileLock(FileSystemPath(path))
        return 0
      } catch {
        return error.errno
      }
    }
    do {
      let held = try FileLock(FileSystemPath(path))
      #expect(code() == EWOULDBLOCK)
      // Closing another descriptor would drop a lock of fcntl.
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("text".utf8))
      #expect(code() == EWOULDBLOCK)
      extendLifetime(held)
    }
    #expect(code() == 0)
    #expect(code() == 0)
  }

  @Test("is given up though a child was forked and has not run its program yet")
  func forked() throws {
    try Data().write(to: URL(filePath: path))
    defer { unlink(path) }
    let inherited: Int32
    do {
      let held = try FileLock(FileSystemPath(path))
      inherited = dup(held.descriptor)
    }
    defer { close(inherited) }
    try #require(inherited >= 0)
    _ = try FileLock(FileSystemPath(path))
  }

  @Test("of a file that is not there names it")
  func missing() {
    #expect(throws: SystemError(call: "open", subject: path, errno: ENOENT)) {
      _ = try FileLock(FileSystemPath(path))
    }
  }
}
