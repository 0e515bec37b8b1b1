internal import Driver
public import LinuxIO
public import Measurements
public import Verdicts
internal import Workloads

/// What a qualification is asked to do.
public struct QualificationRequest: Sendable {
  /// A device, folder, file, or `simulated:…`.
  public var path: FileSystemPath
  /// The serial that the user typed after `--destroy-data`, if any.
  public var destroySerial: String?
  /// Bytes to use of the device or in the file; nil leaves it to the profile.
  public var sizeBytes: UInt64?
  /// The profile, resolved for the mode.
  public var profile: TierProfile
  /// Where the profile came from.
  public var profileSource: String
  /// Each `--set`, in order.
  public var overrides: [String]
  /// The mode.
  public var mode: QualificationMode
  /// `raw`, `engine` or `all`.
  public var layer: String
  /// The seed of all choices.
  public var seed: UInt64
  /// The command line, for the record.
  public var command: [String]
  /// The program's release.
  public var version: String

  /// Asks for a qualification.
  public init(
    path: FileSystemPath, destroySerial: String?, sizeBytes: UInt64?, profile: TierProfile,
    profileSource: String, overrides: [String], mode: QualificationMode, layer: String,
    seed: UInt64, command: [String], version: String
  ) {
    self.path = path
    self.destroySerial = destroySerial
    self.sizeBytes = sizeBytes
    self.profile = profile
    self.profileSource = profileSource
    self.overrides = overrides
    self.mode = mode
    self.layer = layer
    self.seed = seed
    self.command = command
    self.version = version
  }

  /// The flag that chooses the profile again, for commands that are shown.
  var profileChoice: String {
    let tier = profile.tier.rawValue
    let isBuiltIn = (try? BuiltInProfiles.source(named: tier))?.file == profileSource
    return isBuiltIn ? "--tier \(tier)" : "--profile \(SafetyRule.quoted(profileSource))"
  }
}

/// A qualification whose preflight is over: the subject is open, nothing has been loaded.
///
/// ```
/// open → preflight ──► header (record without phases)
/// run  → headroom → purge → fill → steady state → scenario × n → store × n → health → verdict
/// ```
public final class DeviceQualification {
  /// The record as far as preflight fills it in.
  public let header: RunRecord

  /// The record as far as the run has come; what an interrupted run keeps.
  public private(set) var record: RunRecord

  let request: QualificationRequest
  let subject: QualificationSubject
  /// Scenarios of the raw layer.
  let scenarios: [ScenarioSpec]
  /// The store of the engine layer; nil where the run makes none.
  let store: PlannedStore?
  /// What the kernel fetched and sent for this process; a test may tell something else.
  var readKernel: () -> ProcessIO? = { ProcessIO() }
  /// What disturbed the machine up to now; a store on a clock of its own is disturbed by nothing.
  var readNoise: () -> NoiseReading? = { NoiseReading.now() }
  /// How long the disk below has been at work; nil where there is none, or several.
  var readActivity: () -> DeviceActivity?
  let runID: RunID
  let clock: RunClock

  /// Opens the subject and looks at everything that can be judged before any load.
  ///
  /// - Parameters:
  ///   - request: What is asked.
  ///   - engine: Makes the store whose gates are judged; without it they stay undecided.
  /// - Returns: The qualification, ready to run.
  /// - Throws: `TargetFailure` with the reason to refuse; nothing was written then.
  public static func open(
    _ request: QualificationRequest, engine: (any EngineFactory)? = nil
  ) async throws(TargetFailure) -> DeviceQualification {
    var random = SystemRandomNumberGenerator()
    let runID = RunID(high: random.next(), low: random.next())
    let subject = try openSubject(request, runID)
    do {
      return try await DeviceQualification(request, subject, runID, engine)
    } catch {
      subject.close()
      throw error
    }
  }

