import Glibc
import LinuxIO
import Testing
import Workloads

@testable import Qualification

/// Something on a disk that forbids writing to it.
struct Occupation: Sendable, CustomTestStringConvertible {
  var name: String
  var reason: SafetyReason
  /// What the finding says.
  var says: String
  /// Which node it is found on, after the loop device's own.
  var suffix = ""
  var mebibytes = 64
  /// On `$IMG`, before it is attached.
  var prepare = "true"
  /// On `$DEV`, afterwards.
  var script = "true"
  var options = "-P"
  /// How much of the image must stay the same; all of it where nil.
  var untouchedBytes: Int?
  var testDescription: String { name }

  static let gpt = "printf 'label: gpt\\nstart=2048, size=65536\\n' | sfdisk -q $IMG"
  static let mountedPartition = Occupation(
    name: "a mounted partition", reason: .mounted, says: "(ext4)", suffix: "p1", prepare: gpt,
    script: "mkfs.ext4 -q ${DEV}p1 && mount -o ro ${DEV}p1 $MNT")

  /// Writes bytes given in octal escapes at an offset of the image.
  static func bytes(_ escapes: String, at offset: Int) -> String {
    "printf '\(escapes)' | dd of=$IMG bs=1 seek=\(offset) conv=notrunc;"
  }

  static let all: [Occupation] = [
    mountedPartition,
    Occupation(
      name: "a file system mounted on the whole disk", reason: .mounted, says: "mounted on",
      script: "mkfs.ext4 -q $DEV && mount -o ro $DEV $MNT"),
    Occupation(
      name: "a file system mounted for writing", reason: .mounted, says: "mounted on",
      script: "mkfs.ext4 -q -E lazy_itable_init=0 $DEV && mount $DEV $MNT"),
    Occupation(
      name: "swap in use", reason: .swap, says: "swap", script: "mkswap $DEV && swapon $DEV",
      // The kernel may swap; the header is what it leaves alone.
      untouchedBytes: 4096),
    Occupation(
      name: "a loop device over it", reason: .held, says: "loop device",
      script: "losetup -f $DEV"),
    Occupation(
      name: "a loop device over its partition", reason: .held, says: "loop device", suffix: "p1",
      prepare: gpt, script: "losetup -f ${DEV}p1"),
    Occupation(
      name: "an ext4 file system", reason: .signature, says: "ext4", prepare: "mkfs.ext4 -q $IMG"),
    Occupation(
      name: "an ext4 file system in a partition", reason: .signature, says: "ext4", suffix: "p1",
      prepare: gpt, script: "mkfs.ext4 -q ${DEV}p1"),
    Occupation(
      name: "an XFS file system", reason: .signature, says: "xfs", mebibytes: 512,
      prepare: "mkfs.xfs -q $IMG"),
    Occupation(
      name: "a btrfs file system", reason: .signature, says: "btrfs", mebibytes: 256,
      prepare: "mkfs.btrfs -q $IMG"),
    Occupation(
      name: "swap that is not in use", reason: .signature, says: "swap", prepare: "mkswap $IMG"),
    Occupation(
      name: "an LVM physical volume", reason: .signature, says: "LVM2_member",
      prepare: bytes("LABELONE\\001", at: 512)
        + bytes("\\040\\000\\000\\000LVM2 001abcdefghijklmnopqrstuvwxyz012345", at: 532)),
    Occupation(
      name: "a member of an md array", reason: .signature, says: "linux_raid_member",
      prepare: bytes("\\374\\116\\053\\251\\001", at: 4096) + bytes("\\010", at: 4096 + 144)),
    Occupation(
      name: "a member of a ZFS pool", reason: .signature, says: "zfs_member",
      prepare: (0..<16).map { bytes("\\014\\261\\272", at: 131_072 + $0 * 1024) }.joined()),
    Occupation(
      name: "a GPT without partitions", reason: .partitionTable, says: "gpt",
      prepare: "echo 'label: gpt' | sfdisk -q $IMG"),
    Occupation(
      name: "a GPT of which only the copy at the end is left", reason: .partitionTable,
      says: "gpt",
      prepare: "echo 'label: gpt' | sfdisk -q $IMG;"
        + "dd if=/dev/zero of=$IMG bs=1M count=1 conv=notrunc"),
    Occupation(
      name: "an MBR table", reason: .partitionTable, says: "dos",
      prepare: "printf 'label: dos\\nstart=2048, size=2048\\n' | sfdisk -q $IMG"),
    Occupation(
      name: "a read-only flag", reason: .readOnly, says: "read-only", options: "-r"),
  ]
}

