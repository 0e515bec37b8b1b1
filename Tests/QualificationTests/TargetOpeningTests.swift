import Glibc
import LinuxIO
import Measurements
import Testing

@testable import Qualification

extension LoopDeviceTests {
  @Suite("A disk that nothing stands against") struct TargetDeviceTests {
    @Test("is opened for writing by its own token, and given back")
    func destroy() throws {
      let loop = try LoopDevice()
      let target = try QualificationTarget.open(destroying(loop.node))

      #expect(target.isWritable && !target.subject.shared)
      #expect(target.subject.form == .device)
      #expect(target.subject.identity.kind == .unknown)
      #expect(target.rangeBytes == 64 << 20)
      #expect(target.logicalBlockBytes == 512)
      try target.recheck()
      // Held exclusively: nobody can put a file system to use on it in the meantime.
      #expect(shell("mkfs.ext4 -q -F \(loop.node)").status != 0)

      target.close()
      target.close()
      #expect(throws: TargetFailure.self) { try target.recheck() }
      let again = try QualificationTarget.open(destroying(loop.node))
      again.close()
    }

    @Test("is opened through a link and a node of another name, as the same device")
    func alias() throws {
      let loop = try LoopDevice()
      try loop.run(
        "ln -s $DEV $MNT/../link; mknod $MNT/../node b $(stat -c '0x%t 0x%T' $DEV)")

      for name in ["link", "node"] {
        let target = try QualificationTarget.open(
          destroying(loop.node, through: "\(loop.folder)/\(name)"))
        #expect(target.subject.identity.name == loop.name)
        target.close()
      }
    }

    @Test("is left alone by a second run until the first has ended")
    func oneRun() throws {
      let loop = try LoopDevice()
      let first = try QualificationTarget.open(
        TargetRequest(path: FileSystemPath(loop.node), runID: testRunID))

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(
          TargetRequest(path: FileSystemPath(loop.node), runID: testRunID))
      }
      #expect(failure.category == .refused)
      #expect(failure.description.contains("process \(getpid())"))

      first.close()
      try QualificationTarget.open(TargetRequest(path: FileSystemPath(loop.node), runID: testRunID))
        .close()
    }

    @Test("is read without being marked shared")
    func read() throws {
      let loop = try LoopDevice(prepare: "mkfs.ext4 -q $IMG")
      let before = try loop.checksum()
      let target = try QualificationTarget.open(
        TargetRequest(path: FileSystemPath(loop.node), runID: testRunID))

      #expect(!target.isWritable && !target.subject.shared)
      // The descriptor itself refuses, whatever a worker might try.
      var byte: UInt8 = 0xFF
      #expect(pwrite(target.descriptor, &byte, 1, 0) == -1 && errno == EBADF)
      #expect(throws: TargetFailure.self) { try target.discard(offset: 0, length: 4096) }
      try target.recheck()
      target.close()
      #expect(try loop.checksum() == before)
    }

    @Test("is read and marked shared where it is mounted")
    func shared() throws {
      let loop = try LoopDevice(prepare: Occupation.gpt)
      try loop.run(Occupation.mountedPartition.script)
      let target = try QualificationTarget.open(
        TargetRequest(path: FileSystemPath(loop.node), runID: testRunID))

      #expect(target.subject.shared && !target.isWritable)
      try target.recheck()
      target.close()
    }

    @Test("keeps its logical block of 4096 bytes")
    func block() throws {
      let loop = try LoopDevice(options: "-b 4096")
      var request = try destroying(loop.node)
      request.sizeBytes = (1 << 20) + 512
      let target = try QualificationTarget.open(request)
      defer { target.close() }

      #expect(target.logicalBlockBytes == 4096)
      #expect(target.rangeBytes == 1 << 20)
    }

    @Test("discards within its range and not beyond")
    func discard() throws {
      let loop = try LoopDevice(prepare: "dd if=/dev/urandom of=$IMG bs=1M count=2 conv=notrunc")
      let target = try QualificationTarget.open(destroying(loop.node))
      defer { target.close() }
      try #require(target.discards)

      try target.discard(offset: 0, length: 1 << 20)
      #expect(throws: TargetFailure.self) { try target.discard(offset: 64 << 20, length: 4096) }
      let blank = shell("sync; cmp -n 1048576 \(loop.image) /dev/zero").status
      let kept = shell("cmp -n 1048576 -i 1048576:0 \(loop.image) /dev/zero").status
      #expect(blank == 0 && kept != 0)
    }

