import FoundationEssentials
import LinuxIO
import Measurements
import Synchronization
import Testing
import Verdicts
import Workloads

@testable import Qualification

/// A qualification of the engine layer on a simulated store, in a real folder.
struct EngineRun {
  let record: RunRecord
  let factory: SimulatedEngineFactory
  /// What is left in the folder.
  let left: [String]

  /// Gates of the engine layer by name.
  var gates: [String: GateResult] {
    Dictionary(
      uniqueKeysWithValues: (record.verdict?.gates ?? []).map { ($0.name.description, $0) })
  }

  static let deviceGates = [
    "device/identity/kind", "device/identity/capacity", "device/link/generation",
    "device/link/lanes", "device/health/critical-warning", "device/health/media-error-growth",
    "device/health/temperature", "device/health/available-spare",
  ].map { $0 + "=null" }

  init(
    _ behaviour: EngineBehaviour = EngineBehaviour(), overrides: [String] = [],
    kernel: @escaping () -> ProcessIO? = { nil },
    activity: @escaping () -> DeviceActivity? = { nil }, sizeBytes: UInt64 = 128 << 20,
    device: String? = nil, serial: String? = nil, makes: (@Sendable (String) -> Void)? = nil,
    log: SimulatedEngineLog = SimulatedEngineLog(), leftover: String? = nil
  ) async throws {
    let overrides =
      Self.deviceGates + [
        "rounds.duration=20ms", "rounds.ramp-up=1ms", "engine.warm-up=5ms", "engine.idle-limit=1s",
        "reserve=1MiB", "scenarios.engine/multi-get-1000.round=2s",
        "scenarios.engine/batch-10k.round=2s",
      ] + overrides
    let source = try BuiltInProfiles.source(named: "hot")
    let profile = try ProfileLoader.load(
      text: source.text, file: source.file, mode: .quick, overrides: overrides)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "storebench-engine-\(UUID().uuidString)")
    let target = folder.appending(path: "target")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    if let leftover {
      try FileManager.default.createDirectory(
        at: target.appending(path: leftover), withIntermediateDirectories: false)
    }
    factory = SimulatedEngineFactory(behaviour: behaviour, makes: makes, log: log)
    let qualification = try await DeviceQualification.open(
      QualificationRequest(
        path: FileSystemPath(device ?? target.path), destroySerial: serial, sizeBytes: sizeBytes,
        profile: profile, profileSource: source.file, overrides: overrides, mode: .quick,
        layer: "engine", seed: 1, command: ["storebench"], version: "test"), engine: factory)
    defer { qualification.close() }
    qualification.readKernel = kernel
    qualification.readNoise = { nil }
    qualification.readActivity = activity
    try await qualification.run(
      journalPath: folder.appending(path: "journal.jsonl").path,
      samplesPath: folder.appending(path: "samples.jsonl").path, stop: StopSignal()
    ) { _ in }
    record = qualification.record
    qualification.close()
    left = try FileManager.default.contentsOfDirectory(atPath: target.path)
  }
}

@Suite("The engine layer of a qualification")
struct EngineRunTests {
  static let gates = [
    "engine/random-read/iops", "engine/random-write/iops", "engine/batch-write/iops",
    "engine/scan/bandwidth", "engine/point-lookup/p99", "engine/multi-get-1000/p99",
    "engine/batch-10k/p99",
  ]