extension LoopDeviceTests {
  @Suite("Writing is refused and nothing is touched") struct SafetyRefusalTests {
    @Test("where a disk has", arguments: Occupation.all)
    func refuses(occupation: Occupation) throws {
      let loop = try LoopDevice(
        mebibytes: occupation.mebibytes, prepare: occupation.prepare, options: occupation.options)
      try loop.run(occupation.script)
      let before = try loop.checksum(firstBytes: occupation.untouchedBytes)

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(destroying(loop.node))
      }

      #expect(failure.category == .refused)
      #expect(
        failure.refusals.contains {
          $0.node == loop.node + occupation.suffix && $0.reason == occupation.reason
            && $0.finding.contains(occupation.says)
        }, "\(failure)")
      // The token was right, so nothing but what was found may have refused.
      #expect(!failure.refusals.contains { $0.reason == .wrongSerial })
      #expect(try loop.checksum(firstBytes: occupation.untouchedBytes) == before)
    }

    @Test("where another process has the disk open")
    func openElsewhere() throws {
      let loop = try LoopDevice()
      let before = try loop.checksum()
      let process = shell("sleep 60 <>\(loop.node) >/dev/null 2>&1 & echo $!").output
      defer { shell("kill -9 \(process)") }

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(destroying(loop.node))
      }

      let refusal = try #require(failure.refusals.first)
      #expect(refusal.reason == .openProcess)
      #expect(refusal.finding.contains(process) && refusal.finding.contains("writing"))
      #expect(try loop.checksum() == before)
    }

    @Test("where it is mounted in another mount namespace only")
    func foreignMount() throws {
      let loop = try LoopDevice(prepare: "mkfs.ext4 -q $IMG; wipefs -q $IMG")
      try loop.run("command -v unshare")
      let process = shell(
        """
        mkdir -p \(loop.folder)/mnt
        unshare -m --propagation private sh -c \
          'mount -o ro \(loop.node) \(loop.folder)/mnt && touch \(loop.folder)/ready && exec sleep 60' \
          >/dev/null 2>&1 & echo $!
        for try in 1 2 3 4 5 6 7 8 9 10; do test -e \(loop.folder)/ready && break; sleep 0.2; done
        """
      ).output
      defer { shell("kill -9 \(process); sleep 0.2") }

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(destroying(loop.node))
      }

      let mount = failure.refusals.first { $0.reason == .mounted }
      #expect(mount?.finding.contains("in the mount namespace of process") == true, "\(failure)")
    }

    @Test("where the kernel says busy although nothing can be seen")
    func exclusiveElsewhere() throws {
      let loop = try LoopDevice()
      let holder = try DeviceFile(path: FileSystemPath(loop.node), access: [.exclusive])

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(destroying(loop.node))
      }

      #expect(holder.descriptor >= 0)
      #expect(failure.category == .refused)
      #expect(failure.description.contains("EBUSY"))
    }

    @Test(
      "where the serial that was typed is another one",
      arguments: ["", "S64GNE0R", "loop", "loop0", "1", "*"])
    func wrongSerial(typed: String) throws {
      let loop = try LoopDevice()

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(
          TargetRequest(
            path: FileSystemPath(loop.node), intent: .destroy(serial: typed), runID: testRunID))
      }

      #expect(failure.refusals.map(\.reason) == [.wrongSerial])
      #expect(failure.description.contains("--destroy-data \(loop.name):67108864"))
    }

    @Test(
      "whatever the path to a mounted disk is called",
      arguments: ["ln -s $DEV $MNT/../alias", "mknod $MNT/../alias b $(stat -c '0x%t 0x%T' $DEV)"])
    func alias(making: String) throws {
      let loop = try LoopDevice(prepare: Occupation.mountedPartition.prepare)
      try loop.run(Occupation.mountedPartition.script)
      try loop.run(making)
      let before = try loop.checksum()

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(destroying(loop.node, through: loop.folder + "/alias"))
      }

      #expect(failure.refusals.contains { $0.reason == .mounted && $0.node == loop.node + "p1" })
      #expect(try loop.checksum() == before)
    }

    @Test("where the target is a partition, with the disk as the remedy", arguments: [true, false])
    func partition(writing: Bool) throws {
      let loop = try LoopDevice(prepare: Occupation.gpt)

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(
          TargetRequest(
            path: FileSystemPath(loop.node + "p1"),
            intent: writing ? .destroy(serial: "\(loop.name):67108864") : .readOnly,
            runID: testRunID, command: "storebench qualify --tier cold"))
      }

      #expect(failure.category == .refused)
      #expect(failure.refusals.first?.reason == .partition)
      #expect(failure.description.contains("storebench qualify --tier cold \(loop.node)"))
    }

    @Test("where the running system stands on the disk")
    func systemDisk() throws {
      let root = MountTable().mounts.first { $0.mountPoint == "/" && $0.foreignProcess == nil }
      guard let root, let device = BlockDevice(number: root.number),
        let disk = device.bottomDisks.first
      else { return }
      let identity = DeviceIdentitySource(disk).identity
      let occupancy = DeviceOccupancy(of: disk)
      let token = SafetyRule.destroyToken(identity: identity, occupancy: occupancy)

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(
          TargetRequest(
            path: FileSystemPath(disk.node), intent: .destroy(serial: token), runID: testRunID))
      }

      #expect(failure.refusals.contains { $0.reason == .system && $0.node == disk.node })
      #expect(failure.refusals.contains { $0.reason == .mounted && $0.finding.contains(" / ") })
    }

    @Test("with a message that names the finding and the ways that remain")
    func message() throws {
      let loop = try LoopDevice(prepare: "mkfs.ext4 -q -L precious $IMG")

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(
          destroying(loop.node, command: "storebench qualify --tier hot"))
      }

      #expect(
        failure.description == """
          refused: \(loop.node) carries data; nothing was written to it
            \(loop.node)  carries a signature of ext4 labelled 'precious'
          if nobody needs what is there, erase its traces first (this tool never does):
            wipefs -a \(loop.node)
          without writing:  storebench qualify --tier hot \(loop.node)
          in a folder:      storebench qualify --tier hot FOLDER-ON-THE-DRIVE
          """)
    }

    @Test("with what releases a drive that is in use, and without the way to destroy it")
    func release() throws {
      let loop = try LoopDevice()
      try loop.run("mkfs.ext4 -q $DEV && mount -o ro $DEV $MNT")
      var request = try destroying(loop.node)
      request.intent = .destroy(serial: "another drive's")

      let failure = try #require(throws: TargetFailure.self) {
        try QualificationTarget.open(request)
      }

      let lines = failure.description.split(separator: "\n").map(String.init)
      #expect(!failure.refusals.contains { $0.reason == .system })
      let release = lines.firstIndex { $0.contains("release it first (this tool never does):") }
      #expect(try lines[#require(release) + 1].hasPrefix("  umount /"))
      #expect(!failure.description.contains("wipefs"))
      #expect(!failure.description.contains("--destroy-data"))
      #expect(failure.description.contains("is another drive than 'another drive's'"))
      #expect(!failure.description.contains("\(loop.name):67108864"))
    }

    @Test(
      "with words that a shell takes as they are meant and a terminal does not obey",
      arguments: [
        ("/mnt/a", "/mnt/a"), ("/mnt/my disk", "'/mnt/my disk'"), ("it's", "'it'\\''s'"),
        ("esc\u{1B}[31m\nend's\\", "$'esc\\x1b[31m\\x0aend\\'s\\\\'"),
      ])
    func quoted(word: String, expected: String) {
      #expect(SafetyRule.quoted(word) == expected)
    }

    @Test(
      "with the command that takes a holder apart",
      arguments: [
        ("md127", "raid1", "mdadm --stop /dev/md127"),
        ("loop7", "loop device", "losetup -d /dev/loop7"),
        ("dm-0", "LVM vg0-data", "lvchange -an /dev/mapper/vg0-data"),
        ("dm-1", "encryption my vault", "cryptsetup close 'my vault'"),
        ("dm-2", "multipath mpatha", "multipath -f mpatha"), ("dm-3", "device-mapper x", nil),
      ])
    func release(holder: String, use: String, expected: String?) {
      #expect(SafetyRule.release(of: holder, use: use) == expected)
    }
  }
}

let testRunID = RunID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

/// A request that destroys a loop device and names it rightly.
func destroying(
  _ node: String, through path: String? = nil, command: String = "storebench qualify"
) throws -> TargetRequest {
  let device = try BlockDevice(path: FileSystemPath(node))
  return TargetRequest(
    path: FileSystemPath(path ?? node),
    intent: .destroy(serial: "\(device.name):\(device.capacityBytes)"), runID: testRunID,
    command: command)
}
