import LinuxIO
import Measurements
import Testing
import Verdicts

@testable import Qualification

/// A folder that stands for another machine; `files` are paths and contents.
func machine(_ files: [(path: String, text: String)], _ body: (KernelTree) throws -> Void) rethrows
{
  let folder = shell("mktemp -d /tmp/storebench-machine.XXXXXX").output
  defer { shell("rm -rf \(folder)") }
  for (path, text) in files {
    shell("mkdir -p $(dirname \(folder)\(path)); cat > \(folder)\(path) <<'END'\n\(text)\nEND")
  }
  try body(KernelTree(root: folder))
}

@Suite("A machine") struct MachineReadingTests {
  @Test("is described by its kernel, processor, memory and packages")
  func description() {
    machine([
      ("/proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC 9354\nflags\t\t: fpu sse2\n"),
      ("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,8\n"),
      ("/proc/meminfo", "MemTotal:       24684084 kB\nMemFree: 1 kB"),
      ("/proc/sys/kernel/hostname", "node7"), ("/proc/sys/kernel/osrelease", "6.1.0-25-amd64"),
      ("/sys/devices/system/node/has_memory", "0-1"),
      ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance"),
      (
        "/var/lib/dpkg/status",
        """
        Package: liburing2
        Status: install ok installed
        Version: 2.3-3

        Package: nvme-cli
        Status: deinstall ok config-files
        Version: 2.4

        Package: bash
        Status: install ok installed
        Version: 5.2
        """
      ),
    ]) { tree in
      let record = MachineReading.record(tree: tree)
      #expect(record.hostname == "node7" && record.kernel == "6.1.0-25-amd64")
      #expect(record.cpuModel == "AMD EPYC 9354" && record.cpuCount == 5)
      #expect(record.numaNodeCount == 2 && record.memoryBytes == 24_684_084 * 1024)
      #expect(record.packages == ["liburing2": "2.3-3"])
      #expect(record.governor == "performance" && record.virtualization == "none")
    }
  }

  @Test(
    "is virtual where firmware or processor say so",
    arguments: [
      ("QEMU", "fpu hypervisor", "qemu"), ("Amazon EC2", "fpu hypervisor", "ec2"),
      ("Amazon EC2", "fpu", "none"), ("Dell Inc.", "fpu", "none"),
      ("Dell Inc.", "fpu hypervisor", "unknown"),
    ])
  func virtualization(vendor: String, flags: String, expected: String) {
    machine([
      ("/sys/class/dmi/id/sys_vendor", vendor), ("/proc/cpuinfo", "flags\t\t: \(flags)"),
    ]) { tree in
      #expect(MachineReading.record(tree: tree).virtualization == expected)
    }
  }

  @Test("says unknown where nothing can be read")
  func nothing() {
    machine([]) { tree in
      let record = MachineReading.record(tree: tree)
      #expect(record.hostname == "unknown" && record.virtualization == "unknown")
      #expect(record.cpuCount == 1 && record.numaNodeCount == 1 && record.packages.isEmpty)
    }
  }

  @Test(
    "tells how long a disk was at work, flushes included",
    arguments: [
      // The kernel's line and release; milliseconds and requests.
      ("1 0 8 20 2 0 8 30 0 150 50 3 0 8 7 4 25", "6.18.5", 175, 10),
      ("1 0 8 20 2 0 8 30 0 150 50 3 0 8 7 4 25", "6.10.0-rc1", 175, 10),
      // Before Linux 6.10 the tenth field tells too little.
      ("1 0 8 20 2 0 8 30 0 15 50 3 0 8 7 4 25", "6.9.12", 82, 10),
      ("1 0 8 20 2 0 8 30 0 15 50 3 0 8 7 4 25", "5.15.0-91-generic", 82, 10),
      ("1 0 8 20 2 0 8 30 0 15 50", "5.3.0", 50, 3),
      ("1 0 8 20 2 0 8 30 0 15 50", "unknown", 50, 3),
      ("1 0 8 2 1 0 8 2 0", "6.18.5", nil, 0), ("1 0 8 2 1 0 8 2 0 x 4", "6.18.5", nil, 0),
      ("1 0 8 2 1 0 8 2 0 9223372036854775807 4 0 0 0 0 3 25", "6.18.5", nil, 0),
    ] as [(String, String, Int64?, Int64)])
  func activity(line: String, release: String, milliseconds: Int64?, requests: Int64) throws {
    try machine([
      ("/sys/class/block/sdx/dev", "8:240"), ("/sys/class/block/sdx/stat", line),
      ("/proc/sys/kernel/osrelease", release),
    ]) { tree in
      let disk = try #require(BlockDevice(name: "sdx", tree: tree))
      let expected = milliseconds.map {
        DeviceActivity(busy: Nanoseconds($0 * 1_000_000), requests: requests)
      }
      #expect(DeviceActivity(of: disk) == expected)
    }
  }

