public import Driver
public import LinuxIO
public import Measurements
public import Workloads

/// One workload on one target, without gates.
public struct DeviceBenchRequest: Sendable {
  /// A device, a folder, an image, `null:` or `simulated:…`.
  public var path: FileSystemPath
  /// The scenario of a profile that set the workload; nil where flags did.
  public var name: String?
  /// The order and mix of requests.
  public var kind: WorkloadKind
  /// Block sizes.
  public var blocks: BlockSplit
  /// Requests in flight for each thread.
  public var depth: Int
  /// Worker threads.
  public var threads: Int
  /// Seconds to measure.
  public var seconds: Double
  /// Seconds to run uncounted first.
  public var rampSeconds = 0.5
  /// The seed of all choices.
  public var seed: UInt64
  /// Percent of reads, for the mix.
  public var readPercent = 100
  /// How random offsets are chosen.
  public var distribution = Distribution.uniform
  /// When requests are due.
  public var arrival = Arrival.closed
  /// Bytes to use from the start; nil uses all of a device, and lets free space size a file.
  public var sizeBytes: UInt64?
  /// Percent of what is written that compresses to nothing.
  public var compressiblePercent = 0
  /// CPUs to pin to; nil chooses by the device's node.
  public var cpus: [Int]?
  /// How successors are submitted.
  public var submission = SubmissionPolicy.automatic
  /// No answer for this long is a stall.
  public var stallLimit = Nanoseconds(seconds: 10)
  /// The serial that the user typed after `--destroy-data`.
  public var destroySerial: String?
  /// Whether to poll instead of taking interrupts.
  public var polled = false

  /// Asks for a workload.
  public init(
    path: FileSystemPath, kind: WorkloadKind, blocks: BlockSplit, depth: Int, threads: Int,
    seconds: Double, seed: UInt64
  ) {
    self.path = path
    self.kind = kind
    self.blocks = blocks
    self.depth = depth
    self.threads = threads
    self.seconds = seconds
    self.seed = seed
  }
}

/// A target that is open, with the load that will run on it.
public final class DeviceBench {
  /// The load.
  public let plan: LoadPlan
  /// Its requests.
  public let workload: WorkloadSpec
  /// Bytes that requests are spread over.
  public let rangeBytes: UInt64
  /// What was opened; nil for `null:`.
  public var target: SubjectRecord? { subject?.record }
  /// Whether anything is written: by the load, or before it into a file of the tool's own.
  public var writes: Bool { workload.writes || fillsFirst }
  private let subject: QualificationSubject?
  private let request: DeviceBenchRequest

  /// Opens the target, under the same safety rules as a qualification.
  ///
  /// - Throws: `TargetFailure` with the reason to refuse, `WorkloadError` for a workload that does
  ///   not fit the target.
  public static func open(_ request: DeviceBenchRequest) throws -> DeviceBench {
    var random = SystemRandomNumberGenerator()
    let runID = RunID(high: random.next(), low: random.next())
    let subject = try openSubject(request, runID)
    do {
      return try DeviceBench(request, subject, runID)
    } catch {
      subject?.close()
      throw error
    }
  }

  private init(_ request: DeviceBenchRequest, _ subject: QualificationSubject?, _ runID: RunID)
    throws
  {
    let range = subject?.record.rangeBytes ?? request.sizeBytes ?? 1 << 40
    let workload = WorkloadSpec(
      kind: request.kind, blocks: request.blocks, readPercent: request.readPercent,
      distribution: request.distribution, rangeBytes: range)
    try workload.validate(logicalBlockBytes: subject?.logicalBlockBytes ?? 512)
    if workload.writes, let subject, !subject.isWritable {
      let name = subject.record.path
      let way =
        subject.record.form == .device
        ? "give --destroy-data with the drive's serial, or a folder"
        : "give a folder, in which the tool makes a file of its own"
      throw TargetFailure(
        category: .refused,
        description:
          "refused: \(request.kind.rawValue) writes to \(name), which is only read; \(way)")
    }
    var plan = LoadPlan(
      workload: workload, depth: request.depth, threads: request.threads,
      end: .after(Nanoseconds(seconds: request.seconds)), seed: request.seed, runID: runID)
    plan.arrival = request.arrival
    plan.rampUp = Nanoseconds(seconds: request.rampSeconds)
    plan.stallLimit = request.stallLimit
    plan.submission = request.submission
    plan.compressiblePercent = request.compressiblePercent
    if workload.reads { plan.check = .constant(every: 16) }
    plan.cpus =
      request.cpus
      ?? WorkerPlacementRule.cpus(
        topology: NUMATopology.current(), node: subject?.numaNode,
        interruptCPUs: subject?.record.identity.interruptCPUs)
    self.plan = plan
    self.workload = workload
    self.request = request
    self.subject = subject
    rangeBytes = range
  }