    @Test("lends no room where its file system is read-only or too full")
    func room() throws {
      let loop = try LoopDevice(prepare: "mkfs.ext4 -q $IMG")
      try loop.run("mount $DEV $MNT; mkdir $MNT/folder")
      var request = TargetRequest(
        path: FileSystemPath(loop.folder + "/mnt/folder"), runID: testRunID)
      request.freeSpaceReserveBytes = 16 << 20
      for size: UInt64? in [nil, 48 << 20, 1 << 40] {
        request.sizeBytes = size
        let full = try #require(throws: TargetFailure.self) {
          try QualificationTarget.open(request)
        }
        #expect(full.category == .environment && full.description.contains("must stay free"))
      }
      request.sizeBytes = 8 << 20
      let target = try QualificationTarget.open(request)
      #expect(target.subject.identity.name == loop.name)
      target.close()
      try loop.run("mount -o remount,ro $MNT")
      let readOnly = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(request)
      }
      #expect(readOnly.category == .environment && readOnly.description.contains("read-only"))
      #expect(shell("ls -A \(loop.folder)/mnt/folder").output.isEmpty)
    }

    @Test("is said to live in memory where its file does")
    func memory() throws {
      let loop = try LoopDevice(prepare: "mkdir -p $(dirname $IMG)/mnt")
      try loop.run("mount -t tmpfs -o size=32m none $MNT; truncate -s 16M $MNT/over")
      let over = shell("losetup -f --show \(loop.folder)/mnt/over").output
      defer { shell("losetup -d \(over)") }
      let device = try BlockDevice(path: FileSystemPath(over))

      let name = try #require(DeviceBacking.memory(of: device))
      #expect(name == "\(device.name) over tmpfs")
      #expect(try DeviceBacking.memory(of: BlockDevice(path: FileSystemPath(loop.node))) == nil)
    }
  }
}

extension LoopDeviceTests {
  @Suite("A recheck notices") struct TargetSafetyTests {
    /// Facts without the exclusive open, which would keep these changes away.
    func facts(_ path: String, writing: Bool = true) throws -> TargetSafety {
      let device = try BlockDevice(path: FileSystemPath(path))
      return TargetSafety(
        path: FileSystemPath(path), device: device,
        identity: DeviceIdentitySource(device).identity, writing: writing, shared: false)
    }

    @Test("a mount made in between")
    func mount() throws {
      let loop = try LoopDevice(prepare: "mkfs.ext4 -q $IMG")
      let safety = try facts(loop.node)
      try safety.recheck()
      try loop.run("mount -o ro $DEV $MNT")

      let failure = try #require(throws: TargetFailure.self) { try safety.recheck() }
      #expect(failure.category == .refused)
      #expect(failure.refusals.map(\.reason) == [.mounted])
    }

    @Test("a path that leads elsewhere")
    func path() throws {
      let first = try LoopDevice()
      let second = try LoopDevice()
      let link = first.folder + "/link"
      shell("ln -s \(first.node) \(link)")
      let safety = try facts(link)
      try safety.recheck()
      shell("ln -sf \(second.node) \(link)")

      let failure = try #require(throws: TargetFailure.self) { try safety.recheck() }
      #expect(failure.category == .changed)
      #expect(failure.description.contains(second.name))
    }

    @Test("another medium under the same name, even of the same size")
    func medium() throws {
      let loop = try LoopDevice(number: 230)
      let safety = try facts(loop.node)
      shell("truncate -s 64M \(loop.folder)/other; losetup -d \(loop.node); sleep 0.2")
      try loop.run("losetup $DEV \(loop.folder)/other")

      let failure = try #require(throws: TargetFailure.self) { try safety.recheck() }
      #expect(failure.category == .changed)
    }

    @Test("a device that shrank or went away")
    func size() throws {
      let loop = try LoopDevice()
      let safety = try facts(loop.node)
      shell("truncate -s 32M \(loop.image); losetup -c \(loop.node)")
      let shrunk = try #require(throws: TargetFailure.self) { try safety.recheck() }
      #expect(shrunk.description.contains("33554432"))
      shell("losetup -d \(loop.node); sleep 0.2")
      #expect(throws: TargetFailure.self) { try safety.recheck() }
    }
  }
}