  @Test("divides the time by what a disk's counters moved")
  func activityShare() {
    let before = DeviceActivity(busy: Nanoseconds(seconds: 2), requests: 7)
    let after = DeviceActivity(busy: Nanoseconds(seconds: 5), requests: 8)
    let some = after.share(since: before, of: Nanoseconds(seconds: 10))
    #expect(some?.busy == Nanoseconds(seconds: 3) && some?.idle == Nanoseconds(seconds: 7))
    // Requests and flushes at once count twice.
    let full = after.share(since: before, of: Nanoseconds(seconds: 2))
    #expect(full?.busy == Nanoseconds(seconds: 2) && full?.idle == .zero)
    #expect(before.share(since: after, of: Nanoseconds(seconds: 1)) == nil)
    #expect(after.share(since: before, of: .zero) == nil)
    // A disk that keeps no counters was not idle.
    #expect(after.share(since: after, of: Nanoseconds(seconds: 1)) == nil)
  }

  @Test("is disturbed by the share of time that its counters moved")
  func noise() throws {
    let start = ContinuousClock.now
    func reading(_ pressure: Int, _ stat: String, after seconds: Int) throws -> NoiseReading {
      var result: NoiseReading?
      machine([
        ("/proc/pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=\(pressure)"),
        ("/proc/stat", "cpu  \(stat)\ncpu0 1 1 1 1 1 1 1 1 1 1"),
      ]) {
        result = NoiseReading(
          tree: $0, time: start.advanced(by: .seconds(seconds)),
          processCPU: Nanoseconds(seconds: Double(seconds) / 4))
      }
      return try #require(result)
    }
    let before = try reading(1_000_000, "100 0 100 700 50 0 0 50 0 0", after: 0)
    let after = try reading(3_500_000, "200 0 150 1300 100 0 50 200 0 0", after: 10)
    let noise = after.noise(since: before)
    #expect(noise.cpuPressure == 0.25)
    #expect(noise.steal == 0.15)
    #expect(noise.cpuBusy == 0.2)
    // A quarter of the one processor that there is.
    #expect(noise.ownCPU == 0.25)
    #expect(noise.memoryPressure == nil)
    #expect(before.noise(since: after).steal == nil)
  }
}

@Suite("An inventory") struct TargetInventoryTests {
  @Test("lists every disk with its tier, its token and what stands against writing")
  func entries() throws {
    for entry in DeviceInventory.all() {
      #expect(entry.identity.capacityBytes > 0)
      #expect(entry.node.hasPrefix("/dev/"))
      #expect(entry.writability.hasPrefix(entry.refusals.isEmpty ? "yes, with" : "no: "))
      #expect(!entry.refusals.contains { $0.reason == .wrongSerial })
    }
  }

  @Test(
    "offers a drive for the tier of its kind only",
    arguments: [(.nvme, .hot), (.ssd, .warm), (.hdd, .cold), (.unknown, nil)]
      as [(DeviceKind, Tier?)])
  func tier(kind: DeviceKind, tier: Tier?) {
    #expect(DeviceInventoryEntry.tier(of: kind) == tier)
  }
}

@Suite("The token of --destroy-data") struct SafetyTokenTests {
  func token(serial: String?, others: [String]) throws -> String {
    var token = ""
    try machine([("/sys/class/block/sdz/dev", "65:144")]) { tree in
      let disk = try #require(BlockDevice(name: "sdz", tree: tree))
      var identity = DeviceIdentity(
        name: "sdz", kind: .ssd, capacityBytes: 1_920_383_410_176, transport: "sata")
      identity.serial = serial
      token = SafetyRule.destroyToken(
        identity: identity,
        occupancy: DeviceOccupancy(disk: disk, occupants: [], sameSerialNodes: others))
    }
    return token
  }

  @Test("is the serial; with the name where it is shared; name and size where there is none")
  func tokens() throws {
    #expect(try token(serial: "2231E6A1", others: []) == "2231E6A1")
    #expect(try token(serial: "2231E6A1", others: ["/dev/sdy"]) == "2231E6A1:sdz")
    #expect(try token(serial: nil, others: []) == "sdz:1920383410176")
    #expect(try token(serial: "", others: []) == "sdz:1920383410176")
  }

  @Test(
    "is quoted for a shell where it must be",
    arguments: [("S64-G_1:2", "S64-G_1:2"), ("a b", "'a b'"), ("a'b", "'a'\\''b'"), ("", "''")])
  func quoted(word: String, expected: String) {
    #expect(SafetyRule.quoted(word) == expected)
  }
}