  @Test("passes a store that does what is asked, and leaves nothing behind")
  func pass() async throws {
    let run = try await EngineRun()
    #expect(run.record.verdict?.outcome == .pass, "\(run.record.verdict?.summary ?? "")")
    #expect(Set(run.gates.filter { $0.value.outcome == .pass }.keys) == Set(Self.gates))
    #expect(run.left == [])
    #expect(run.factory.log.closings.withLock { $0 } == 1)
    #expect(run.record.engine?.keySpaces.map(\.valueBytes) == [100, 1024])
    #expect(
      run.record.phases.map(\.name) == [
        "engine/fill-100", "engine/fill-1024", "engine/random-read", "engine/random-write",
        "engine/batch-write", "engine/scan", "engine/scan-100", "engine/point-lookup",
        "engine/multi-get-1000", "engine/batch-10k",
      ])
    let batch = try #require(run.record.phases.first { $0.name == "engine/batch-write" })
    for round in batch.rounds {
      let engine = try #require(round.engine)
      #expect(engine.entries == round.operations * 1000)
      #expect(engine.becameIdle == true)
      #expect(engine.beside?.ratePerSecond == 10_000)
    }
  }

  @Test("measures nothing before the caches have stopped filling")
  func warmUp() async throws {
    var behaviour = EngineBehaviour()
    behaviour.cacheEmptying = 0.97
    let run = try await EngineRun(behaviour)
    let phase = try #require(run.record.phases.first { $0.name == "engine/random-read" })
    let warmUp = try #require(phase.warmUp)
    #expect(warmUp.becameSteady)
    #expect(warmUp.deviceReadsPerGet.map { abs($0 - 0.2) < 0.01 } == true)
    #expect(run.factory.log.loads.withLock { $0.count } > 100)
    #expect(run.gates["engine/random-read/iops"]?.outcome == .pass)
  }

  @Test("does not fail a store whose caches were still filling", arguments: [300_000, 800_000])
  func stillFilling(getsPerSecond: Double) async throws {
    var behaviour = EngineBehaviour()
    behaviour.cacheEmptying = 1.1
    behaviour.getsPerSecond = getsPerSecond
    let run = try await EngineRun(behaviour, overrides: ["engine.warm-up-limit=0s"])
    let phase = try #require(run.record.phases.first { $0.name == "engine/random-read" })
    #expect(phase.warmUp?.becameSteady == false)
    let gate = try #require(run.gates["engine/random-read/iops"])
    #expect(gate.outcome == (getsPerSecond < 500_000 ? .inconclusive : .pass))
    #expect(gate.outcome == .pass || gate.reason?.contains("caches were still filling") == true)
  }

  static let slow: [(String, @Sendable (inout EngineBehaviour) -> Void)] = [
    ("engine/random-read/iops", { $0.getsPerSecond = 300_000 }),
    ("engine/random-write/iops", { $0.putsPerSecond = 200_000 }),
    ("engine/batch-write/iops", { $0.batchEntriesPerSecond = 600_000 }),
    ("engine/scan/bandwidth", { $0.scanBytesPerSecond = 1.2e9 }),
    ("engine/point-lookup/p99", { $0.lookupMilliseconds = 4 }),
    ("engine/multi-get-1000/p99", { $0.multiGetMilliseconds = 3.5 }),
    ("engine/batch-10k/p99", { $0.batch10kMilliseconds = 17 }),
  ]

  @Test("fails the gate that its store does not reach, and only that", arguments: 0..<slow.count)
  func fail(index: Int) async throws {
    let (gate, change) = Self.slow[index]
    var behaviour = EngineBehaviour()
    change(&behaviour)
    let run = try await EngineRun(behaviour)
    #expect(run.gates.filter { $0.value.outcome == .fail }.map(\.key) == [gate])
    #expect(run.record.verdict?.exitCode == 1)
  }

  @Test(
    "blames no device that had nothing to do",
    arguments: [
      // Work and requests that the disk's counters add from look to look; the outcome and who is blamed.
      (1e-9, 1, Outcome.inconclusive, Bound.store), (600, 1, .fail, .device),
      (0, 0, .fail, .device),
    ])
  func idleDevice(
    seconds: Double, requests: Int64, outcome: Outcome, bound: Bound
  ) async throws {
    var behaviour = EngineBehaviour()
    behaviour.batchEntriesPerSecond = 600_000
    var looks: Int64 = 0
    let run = try await EngineRun(
      behaviour,
      activity: {
        looks += 1
        return DeviceActivity(
          busy: Nanoseconds(seconds: Double(looks) * seconds), requests: looks * requests)
      })
    let gate = try #require(run.gates["engine/batch-write/iops"])
    #expect(gate.outcome == outcome && gate.bound == bound, "\(gate.reason ?? "")")
    #expect(run.record.verdict?.outcome == outcome)
  }

  static let doubted: [(String, @Sendable (inout EngineBehaviour) -> Void, Set<String>, String)] = [
    ("caches too large", { $0.cacheFactor = 1.1 }, Set(gates), "memory was measured"),
    ("page cache in use", { $0.directReads = false }, Set(gates), "page cache"),
    (
      "acknowledged in memory", { $0.durability = "async" },
      Set(gates.filter { $0.contains("write") || $0.contains("batch") || $0.contains("lookup") }),
      "durability 'async'"
    ),
    (
      "a power cut takes too much", { $0.delayMilliseconds = 20 },
      Set(gates.filter { $0.contains("write") || $0.contains("batch") || $0.contains("lookup") }),
      "20 ms"
    ),
    (
      "the device is not read", { $0.deviceShare = 0.009 },
      [
        "engine/random-read/iops", "engine/scan/bandwidth", "engine/point-lookup/p99",
        "engine/multi-get-1000/p99",
      ], "memory was measured"
    ),
    (
      "readers starve beside writes", { $0.besideShare = 0.5 },
      Set(gates.filter { $0.contains("write") || $0.contains("batch") }), "point reads due"
    ),
    (
      "compaction never ends", { $0.becomesIdle = false },
      Set(gates.filter { $0.contains("write") || $0.contains("batch") }), "compaction was not idle"
    ),
  ]

  @Test("is inconclusive where the device was not judged", arguments: 0..<doubted.count)
  func doubt(index: Int) async throws {
    let (_, change, doubtful, reason) = Self.doubted[index]
    var behaviour = EngineBehaviour()
    change(&behaviour)
    // Waiting for an idleness that never comes takes a second for each round.
    let few = behaviour.becomesIdle ? [] : ["rounds.min=4", "rounds.max=4", "rounds.step=1"]
    let run = try await EngineRun(behaviour, overrides: few)
    let found = run.gates.filter { $0.value.outcome == .inconclusive }
    #expect(Set(found.keys) == doubtful)
    for gate in found.values { #expect(gate.reason?.contains(reason) == true, "\(gate)") }
    #expect(run.record.verdict?.exitCode == 2)
  }

  @Test("does not believe a store that says it read more than the kernel fetched")
  func kernel() async throws {
    let run = try await EngineRun(kernel: { ProcessIO(readBytes: 4096, writeBytes: 0) })
    #expect(run.gates["engine/scan/bandwidth"]?.outcome == .inconclusive)
    #expect(run.gates["engine/scan/bandwidth"]?.reason?.contains("the page cache answered") == true)
  }

  @Test("fails a store that returns wrong values, whatever its speed")
  func corrupt() async throws {
    var behaviour = EngineBehaviour()
    behaviour.corruptReadEvery = 5000
    let run = try await EngineRun(behaviour)
    #expect(run.record.verdict?.exitCode == 1)
    #expect(run.record.phases.last?.outcome == .corrupt)
    #expect(run.left == [])
  }

  @Test("fails a device that fails below the store, and names the file")
  func deviceError() async throws {
    var behaviour = EngineBehaviour()
    behaviour.failsAtLoad = 4
    let run = try await EngineRun(behaviour)
    #expect(run.record.verdict?.exitCode == 1)
    #expect(run.record.verdict?.summary.contains("000012.sst") == true)
    #expect(run.left == [])
  }

  @Test("ends as unsuitable where the store cannot be made, and leaves nothing behind")
  func cannotBeMade() async throws {
    var behaviour = EngineBehaviour()
    behaviour.failure = EngineFailure(category: .environment, description: "too little memory")
    await #expect {
      _ = try await EngineRun(behaviour)
    } throws: { error in
      guard let failure = error as? TargetFailure else { return false }
      return failure.category == .environment && failure.description.contains("too little memory")
    }
  }

  @Test("closes the store also where the machine stands in the way in the middle")
  func closes() async throws {
    var behaviour = EngineBehaviour()
    behaviour.failsAtLoad = 3
    behaviour.failsAs = .environment
    let log = SimulatedEngineLog()
    await #expect(throws: TargetFailure.self) { _ = try await EngineRun(behaviour, log: log) }
    #expect(log.closings.withLock { $0 } == 1)
  }

  @Test("tells of what a run that was killed left in the folder")
  func leftovers() async throws {
    let run = try await EngineRun(leftover: ".storebench-00ff.store")
    let notes = run.record.notes ?? []
    // While another test uses the same disk, its files cannot be told from leftovers.
    let isAlone = !notes.contains { $0.contains("not alone") }
    #expect(
      notes.contains { $0.contains("cut off") && $0.contains("rm -r") } == isAlone, "\(notes)")
    #expect(run.left == [".storebench-00ff.store"])
  }

  @Test("refuses a target that is too small before anything is made")
  func tooSmall() async throws {
    await #expect {
      _ = try await EngineRun(sizeBytes: 32 << 20)
    } throws: { error in
      guard let failure = error as? TargetFailure else { return false }
      return failure.category == .usage && failure.description.contains("--size")
    }
  }

  @Test("quotes time and bytes of the store beforehand, and keeps within the bytes")
  func quote() async throws {
    let run = try await EngineRun(kernel: Self.writing(bytesEachLook: 1 << 20))
    let plan = run.record.plan
    #expect(plan.scenarioCount == 8)
    #expect(plan.bytesWritten > 64 << 20)
    #expect(plan.durationMax > plan.duration)
    #expect(run.record.bytesWritten > 0)
  }

  /// A kernel that has sent so many bytes more at each look.
  static func writing(bytesEachLook step: UInt64) -> () -> ProcessIO? {
    let looks = Looks()
    return {
      let count = looks.count.withLock {
        $0 += 1
        return $0
      }
      return ProcessIO(readBytes: count << 40, writeBytes: count * step)
    }
  }

  private final class Looks: Sendable {
    let count = Mutex<UInt64>(0)
  }
}

