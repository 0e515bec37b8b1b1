import Glibc
import Testing

@testable import LinuxIO

@Suite("A file that only grows") struct AppendFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/var/tmp/storebench-append.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
      unlink(folder + "/file")
      rmdir(folder)
    }
    try body(folder)
  }

  @Test("holds what was appended, in order, and is never opened over one that exists")
  func appends() throws {
    try withFolder { folder in
      let path = folder + "/file"
      do {
        let file = try AppendFile(creating: path)
        try file.append([])
        for line in 0..<100 { try file.append(Array("line \(line)\n".utf8)) }
        try file.synchronize()
      }
      let expected = (0..<100).map { "line \($0)\n" }.joined()
      #expect(
        KernelTree.live.text(path).map { $0 + "\n" } == expected
          || KernelTree.live.text(path) == expected)
      #expect(throws: SystemError(call: "open", subject: path, errno: EEXIST)) {
        let _ = try AppendFile(creating: path)
      }
    }
  }

  @Test("in a folder that is not there says so with the path")
  func missing() {
    let path = "/var/tmp/storebench-none/file"
    let error = SystemError(call: "open", subject: path, errno: ENOENT)
    #expect(error.description == "open \(path): No such file or directory (errno 2)")
    #expect(throws: error) { let _ = try AppendFile(creating: path) }
  }

  @Test(
    "on a full disk says so, and what was appended before stays",
    .enabled(if: geteuid() == 0, "needs root for a file system of 64 KiB"))
  func full() throws {
    try withFolder { folder in
      try #require(mount("tmpfs", folder, "tmpfs", 0, "size=64k") == 0)
      defer { umount(folder) }
      let file = try AppendFile(creating: folder + "/file")
      let line = [UInt8](repeating: 65, count: 4096)
      #expect(throws: SystemError(call: "write", subject: folder + "/file", errno: ENOSPC)) {
        for _ in 0..<100 { try file.append(line) }
      }
      var status = stat()
      #expect(stat(folder + "/file", &status) == 0 && status.st_size == 65536)
    }
  }
}