  private init(
    _ request: QualificationRequest, _ subject: QualificationSubject, _ runID: RunID,
    _ engine: (any EngineFactory)?
  ) async throws(TargetFailure) {
    let clock = RunClock()
    let profile = request.profile
    let layers = RunVerdict.layers(request.layer)
    let scenarios = profile.scenarios.filter { scenario in
      layers.contains(scenario.layer) && scenario.layer == .raw
        && (subject.isWritable || !scenario.writes)
    }
    var subjectRecord = subject.record
    try Self.checkFit(scenarios, request, subject, runID)
    let store = try engine.flatMap { factory throws(TargetFailure) in
      try PlannedStore(factory, request, subject, runID)
    }
    var notes: [String] = []
    if case .opened(let target) = subject {
      notes += target.notes
      subjectRecord.memory = target.memory
      let reading = await DeviceHealth.read(target.subject.identity)
      subjectRecord.healthBefore = reading.record
      if let reason = reading.reason { notes.append("health unknown: \(reason)") }
      try Self.checkLink(target.subject, profile)
    }
    let quote = RunQuote(
      profile: profile, scenarios: scenarios, rangeBytes: subjectRecord.rangeBytes,
      writes: subject.isWritable, link: subjectRecord.identity.link, store: store?.size)
    let text = profile.resolvedText
    var header = RunRecord(
      runID: runID.description,
      tool: ToolRecord(
        name: "storebench", version: request.version,
        binarySHA256: FileHash.sha256(ofFile: "/proc/self/exe") ?? "unknown", build: Self.build),
      command: request.command, startedAt: clock.utc, seed: request.seed,
      tier: profile.tier.rawValue, mode: request.mode.rawValue, layer: request.layer,
      profile: ProfileRecord(
        name: profile.name, text: text, sha256: FileHash.sha256(of: text),
        source: request.profileSource, overrides: request.overrides),
      machine: MachineReading.record(), subjects: [subjectRecord], components: [],
      plan: quote.plan)
    header.notes = notes.isEmpty ? nil : notes
    self.header = header
    record = header
    self.request = request
    self.subject = subject
    let disk = subjectRecord.identity.name
    readActivity = { BlockDevice(name: disk).flatMap { DeviceActivity(of: $0.disk) } }
    self.scenarios = scenarios
    self.store = store
    self.runID = runID
    self.clock = clock
  }

  /// Carries out everything that was planned and judges it.
  ///
  /// A device that fails, stalls or vanishes ends the run early, with a verdict. So does `stop`.
  ///
  /// - Parameters:
  ///   - journalPath: Where the journal goes; must not exist.
  ///   - samplesPath: Where histograms go; must not exist.
  ///   - stop: The wish to end early.
  ///   - progress: Called with everything that a person may see, on the calling thread.
  /// - Throws: `TargetFailure` where something other than the device stood in the way; ``record``
  ///   then holds what was measured until then.
  public func run(
    journalPath: String, samplesPath: String, stop: StopSignal,
    progress: @escaping (RunProgress) -> Void
  ) async throws(TargetFailure) {
    do throws(any Error) {
      let journal = try Journal(journalPath: journalPath, samplesPath: samplesPath, clock: clock)
      defer { record = journal.record ?? header }
      try journal.append(.runBegan(header))
      if passesDeviceGates {
        let sequence = PhaseSequence(self, journal: journal, stop: stop, progress: progress)
        try sequence.carryOut()
        try await sequence.carryOutEngine()
      }
      if let signal = stop.requestedBy {
        try journal.append(.interrupted(signal: StopSignal.name(of: signal)))
      } else {
        try await readHealth(journal)
        try judge(journal)
      }
      try journal.append(.runEnded)
    } catch var failure as TargetFailure {
      // "Refused" promises that nothing was touched, and that is over.
      if failure.category == .refused { failure.category = .environment }
      throw failure
    } catch let error as WorkloadError {
      throw TargetFailure(category: .usage, description: "\(error)")
    } catch {
      throw TargetFailure(category: .environment, description: "\(error)")
    }
  }

  /// A device of the wrong kind, too small or on a lesser link is not loaded at all.
  private var passesDeviceGates: Bool {
    header.subjects.allSatisfy { subject in
      DeviceGateRule.judge(subject, profile: request.profile).allSatisfy { $0.outcome != .fail }
    }
  }

  /// Closes the subject and removes the tool's own file; calling it again does nothing.
  public func close() { subject.close() }

