import Glibc
import Testing

@testable import LinuxIO

@Suite("A scratch folder") struct ScratchFolderTests {
  private let parent = "/var/tmp/storebench-folder.\(getpid()).\(UInt32.random(in: 0...9999))"

  private func made() -> FileSystemPath {
    mkdir(parent, 0o755)
    return FileSystemPath(parent)
  }

  private func write(_ path: String) {
    let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
    #expect(descriptor >= 0)
    close(descriptor)
  }

  @Test("is removed with all that is in it, and follows no link out of it")
  func life() throws {
    let parent = made()
    defer { rmdir(self.parent) }
    write(self.parent + "/outside")
    defer { unlink(self.parent + "/outside") }
    do {
      let folder = try ScratchFolder(in: parent, name: "own")
      let path = folder.path.description
      mkdir(path + "/hot", 0o755)
      mkdir(path + "/hot/deeper", 0o755)
      write(path + "/hot/000001.sst")
      write(path + "/hot/deeper/x")
      symlink(self.parent, path + "/link")
      symlink(self.parent + "/outside", path + "/file-link")
      folder.remove()
      #expect(access(path, F_OK) != 0)
      folder.remove()
    }
    #expect(access(self.parent + "/outside", F_OK) == 0)
  }

  @Test("never takes a folder that exists")
  func exists() throws {
    let parent = made()
    defer { rmdir(self.parent) }
    mkdir(self.parent + "/own", 0o755)
    defer { rmdir(self.parent + "/own") }
    #expect(throws: DeviceError.exists(self.parent + "/own")) {
      _ = try ScratchFolder(in: parent, name: "own")
    }
    #expect(access(self.parent + "/own", F_OK) == 0)
  }

  @Test("that somebody put another in the place of is left alone")
  func replaced() throws {
    let parent = made()
    defer { rmdir(self.parent) }
    let path = self.parent + "/own"
    do {
      let folder = try ScratchFolder(in: parent, name: "own")
      rename(path, self.parent + "/moved")
      mkdir(path, 0o755)
      write(path + "/precious")
      folder.remove()
    }
    #expect(access(path + "/precious", F_OK) == 0)
    unlink(path + "/precious")
    rmdir(path)
    rmdir(self.parent + "/moved")
  }
}