@Suite("A target in a folder") struct TargetFileTests {
  let folder: String

  init() throws {
    folder = shell("mktemp -d /var/tmp/storebench-test.XXXXXX").output
    try #require(folder.hasPrefix("/var/tmp/storebench-test."))
  }

  func request(_ path: String, size: UInt64? = 2 << 20) -> TargetRequest {
    TargetRequest(
      path: FileSystemPath(path), runID: testRunID, sizeBytes: size, freeSpaceReserveBytes: 1 << 20)
  }

  @Test("is the tool's own file, gone after the end")
  func scratch() throws {
    defer { shell("rm -rf \(folder)") }
    let target = try QualificationTarget.open(request(folder))
    let path = "\(folder)/.storebench-\(testRunID).dat"

    #expect(target.openedPath.description == path)
    #expect(target.isWritable && target.subject.form == .file && target.rangeBytes == 2 << 20)
    #expect(shell("stat -c '%a %s' \(path)").output == "600 2097152")
    try target.recheck()

    shell("rm \(path)")
    let failure = try #require(throws: TargetFailure.self) { try target.recheck() }
    #expect(failure.category == .changed)
    // Somebody else's file under the same name stays.
    shell("echo precious > \(path)")
    target.close()
    #expect(shell("cat \(path)").output == "precious")
  }

  @Test("is a file at a path that does not exist")
  func newPath() throws {
    defer { shell("rm -rf \(folder)") }
    let target = try QualificationTarget.open(request(folder + "/new.dat"))
    #expect(target.openedPath.description == folder + "/new.dat")
    target.close()
    #expect(shell("ls -A \(folder)").output.isEmpty)
  }

  @Test("is never an existing file, unless only to read it")
  func existing() throws {
    defer { shell("rm -rf \(folder)") }
    let path = folder + "/image"
    shell("head -c 1049088 /dev/urandom > \(path)")
    let before = shell("sha256sum \(path)").output

    let failure = try #require(throws: TargetFailure.self) {
      try QualificationTarget.open(request(path))
    }
    #expect(failure.category == .refused)
    var reading = request(path, size: nil)
    reading.readsExistingFile = true
    let target = try QualificationTarget.open(reading)
    #expect(!target.isWritable && target.rangeBytes <= 1_049_088 && target.rangeBytes >= 1 << 20)
    target.close()
    #expect(shell("sha256sum \(path)").output == before)
  }

  @Test(
    "is refused with a reason",
    arguments: [
      ("/dev/nvme99n1", TargetFailure.Category.usage, "there is no /dev/nvme99n1"),
      ("/dev/null", TargetFailure.Category.usage, "a character device"),
      ("FOLDER/pipe", TargetFailure.Category.usage, "a named pipe"),
      ("FOLDER/missing/file", TargetFailure.Category.usage, "there is no"),
      ("FOLDER/link", TargetFailure.Category.refused, "exists"),
      ("/proc", TargetFailure.Category.environment, ""),
      ("", TargetFailure.Category.usage, "empty"),
    ])
  func bad(path: String, category: TargetFailure.Category, says: String) throws {
    defer { shell("rm -rf \(folder)") }
    shell("mkfifo \(folder)/pipe; ln -s \(folder)/nowhere \(folder)/link")
    let path = path.replacing("FOLDER", with: folder)
    let failure = try #require(throws: TargetFailure.self) {
      try QualificationTarget.open(request(path))
    }
    #expect(failure.category == category, "\(failure)")
    #expect(failure.description.contains(says), "\(failure)")
    #expect(!shell("test -e /dev/nvme99n1 && echo there || true").output.contains("there"))
    #expect(shell("test -e \(folder)/nowhere && echo there || true").output.isEmpty)
  }

  @Test("takes no --destroy-data", arguments: ["FOLDER", "FOLDER/new"])
  func destroy(path: String) throws {
    defer { shell("rm -rf \(folder)") }
    var asked = request(path.replacing("FOLDER", with: folder))
    asked.intent = .destroy(serial: "S64GNE0R")
    let failure = try #require(throws: TargetFailure.self) { try QualificationTarget.open(asked) }
    #expect(failure.category == .usage)
    #expect(shell("ls -A \(folder)").output.isEmpty)
  }
}