  /// A device that does not answer any more must not be asked: the question would hang.
  private func readHealth(_ journal: Journal) async throws {
    let outcomes = journal.record?.phases.map(\.outcome) ?? []
    guard case .opened(let target) = subject, !outcomes.contains(.stalled),
      !outcomes.contains(.lost), !outcomes.isEmpty
    else { return }
    if let health = await DeviceHealth.read(target.subject.identity).record {
      try journal.append(.healthRead(subject: 0, health))
    }
  }

  private func judge(_ journal: Journal) throws {
    guard let record = journal.record else { return }
    let verdict = RunVerdict.judge(
      record: record, profile: request.profile, samples: journal.samples)
    try journal.append(.judged(verdict))
  }

  /// A link that the profile's own gates accept must be able to carry its raw gates.
  private static func checkLink(_ subject: SubjectRecord, _ profile: TierProfile)
    throws(TargetFailure)
  {
    let failed = DeviceGateRule.judge(subject, profile: profile).contains { $0.outcome == .fail }
    guard subject.form == .device, !failed, let link = subject.identity.link else { return }
    let violations = InterfaceBound.boundViolations(profile, link: link)
    guard !violations.isEmpty else { return }
    throw TargetFailure(
      category: .usage,
      description: (["\(subject.path): the link as it is trained cannot carry what is asked of it"]
        + violations.map(\.message)).joined(separator: "\n  "))
  }

  /// Every scenario must fit the range and the blocks of the subject, before any of them runs.
  private static func checkFit(
    _ scenarios: [ScenarioSpec], _ request: QualificationRequest, _ subject: QualificationSubject,
    _ runID: RunID
  ) throws(TargetFailure) {
    let profile = request.profile
    let range = subject.record.rangeBytes
    for scenario in scenarios {
      let plan = ScenarioPlan(
        spec: scenario, rangeBytes: range, cpus: [], rounds: profile.rounds,
        stallLimit: profile.stallLimit, runID: runID, seed: request.seed,
        compressiblePercent: profile.preconditioning.compressiblePercent)
      do {
        _ = try plan.workload(logicalBlockBytes: subject.logicalBlockBytes)
      } catch {
        throw TargetFailure(
          category: .usage,
          description: "scenario '\(scenario.name)' does not fit the \(range) bytes of "
            + "\(subject.record.path): \(error); give a larger target or --size, or change the "
            + "scenario")
      }
    }
  }

  private static func openSubject(_ request: QualificationRequest, _ runID: RunID)
    throws(TargetFailure) -> QualificationSubject
  {
    if request.path.description == "null:" {
      throw TargetFailure(
        category: .usage,
        description:
          "null: does nothing, so there is nothing to judge; try storebench bench device "
          + "null:, or qualify simulated:")
    }
    if request.path.description.hasPrefix("simulated:") {
      return .simulated(
        try SimulatedSubject(
          parsing: request.path.description, sizeBytes: request.sizeBytes,
          destroySerial: request.destroySerial))
    }
    var target = TargetRequest(
      path: request.path,
      intent: request.destroySerial.map { .destroy(serial: $0) } ?? .readOnly, runID: runID)
    target.readsExistingFile = true
    try refuseMistypedDevice(request.path)
    let isDevice = (try? FileStatus(path: request.path).kind) == .blockDevice
    target.sizeBytes = request.sizeBytes ?? (isDevice ? nil : request.profile.fileBytes)
    target.sizeLimitBytes = request.profile.rangeBytes
    target.freeSpaceReserveBytes = request.profile.freeSpaceReserveBytes
    target.command = "storebench qualify " + request.profileChoice
    return .opened(try QualificationTarget.open(target))
  }

  /// `nvme0n1` for `/dev/nvme0n1` must not become a file that loads the disk it happens to lie on.
  static func refuseMistypedDevice(_ path: FileSystemPath) throws(TargetFailure) {
    let name = path.description
    guard !name.isEmpty, !name.contains("/"), (try? FileStatus(path: path)) == nil,
      name.hasPrefix("nvme") || (try? FileStatus(path: FileSystemPath("/dev/" + name))) != nil
    else { return }
    throw TargetFailure(
      category: .usage,
      description: "there is no \(name) in this folder; for the device give /dev/\(name), for a "
        + "file to be created ./\(name)")
  }

  private static var build: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }
}
