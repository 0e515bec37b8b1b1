internal import LinuxIO
internal import Measurements

extension LoadResult {
  /// Merges the workers' reports: counts add up, their windows are one, the worst outcome stays.
  ///
  /// - Parameters:
  ///   - reports: One of each worker.
  ///   - isStore: Whether a store was loaded, whose errors mean other things than a device's.
  init(merging reports: [WorkerReport], isStore: Bool = false) {
    var round = RoundRecord(index: 0, startedAt: .zero)
    var latency = LatencyHistogram()
    var readLatency: LatencyHistogram?
    var entries: UInt64 = 0
    var lateness: LatencyHistogram?
    var seconds = reports.first?.seconds ?? SecondCounts(seconds: 1)
    var outcome = PhaseOutcome.completed
    var detail: String?
    var submitted: UInt64 = 0
    var requests: UInt64 = 0
    var submissions: [String] = []
    for (index, report) in reports.enumerated() {
      round.operations += report.operations
      round.reads += report.reads
      round.bytes += report.bytes
      round.bytesWritten += report.bytesWritten
      round.faults.add(report.faults)
      round.userCPU = round.userCPU + report.cpu.user
      round.systemCPU = round.systemCPU + report.cpu.system
      round.placement.append(report.placement)
      latency.add(report.latency)
      if let reads = report.readLatency {
        if readLatency == nil { readLatency = LatencyHistogram() }
        readLatency?.add(reads)
      }
      entries += report.entries
      if let late = report.lateness {
        if lateness == nil { lateness = LatencyHistogram() }
        lateness?.add(late)
      }
      if index > 0 { seconds.add(report.seconds) }
      submitted += report.bytesSubmittedForWriting
      requests += report.requestsInAll
      let submission = report.submission.description
      if !submissions.contains(submission) { submissions.append(submission) }
      if report.outcome.severity > outcome.severity {
        outcome = report.outcome
        detail = report.detail
      }
    }
    round.duration = Self.duration(of: reports)
    round.latency = latency.summary
    round.submission = submissions.joined(separator: "/")
    round.lateness = lateness?.summary
    round.perSecondOperations = seconds.trimmedOperations
    let found = isStore ? Self.storeOutcome(of: round.faults) : Self.outcome(of: round.faults)
    if found.outcome.severity > outcome.severity { (outcome, detail) = found }
    self.init(
      round: round, latency: latency, readLatency: readLatency, lateness: lateness,
      seconds: seconds.histograms,
      outcome: outcome, detail: detail,
      mechanism: reports.first?.mechanism ?? "",
      bytesSubmittedForWriting: submitted, requestsInAll: requests, entries: entries,
      clockAtEnd: reports.map(\.clockAtEnd).max() ?? .zero)
  }

  /// From the first worker's beginning to the last one's end, so that it covers all that is counted.
  ///
  /// The workers' own rates must not be added up instead: one that ended early would be taken to have
  /// gone on, and one that was alone with the target to have shared it.
  private static func duration(of reports: [WorkerReport]) -> Nanoseconds {
    // One that never began to count has no window.
    let windows = reports.filter { $0.windowEnd > $0.windowStart }
    guard let start = windows.map(\.windowStart).min(), let end = windows.map(\.windowEnd).max()
    else { return .zero }
    return end - start
  }

  /// What the faults say of the device.
  static func outcome(of faults: FaultCounts) -> (outcome: PhaseOutcome, detail: String?) {
    let counts = texts(faults.errors)
    let place = faults.firstOffset.map { ["first at byte \($0)"] } ?? []
    func seen(_ parts: [String]) -> String { (parts + place).joined(separator: ", ") }
    // ENXIO, ENODEV, ESHUTDOWN, ENOMEDIUM: the device is gone. ENOSPC from a device of fixed size
    // is how Linux 6.1 answers writes to an NVMe drive that was pulled out.
    let gone: Set<Int32> = [6, 19, 28, 108, 123]
    if faults.empty > 0 || faults.errors.keys.contains(where: gone.contains) {
      let empty = faults.empty > 0 ? ["\(faults.empty) × no bytes at all, without an error"] : []
      return (.lost, seen(empty + counts))
    }
    if faults.corrupt > 0 {
      return (.corrupt, seen(["\(faults.corrupt) reads of data that were not written there"]))
    }
    if !faults.errors.isEmpty { return (.failed, seen(counts)) }
    if faults.short > 0 { return (.failed, seen(["\(faults.short) × fewer bytes than asked"])) }
    return (.completed, nil)
  }

  /// What the faults say of a store, whose files can be full without the device being gone.
  static func storeOutcome(of faults: FaultCounts) -> (outcome: PhaseOutcome, detail: String?) {
    if faults.corrupt > 0 {
      return (.corrupt, "\(faults.corrupt) reads that did not return what was put")
    }
    if !faults.errors.isEmpty {
      return (.failed, texts(faults.errors).joined(separator: ", "))
    }
    let others = faults.empty + faults.short
    if others > 0 { return (.failed, "\(others) requests that were not answered whole") }
    return (.completed, nil)
  }

  private static func texts(_ errors: [Int32: UInt64]) -> [String] {
    errors.sorted { $0.key < $1.key }.map { "\($0.value) × \(SystemError.text(of: $0.key))" }
  }
}

extension PhaseOutcome {
  /// Which outcome stays when several workers report.
  var severity: Int {
    switch self {
    case .completed: 0
    case .interrupted: 1
    case .failed: 2
    case .stalled: 3
    case .corrupt: 4
    case .lost: 5
    }
  }
}
