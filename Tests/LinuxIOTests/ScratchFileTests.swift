import Glibc
import Testing

@testable import LinuxIO

@Suite("A scratch file") struct ScratchFileTests {
  static let mebibyte: UInt64 = 1 << 20
  static let gibibyte: UInt64 = 1 << 30

  /// Asked for, reserve, free, and the size that follows; nil where it is refused.
  static let sizes: [(UInt64?, UInt64, UInt64, UInt64?)] = [
    (10 * mebibyte, 0, 100 * mebibyte, 10 * mebibyte),
    (10 * mebibyte + 5, 0, 100 * mebibyte, 10 * mebibyte),  // cut to whole mebibytes
    (nil, 0, gibibyte, 256 * mebibyte),  // a quarter of the room
    (nil, 0, 1024 * gibibyte, 4 * gibibyte),  // never more than 4 GiB of its own accord
    (nil, gibibyte, gibibyte + 100 * mebibyte, 64 * mebibyte),  // never too small to mean anything
    (60 * mebibyte, 50 * mebibyte, 100 * mebibyte, nil),  // the reserve would be touched
    (nil, gibibyte, gibibyte / 2, nil),  // less room than the reserve
    (0, 0, gibibyte, nil),
    (1000, 0, gibibyte, nil),
    (UInt64.max, 0, UInt64.max / 2, nil),
  ]

  @Test(
    "is as large as asked for, or as the room allows",
    arguments: sizes)
  func size(asked: UInt64?, reserve: UInt64, free: UInt64, expected: UInt64?) {
    let size = try? ScratchFile.size(
      requestedBytes: asked, reserveBytes: reserve, freeBytes: free, alignmentBytes: 1 << 20,
      path: "/folder")
    #expect(size == expected)
  }

  @Test("has its blocks, is read past the page cache, and is gone when dropped")
  func life() throws {
    let kernel = KernelFixture()
    let folder = "/var/tmp/storebench-scratch.\(getpid())"
    mkdir(folder, 0o755)
    defer { rmdir(folder) }
    do {
      let scratch = try ScratchFile(
        at: FileSystemPath(folder), name: "own", requestedBytes: 3 << 20, reserveBytes: 0)
      var status = stat()
      #expect(fstat(scratch.file.descriptor, &status) == 0)
      #expect(status.st_blocks * 512 >= 3 << 20, "allocated, not sparse")
      #expect(fcntl(scratch.file.descriptor, F_GETFL) & LinuxFlag.direct != 0)
      let before = scratch.isStillInPlace()
      #expect(before)
      #expect(throws: DeviceError.exists(folder + "/own")) {
        let _ = try ScratchFile(
          at: FileSystemPath(folder + "/own"), name: "x", requestedBytes: 1 << 20, reserveBytes: 0)
        return
      }
      scratch.remove()
      scratch.remove()
      let after = scratch.isStillInPlace()
      #expect(!after)
    }
    #expect(kernel.tree.exists("") && KernelTree.live.entries(folder).isEmpty)
  }

  @Test("is refused with its reason, and leaves nothing behind")
  func refused() throws {
    let folder = "/var/tmp/storebench-refused.\(getpid())"
    mkdir(folder, 0o755)
    defer { rmdir(folder) }
    func open(_ path: String, name: String = "own", bytes: UInt64 = 1 << 20) throws {
      let _ = try ScratchFile(
        at: FileSystemPath(path), name: name, requestedBytes: bytes, reserveBytes: 0)
    }
    #expect(throws: DeviceError.missing(folder + "/none")) { try open(folder + "/none/file") }
    #expect(throws: DeviceError.self) { try open(folder, bytes: 1 << 60) }
    let long = String(repeating: "n", count: 300)
    #expect(throws: DeviceError.nameTooLong("\(folder)/\(long)")) { try open(folder, name: long) }
    #expect(KernelTree.live.entries(folder).isEmpty)
  }
}

@Suite("A lock on a disk") struct DeviceLockTests {
  @Test("keeps others away until it is dropped, and names its process")
  func lock() throws {
    let kernel = KernelFixture()
    kernel.add("sda", at: "/sys/devices/block", number: "8:0")
    kernel.add("sda1", at: "/sys/devices/block/sda", number: "8:1", partition: 1)
    let disk = try #require(kernel.device("sda"))
    let part = try #require(kernel.device("sda1"))
    let folders = [
      FileSystemPath(kernel.root + "/missing/x"), FileSystemPath(kernel.root + "/lock"),
    ]
    do {
      let held = try DeviceLock(disk, folders: folders)
      #expect(held.path.description == kernel.root + "/lock/8:0.lock")
      // A partition's lock is its disk's.
      #expect(throws: DeviceError.locked(path: "/dev/sda", process: Int(getpid()))) {
        let _ = try DeviceLock(part, folders: folders)
        return
      }
    }
    let _ = try DeviceLock(part, folders: folders)
  }

  @Test("does not follow a link laid in its place")
  func link() throws {
    let kernel = KernelFixture()
    kernel.add("sda", at: "/sys/devices/block", number: "8:0")
    kernel.write("/precious", "precious")
    kernel.link("/lock/8:0.lock", to: "/precious")
    let disk = try #require(kernel.device("sda"))
    #expect(throws: DeviceError.self) {
      let _ = try DeviceLock(disk, folders: [FileSystemPath(kernel.root + "/lock")])
      return
    }
    #expect(kernel.tree.text("/precious") == "precious")
  }
}
