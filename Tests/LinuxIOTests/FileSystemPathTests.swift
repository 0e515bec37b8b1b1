import Foundation
import Testing

@testable import LinuxIO

@Suite("A path") struct FileSystemPathTests {
  @Test(
    "lies within a folder, or does not",
    arguments: [
      ("/a/b", "/a", true), ("/a", "/a", true), ("/a/b/c", "/a/b", true), ("/a", "/", true),
      ("/ab", "/a", false), ("/a", "/a/b", false), ("/b/a", "/a", false), ("/", "/a", false),
    ])
  func within(path: String, folder: String, isWithin: Bool) {
    #expect(FileSystemPath(path).isWithin(FileSystemPath(folder)) == isWithin)
  }

  @Test("is told without links and dots, where something is there")
  func resolved() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = FileSystemPath(folder.path(percentEncoded: false))
    let own = try #require(path.resolved)
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "link").path(percentEncoded: false),
      withDestinationPath: own.description)
    #expect(path.appending("link").resolved == own)
    #expect(path.appending("link/../\(folder.lastPathComponent)/.").resolved == own)
    #expect(path.appending("nothing").resolved == nil)
    #expect(FileSystemPath("").resolved == nil)
  }

  @Test(
    "shows bytes that are not text",
    arguments: [
      (Array("/dev/sda".utf8), "/dev/sda"), ([0x2F, 0xFF], "/\\xff"),
      ([0x61, 0x0A], "a\\x0a"), (Array("/über".utf8), "/über"),
    ])
  func shown(bytes: [UInt8], text: String) {
    #expect(FileSystemPath(bytes: bytes).description == text)
  }

  @Test(
    "with a zero byte or without any is no path, never a shorter one",
    arguments: ["", "/dev/null\0x"])
  func zero(text: String) {
    #expect(throws: DeviceError.invalidPath(FileSystemPath(text).description)) {
      try FileStatus(path: FileSystemPath(text))
    }
  }

  @Test("that was typed in other bytes than UTF-8 keeps them")
  func original() {
    let kernel = KernelFixture()
    kernel.write(
      "/proc/self/cmdline",
      bytes: Array("storebench\0qualify\0/data/".utf8) + [0xE9, 0x74, 0xE9, 0])
    let argument = String(decoding: Array("/data/".utf8) + [0xE9, 0x74, 0xE9], as: UTF8.self)
    #expect(
      FileSystemPath(argument: argument, tree: kernel.tree).bytes
        == Array("/data/".utf8) + [0xE9, 0x74, 0xE9])
    #expect(FileSystemPath(argument: "/plain", tree: kernel.tree).bytes == Array("/plain".utf8))
  }

  @Test(
    "has a folder",
    arguments: [("/a/b", "/a"), ("/a", "/"), ("b", "."), ("/a/b/", "/a"), ("/", "/")])
  func folder(path: String, folder: String) {
    #expect(FileSystemPath(path).folder.description == folder)
  }
}