extension LoopDeviceTests {
  @Suite("the engine layer makes a file system of its own")
  struct EngineVolumeTests {
    private static func token(_ loop: LoopDevice) throws -> String {
      let device = try BlockDevice(path: FileSystemPath(loop.node))
      return "\(device.name):\(device.capacityBytes)"
    }

    @Test("for its store, mounted where nobody else sees it, and removes it")
    func life() async throws {
      let loop = try LoopDevice(mebibytes: 192)
      let seen = Mutex("")
      let node = loop.node
      let run = try await EngineRun(
        device: loop.node, serial: try Self.token(loop),
        makes: { folder in
          let found = shell(
            "grep -c \(node) /proc/mounts || true; blkid -p -o value -s LABEL \(node)"
          ).output
          let made = FileManager.default.createFile(
            atPath: folder + "/proof", contents: Data("there".utf8))
          seen.withLock { $0 = "\(found) \(made)" }
        })
      #expect(run.record.verdict?.exitCode == 0, "\(run.record.verdict?.summary ?? "")")
      let label = "storebench-" + run.record.runID.prefix(5)
      #expect(seen.withLock { $0 } == "0\n\(label) true")
      #expect(run.factory.log.folders.withLock { $0[0].description.hasPrefix("/proc/self/fd/") })
      #expect(shell("blkid -p \(loop.node) || true").output == "")
      #expect(shell("strings -n 5 \(loop.image) | grep -c there").output != "0")
    }

