import Foundation
import Testing
import Workloads

@Suite("A fio job") struct FioJobTests {
  @Test("states a closed loop of random reads")
  func text() {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeStartBytes: 4096,
      rangeBytes: 1 << 30)
    let job = FioJob(
      name: "random-read-4k", spec: spec, filename: "/dev/disk/by-path/pci-0000:01", depth: 32,
      threads: 2, seconds: 10, rampSeconds: 2, seed: 7)
    #expect(
      job.text == #"""
        [random-read-4k]
        filename=/dev/disk/by-path/pci-0000\:01
        offset=4096
        size=1073741824
        ioengine=io_uring
        direct=1
        fixedbufs=1
        registerfiles=1
        iodepth=32
        thread=1
        numjobs=2
        group_reporting=1
        randrepeat=1
        randseed=7
        rw=randread
        bs=4096
        norandommap=1
        time_based=1
        runtime=10s
        ramp_time=2s
        lat_percentiles=1
        clat_percentiles=0

        """#)
  }

  @Test(
    "runs as long as is measured, to the millisecond",
    arguments: [
      (10, "10s"), (0.5, "500ms"), (2.25, "2250ms"), (0.0001, "1ms"), (-1, "1ms"),
      (.infinity, "1000000000s"),
    ] as [(Double, String)])
  func time(seconds: Double, text: String) {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1 << 30)
    var job = FioJob(
      name: "r", spec: spec, filename: "/x", depth: 1, threads: 1, seconds: seconds,
      rampSeconds: 0.5, seed: 1)
    #expect(job.text.contains("\nruntime=\(text)\nramp_time=500ms\n"))
    job.rampSeconds = 0
    #expect(job.text.contains("\nramp_time=0s\n"))
  }

  @Test("is one round, says how many there are, and waits for the jobs before it")
  func rounds() {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1 << 30)
    var job = FioJob(
      name: "r", spec: spec, filename: "/x", depth: 1, threads: 1, seconds: 1, seed: 1)
    #expect(!job.text.contains("round") && !job.text.contains("stonewall"))
    job.rounds = 5...30
    job.waitsForOthers = true
    #expect(job.text.hasPrefix("# one round of 5 to 30, "))
    #expect(job.text.contains("\n[r]\nstonewall\nfilename=/x\n"))
    job.rounds = 5...5
    #expect(job.text.hasPrefix("# one round of 5, "))
  }

  @Test("divides a sequential range among threads, and a rate among them and the operations")
  func divided() {
    var spec = WorkloadSpec(
      kind: .sequentialWrite, blocks: BlockSplit(bytes: 1 << 20), rangeBytes: 10 << 20)
    var job = FioJob(
      name: "w", spec: spec, filename: "/x", depth: 1, threads: 3, seconds: 1, seed: 1,
      compressiblePercent: 50)
    #expect(job.text.contains("\nsize=3145728\noffset_increment=3145728\n"))
    #expect(job.text.contains("\nbuffer_compress_percentage=50\n"))
    spec.kind = .randomMix
    spec.readPercent = 70
    job.spec = spec
    job.arrival = .poisson(perSecond: 3000)
    #expect(job.text.contains("\nrwmixread=70\n"))
    #expect(job.text.contains("\nrate_iops=700,300\nrate_process=poisson\n"))
  }

  @Test(
    "leaves out a filename that no job file can hold, and says so",
    arguments: ["/a;b", "/a#b", "/a\nrw=write", "/a${HOME}", "", "/a "])
  func filename(name: String) {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1 << 30)
    let text = FioJob(
      name: "r", spec: spec, filename: name, depth: 1, threads: 1, seconds: 1, seed: 1
    ).text
    #expect(text.contains("--filename"))
    #expect(!text.contains("\nfilename"))
    #expect(text.split(separator: "\n").count { $0.hasPrefix("rw=") } == 1)
  }

  @Test(
    "keeps its name in its section", arguments: [("a]b\nc", "[a-b-c]"), ("global", "[job-global]")])
  func name(name: String, section: String) {
    let spec = WorkloadSpec(
      kind: .randomRead, blocks: BlockSplit(bytes: 4096), rangeBytes: 1 << 30)
    let text = FioJob(
      name: name, spec: spec, filename: "/x", depth: 1, threads: 1, seconds: 1, seed: 1
    ).text
    #expect(text.hasPrefix(section + "\n"))
  }

  @Test(
    "is accepted by fio", .enabled(if: Fio.isInstalled, "fio is not installed"),
    arguments: WorkloadKind.allCases, ["4k", "512", "64m", "4k/60:16k/30:128k/10"])
  func accepted(kind: WorkloadKind, blocks: String) throws {
    let isSequential = kind == .sequentialRead || kind == .sequentialWrite
    let distributions: [Distribution] =
      isSequential
      ? [.uniform]
      : [
        .uniform, .zipf(theta: 0.99), .zipf(theta: 1), .zipf(theta: 5), .zipf(theta: 0.00001),
        .hotCold(spacePercent: 20, accessPercent: 80),
        .hotCold(spacePercent: 1, accessPercent: 99),
      ]
    let arrivals: [ArrivalRate?] = [
      nil, .constant(perSecond: 1000.5), .poisson(perSecond: 1), .poisson(perSecond: 1e9),
    ]
    var jobs = ""
    for distribution in distributions {
      for arrival in arrivals {
        let spec = WorkloadSpec(
          kind: kind, blocks: try BlockSplit(parsing: blocks), readPercent: 70,
          distribution: distribution, rangeStartBytes: 1 << 20, rangeBytes: 1 << 30)
        var job = FioJob(
          name: "job", spec: spec, filename: "/tmp/a b:c\\d", depth: 32, threads: 3,
          arrival: arrival, seconds: 10, rampSeconds: 0.5, seed: .max,
          compressiblePercent: kind == .randomWrite ? 0 : 50)
        job.rounds = 5...30
        job.waitsForOthers = true
        jobs += job.text
      }
    }
    #expect(try Fio.parse(jobs) == "", "\(jobs)")
  }

  @Test(
    "is refused by fio where it is wrong", .enabled(if: Fio.isInstalled, "fio is not installed"))
  func refused() throws {
    #expect(try Fio.parse("[job]\nsize=1m\nno_such_option=1\n") != "")
  }
}

/// The installed fio, asked only to read a job.
enum Fio {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/fio")

  /// What fio has against a job; nothing where it accepts it.
  static func parse(_ text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("storebench-\(UUID().uuidString).fio")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/fio")
    process.arguments = ["--parse-only", file.path]
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let answer = String(decoding: output, as: UTF8.self)
    return process.terminationStatus == 0 ? answer : answer + "exit \(process.terminationStatus)"
  }
}