  /// Runs the load; a file of the tool's own is filled first.
  ///
  /// Reads would not reach the medium otherwise, and the first write of a block makes the file system
  /// note that it now holds data: a third of the rate at depth 32.
  ///
  /// - Parameters:
  ///   - stop: The wish to end early.
  ///   - note: Called with a line for people before anything that takes long.
  /// - Returns: What the load measured, also where the device failed.
  /// - Throws: `TargetFailure` where the load could not begin.
  public func run(stop: StopSignal, note: (String) -> Void) throws -> LoadResult {
    do {
      guard let subject else { return try LoadRun.run(plan, on: NullTargetFactory(), stop: stop) }
      try subject.recheck()
      if fillsFirst {
        note("filling \(rangeBytes >> 20) MiB, so that requests reach the medium")
        let filled = try subject.run(fillPlan, stop: stop) { _ in }
        guard filled.outcome == .completed else { return filled }
      }
      note("measuring for \(request.seconds) s")
      return try subject.run(plan, polled: request.polled, stop: stop) { _ in }
    } catch let error as TargetError {
      throw TargetFailure(category: .environment, description: error.description)
    }
  }

  /// The fio job that comes closest.
  public var fioJob: String {
    FioJob(
      name: request.name ?? request.kind.rawValue, spec: workload,
      filename: subject?.record.openedPath ?? "/dev/null", depth: plan.depth,
      threads: plan.threads, arrival: plan.arrival.openRate, seconds: request.seconds,
      rampSeconds: request.rampSeconds, seed: request.seed,
      compressiblePercent: request.compressiblePercent
    ).text
  }

  /// Closes the target and removes the tool's own file.
  public func close() { subject?.close() }

  private var fillsFirst: Bool {
    guard let subject else { return false }
    return subject.record.form == .file && subject.isWritable && workload.kind != .sequentialWrite
  }

  private var fillPlan: LoadPlan {
    var fill = plan
    fill.workload = .blocks(
      WorkloadSpec(
        kind: .sequentialWrite, blocks: BlockSplit(bytes: 1 << 20), rangeBytes: rangeBytes))
    fill.depth = 16
    fill.threads = 1
    fill.arrival = .closed
    fill.end = .rangeCovered
    fill.rampUp = .zero
    fill.check = .none
    return fill
  }

  private static func openSubject(_ request: DeviceBenchRequest, _ runID: RunID)
    throws(TargetFailure) -> QualificationSubject?
  {
    let name = request.path.description
    if name == "null:" {
      guard request.destroySerial == nil else {
        throw TargetFailure(
          category: .usage,
          description: "--destroy-data is for whole disks, and null: has no data; leave it out")
      }
      return nil
    }
    if name.hasPrefix("simulated:") {
      return .simulated(
        try SimulatedSubject(
          parsing: name, sizeBytes: request.sizeBytes, destroySerial: request.destroySerial))
    }
    var target = TargetRequest(
      path: request.path,
      intent: request.destroySerial.map { .destroy(serial: $0) } ?? .readOnly, runID: runID)
    target.readsExistingFile = true
    target.sizeBytes = request.sizeBytes
    target.command = "storebench bench device"
    return .opened(try QualificationTarget.open(target))
  }
}