    @Test("which a later run recognizes where the first was cut off, and says how to erase")
    func leftover() async throws {
      let loop = try LoopDevice(
        mebibytes: 192, prepare: "mkfs.ext4 -q -L storebench-1a2b3 $IMG")
      let before = try loop.checksum()
      let token = try Self.token(loop)
      await #expect {
        _ = try await EngineRun(device: loop.node, serial: token)
      } throws: { error in
        guard let failure = error as? TargetFailure else { return false }
        return failure.category == .refused
          && failure.description.contains("a storebench run that was cut off")
          && failure.description.contains("'storebench-1a2b3'")
          && failure.description.contains("wipefs -a \(loop.node)")
      }
      #expect(try loop.checksum() == before)
    }

    @Test("and nobody else's: a label put there meanwhile is kept")
    func foreign() async throws {
      let loop = try LoopDevice(mebibytes: 192)
      let node = loop.node
      _ = try await EngineRun(
        device: loop.node, serial: try Self.token(loop),
        makes: { _ in shell("tune2fs -L somebody \(node)") })
      #expect(shell("blkid -p -o value -s LABEL \(loop.node)").output == "somebody")
    }
  }
}

@Suite("A store is sized for its scenarios")
struct EngineSizingTests {
  @Test(
    "with data of four times its caches for each size of value",
    arguments: [
      // range, data, memory asked: keys of 100 B, keys of 1 KiB, memory
      (1 << 30, nil, nil, 2_314_098, 258_111, 67_108_842),
      (1 << 30, 256 << 20, nil, 1_157_049, 129_055, 33_554_300),
      (1 << 30, nil, 16 << 20, 2_314_098, 258_111, 16 << 20),
      (1 << 30, nil, 512 << 20, 2_314_098, 258_111, 67_108_842),
    ] as [(UInt64, UInt64?, UInt64?, UInt64, UInt64, UInt64)])
  func sizes(
    range: UInt64, data: UInt64?, memory: UInt64?, small: UInt64, large: UInt64, budget: UInt64
  ) throws {
    var profile = try profile()
    profile.engine.dataBytes = data
    profile.engine.memoryBytes = memory
    let plan = try plan(profile, rangeBytes: range)
    #expect(plan.keySpaces.map(\.keyCount) == [small, large])
    #expect(plan.keySpaces.map(\.valueBytes) == [100, 1024])
    #expect(plan.memoryBytes == budget)
    for space in plan.keySpaces {
      let bytes = space.keyCount * UInt64(plan.keyBytes + space.valueBytes)
      #expect(bytes >= EngineRule.dataFactor * plan.memoryBytes)
    }
  }

