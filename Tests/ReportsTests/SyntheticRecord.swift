import Measurements

/// Records made up for the tests, with figures that a person can check by eye.
enum SyntheticRecord {
  /// Every optional is present, and the strings from the device hold what breaks formats.
  static var full: RunRecord {
    var record = RunRecord(
      runID: "0123456789abcdef0123456789abcdef",
      tool: ToolRecord(
        name: "storebench", version: "0.1.0",
        binarySHA256: String(repeating: "b1", count: 32), build: "release"),
      command: [
        "storebench", "qualify", "--tier", "hot", "/dev/nvme0n1", "--destroy-data", "S64GNE0R",
        "--out", "it's here",
      ],
      startedAt: "2026-11-22T23:10:05Z", seed: UInt64.max, tier: "hot", mode: "nightly",
      layer: "raw",
      profile: ProfileRecord(
        name: "hot", text: "schema: 1\nname: hot\n", sha256: String(repeating: "a0", count: 32),
        source: "profiles/hot.yaml", overrides: ["raw/random-read-4k/iops=500000"]),
      machine: machine, subjects: [subject],
      components: [
        ComponentRecord(role: "controller", name: "nvme0", facts: ["driver": "nvme", "irqs": "4"])
      ],
      plan: PlanRecord(
        duration: Nanoseconds(seconds: 1520), durationMax: Nanoseconds(seconds: 3600),
        bytesWritten: 9_663_676_416, enduranceShare: 0.0011, scenarioCount: 4))
    record.finishedAt = "2026-11-22T23:35:25Z"
    record.phases = phases
    record.bytesWritten = 8_589_934_592
    record.interruptedBy = "SIGTERM"
    record.notes = ["an existing file, read only"]
    record.engine = EngineRecord(
      name: "TieredStore", library: "RocksDB 7.8.3", configuration: ["hot: direct reads | 2 jobs"],
      durability: "grouped", durabilityDelay: Nanoseconds(seconds: 0.01),
      cacheBytes: 268_435_456, directReads: true,
      keySpaces: [EngineKeySpaceRecord(keyCount: 9_256_395, keyBytes: 16, valueBytes: 100)])
    record.subjects[0].memory = "the file system is tmpfs"
    record.verdict = verdict
    return record
  }

  /// No optional is present, nothing was carried out.
  static var bare: RunRecord {
    var identity = DeviceIdentity(
      name: "loop0", kind: .unknown, capacityBytes: 67_108_864, transport: "loop")
    identity.readOnly = true
    var record = full
    record.subjects = [
      SubjectRecord(
        form: .file, path: "/srv/scratch", openedPath: "/srv/scratch/storebench.dat",
        identity: identity, rangeBytes: 67_108_864, shared: false)
    ]
    record.machine.governor = nil
    record.components = []
    record.plan.enduranceShare = nil
    record.finishedAt = nil
    record.phases = []
    record.engine = nil
    record.interruptedBy = nil
    record.verdict = nil
    return record
  }

  private static var machine: MachineRecord {
    MachineRecord(
      hostname: "node7", cpuModel: "AMD EPYC 7763", cpuCount: 4, numaNodeCount: 2,
      memoryBytes: 25_232_932_864, kernel: "6.18.0", virtualization: "kvm",
      packages: ["liburing": "2.3", "nvme-cli": "2.4"], governor: "performance")
  }

  private static var subject: SubjectRecord {
    var identity = DeviceIdentity(
      name: "nvme0n1", kind: .nvme, capacityBytes: 3_840_755_982_336, transport: "nvme")
    identity.model = "Samsung `PM9A3` | \n<b>"
    identity.serial = "S64GNE0R"
    identity.firmware = "GDC5602Q"
    identity.rotational = false
    identity.rotationRate = 0
    identity.physicalBlockBytes = 4096
    identity.writeCache = "write back"
    identity.link = LinkRecord(
      bus: "pcie", generation: 4, lanes: 2, generationMax: 4, lanesMax: 4)
    identity.numaNode = 1
    identity.pollQueues = 2
    identity.scheduler = "none"
    identity.nomerges = 0
    identity.discards = true
    identity.fua = true
    identity.interruptCPUs = "0-3"
    var subject = SubjectRecord(
      form: .device, path: "/dev/disk/by-id/nvme-S64GNE0R", openedPath: "/dev/nvme0n1",
      identity: identity, rangeBytes: 3_840_755_982_336, shared: false)
    subject.healthBefore = health(temperature: 41, throttled: 3)
    subject.healthAfter = health(temperature: 71, throttled: 17)
    return subject
  }

  private static func health(temperature: Int, throttled: UInt64) -> HealthRecord {
    var health = HealthRecord(source: "nvme-cli 2.4")
    health.criticalWarning = 0
    health.smartPassed = true
    health.temperatureCelsius = temperature
    health.mediaErrors = 0
    health.availableSparePercent = 100
    health.availableSpareThresholdPercent = 10
    health.percentageUsed = 3
    health.dataWrittenBytes = 81_234_567_890_123
    health.powerOnHours = 12_345
    health.unsafeShutdowns = 7
    health.thermalThrottleCount = throttled
    health.warningTemperatureMinutes = 2
    return health
  }
}