  @Test("and refused where data or range leave no room", arguments: [600 << 20, 1 << 30])
  func refused(data: UInt64) throws {
    var profile = try profile()
    profile.engine.dataBytes = data
    #expect(throws: TargetFailure.self) { try plan(profile, rangeBytes: 1 << 30) }
  }

  @Test(
    "and where it would be too small, the size that is told is enough, and two mebibytes less are not",
    arguments: [0, 1 << 20, 17_000_000, 100_000_001] as [UInt64])
  func least(memory: UInt64) throws {
    let profile = try profile()
    let refusal = #expect(throws: TargetFailure.self) {
      try plan(profile, rangeBytes: 16 << 20, memoryBytesMin: memory)
    }
    let told = try #require(
      refusal?.description.firstMatch(of: /--size (\d+) or more/).flatMap { UInt64($0.1) })
    #expect(try plan(profile, rangeBytes: told, memoryBytesMin: memory).memoryBytes >= memory)
    #expect(throws: TargetFailure.self) {
      try plan(profile, rangeBytes: told - (2 << 20), memoryBytesMin: memory)
    }
  }

  @Test("and so is less memory than a store takes")
  func littleMemory() throws {
    var profile = try profile()
    profile.engine.memoryBytes = 16 << 20
    let refusal = #expect(throws: TargetFailure.self) {
      try plan(profile, rangeBytes: 1 << 30, memoryBytesMin: 17 << 20)
    }
    #expect(refusal?.description.contains("engine.memory of 16777216 bytes") == true)
  }

  private func plan(
    _ profile: TierProfile, rangeBytes: UInt64, memoryBytesMin: UInt64 = 1 << 20
  ) throws(TargetFailure) -> EnginePlan {
    try EngineSizing.plan(
      profile, scenarios: profile.scenarios.filter { $0.layer == .engine }, rangeBytes: rangeBytes,
      memoryBytesMin: memoryBytesMin, seed: 1, runID: RunID(high: 0, low: 0))
  }

  private func profile() throws -> TierProfile {
    let source = try BuiltInProfiles.source(named: "hot")
    return try ProfileLoader.load(text: source.text, file: source.file, mode: .quick)
  }
}
