import LinuxIO
import Measurements
import Synchronization
import Workloads

/// What a worker shows of itself while it runs, written once a reap.
final class WorkerPulse: Sendable {
  /// Answers taken, counted or not: what shows that the target lives.
  let answers = Atomic<UInt64>(0)
  let operations = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let finished = Atomic<Bool>(false)
}

/// One worker's measuring loop: it allocates nothing, locks nothing, logs nothing, awaits nothing.
///
/// 1. Read the clock once a reap: it ends the old requests and starts their successors.
/// 2. For each completion: account for it, prepare its successor.
/// 3. Submit successors in the chunks of the policy as long as completions of this reap remain; the
///    rest goes with the next wait, so that depth 1 pays one system call. In a ramp the first goes at
///    once, then `factor` times as many with each call: a device behind a serial worker is never
///    idle while a whole batch is prepared. During the ramp-up the best policy is found.
struct WorkerLoop<Target: LoadTarget, Stream: RequestSource> {
  let target: Target
  let plan: LoadPlan
  let stop: StopSignal
  let pulse: WorkerPulse
  var report: WorkerReport

  var startedAt: [Int64]
  /// What is in flight, by slot.
  var requests: [Request]
  var completions: [Completion]
  var batch: [Request]
  var batchCount = 0
  var inFlight = 0
  var errors = ErrorTable()
  var faultCount: UInt64 = 0
  var lastAnswer = Nanoseconds.zero
  var measuring = false
  /// The second of the window that the reap at hand falls into.
  var second = 0
  var operationLimit: UInt64
  /// CPU time of this thread when the window began.
  var cpuAtBegin = CPUTime.zero
  private var answered: UInt64 = 0
  private var tuner: SubmissionTuner
  /// Last, as its size alone differs: all others lie where unoptimised code knows them to be.
  var stream: Stream

  init(
    target: Target, stream: Stream, worker: Int, plan: LoadPlan, stop: StopSignal,
    pulse: WorkerPulse
  ) {
    self.target = target
    self.stream = stream
    self.plan = plan
    self.stop = stop
    self.pulse = pulse
    tuner = SubmissionTuner(plan.submission, depth: plan.depth)
    startedAt = Array(repeating: 0, count: plan.depth)
    completions = Array(repeating: Completion(slot: 0, result: 0), count: plan.depth)
    batch = Array(
      repeating: Request(offset: 0, length: 0, operation: .read, slot: 0), count: plan.depth)
    requests = batch
    var seconds = 86_400
    operationLimit = .max
    switch plan.end {
    case .after(let length): seconds = min(seconds, Int(length.seconds) + 2)
    case .operations(let count):
      let share = count / UInt64(plan.threads)
      operationLimit = share + (UInt64(worker) < count % UInt64(plan.threads) ? 1 : 0)
    case .rangeCovered: break
    }
    report = WorkerReport(worker: worker, seconds: seconds)
    if plan.separatesReads { report.readLatency = LatencyHistogram() }
    report.mechanism = target.capabilities.mechanism
    report.submission = tuner.policy
  }

  /// Runs the load to its end and drains the target.
  mutating func run() {
    cpuAtBegin = CPUTime.ofThread()
    lastAnswer = target.now()
    report.windowStart = lastAnswer
    report.windowEnd = lastAnswer
    do {
      if case .closed = plan.arrival {
        try runClosed()
      } else {
        try runOpen()
      }
    } catch {
      // The kernel or the target refused to go on, which says nothing of the device's answers.
      report.error = error
    }
    report.faults.errors = errors.byCode
    report.faults.unanswered = UInt64(inFlight)
    report.clockAtEnd = target.now()
    let location = CPULocation.current()
    report.placement.cpu = location.cpu
    report.placement.node = location.node
    report.placement.bufferNodes = target.bufferNodes()
    pulse.finished.store(true, ordering: .releasing)
  }

  private mutating func runClosed() throws(TargetError) {
    let began = target.now()
    let first = Int(min(UInt64(plan.depth), operationLimit))
    for slot in 0..<first where !isCovered { enqueue(slot: UInt32(slot), at: began) }
    try submitBatch(.withNextPoll)
    if plan.rampUp.rawValue <= 0 { begin(at: began) }
    while inFlight > 0 {
      let count = try poll(waitingAtMost: nil)
      let now = target.now()
      guard count > 0 else {
        if shouldGiveUp(now) { break }
        continue
      }
      lastAnswer = now
      // Decided before the successors are sent, so that none follows the last counted reap.
      let last = isOver(now)
      try answer(count, at: now, successors: last ? 0 : successors(of: count))
      if !measuring { tuner.note(count, at: now) }
      if last || faultCount >= plan.faultLimit { break }
      if !measuring, now - began >= plan.rampUp { begin(at: now) }
    }
    report.cpu = CPUTime.ofThread() - cpuAtBegin
    try drain(countingFrom: nil)
  }

  /// How many of a reap's requests have a successor: all, until those that are wanted are sent.
  private func successors(of count: Int) -> Int {
    guard measuring, operationLimit != .max else { return count }
    let sent = report.operations + UInt64(inFlight)
    return sent < operationLimit ? Int(min(operationLimit - sent, UInt64(count))) : 0
  }

  /// Accounts for a reap and sends the successors of its first requests by the plan's policy.
  private mutating func answer(_ count: Int, at now: Nanoseconds, successors: Int)
    throws(TargetError)
  {
    look(at: now)
    let policy = tuner.policy
    var chunk = policy.firstChunk(of: count)
    var index = 0
    while index < count {
      let end = min(index + chunk, count)
      while index < end {
        let completion = completions[index]
        let slot = Int(completion.slot)
        account(completion, latency: now - Nanoseconds(startedAt[slot]))
        inFlight -= 1
        if index < successors, !isCovered { enqueue(slot: completion.slot, at: now) }
        index += 1
      }
      try submitBatch(index < count ? .now : .withNextPoll)
      chunk = policy.nextChunk(after: chunk)
    }
    publish(answers: count)
  }

  /// Whether there is nothing left to ask for.
  @inline(__always)
  var isCovered: Bool { plan.end == .rangeCovered && stream.covered }

  @inline(__always)
  mutating func enqueue(slot: UInt32, at now: Nanoseconds) {
    let request = stream.next(slot: slot)
    startedAt[Int(slot)] = now.rawValue
    requests[Int(slot)] = request
    if request.operation.sendsData {
      report.bytesSubmittedForWriting &+= UInt64(request.length)
    }
    batch[batchCount] = request
    batchCount += 1
  }

  mutating func submitBatch(_ timing: SubmitTiming) throws(TargetError) {
    guard batchCount > 0 else { return }
    let accepted = try target.submit(batch.span.extracting(0..<batchCount), timing)
    inFlight += accepted
    report.requestsInAll &+= UInt64(accepted)
    guard accepted == batchCount else {
      throw TargetError(
        operation: "submit", errno: 0,
        description: "the target took \(accepted) of \(batchCount) requests within its depth")
    }
    batchCount = 0
  }

  mutating func poll(waitingAtMost limit: Nanoseconds?) throws(TargetError) -> Int {
    let target = target
    var span = completions.mutableSpan
    return try target.poll(into: &span, waitingAtMost: limit)
  }

  /// Notes the clock of a reap, once for all its completions.
  mutating func look(at now: Nanoseconds) {
    second = Int((now - report.windowStart).rawValue / 1_000_000_000)
  }

  @inline(__always)
  mutating func account(_ completion: Completion, latency: Nanoseconds) {
    let request = requests[Int(completion.slot)]
    let length = request.length
    guard completion.result == Int32(truncatingIfNeeded: length), completion.check != .corrupt
    else {
      countFault(completion, of: request)
      return
    }
    if completion.check == .unwritten { report.faults.unwritten += 1 }
    guard measuring else { return }
    report.latency.record(latency)
    report.seconds.record(latency, second: second)
    report.operations &+= 1
    report.entries &+= UInt64(request.count)
    report.bytes &+= UInt64(length)
    if request.operation.isRead {
      report.reads &+= 1
      report.readLatency?.record(latency)
    } else {
      report.bytesWritten &+= UInt64(length)
    }
  }

  private mutating func countFault(_ completion: Completion, of request: Request) {
    faultCount += 1
    if report.faults.firstOffset == nil { report.faults.firstOffset = request.offset }
    if completion.result < 0 {
      errors.count(-completion.result)
    } else if completion.check == .corrupt {
      report.faults.corrupt += 1
    } else if completion.result == 0 {
      report.faults.empty += 1
    } else {
      report.faults.short += 1
    }
  }

  mutating func publish(answers count: Int) {
    answered &+= UInt64(count)
    pulse.answers.store(answered, ordering: .relaxed)
    pulse.operations.store(report.operations, ordering: .relaxed)
    pulse.bytes.store(report.bytes, ordering: .relaxed)
  }

  /// Begins to measure: what completed before does not count.
  private mutating func begin(at now: Nanoseconds) {
    tuner.decide()
    report.submission = tuner.policy
    measuring = true
    cpuAtBegin = CPUTime.ofThread()
    report.windowStart = now
    report.windowEnd = now
  }

  /// Whether the reap at `now` is the last that counts.
  mutating func isOver(_ now: Nanoseconds) -> Bool {
    if measuring { report.windowEnd = now }
    if stop.isRequested {
      fail(.interrupted, nil)
      return true
    }
    switch plan.end {
    case .after(let length):
      return measuring && now - report.windowStart >= length
    case .operations, .rangeCovered:
      // The last that is wanted is in flight: all are waited for and counted.
      return false
    }
  }

  /// Whether to end although nothing was answered: a stop was asked for, or the device stalls.
  mutating func shouldGiveUp(_ now: Nanoseconds) -> Bool {
    if stop.isRequested {
      fail(.interrupted, nil)
      return true
    }
    guard inFlight > 0, now - lastAnswer >= plan.stallLimit else { return false }
    fail(
      .stalled,
      "no answer for \(Int((now - lastAnswer).seconds.rounded())) s with \(inFlight) requests in flight"
    )
    return true
  }

  mutating func fail(_ outcome: PhaseOutcome, _ detail: String?) {
    guard report.outcome == .completed else { return }
    report.outcome = outcome
    report.detail = detail
  }

  /// Waits for the requests in flight, for the stall limit at most.
  ///
  /// - Parameter countingFrom: Open loops still count what was due from this moment on.
  /// - Throws: `TargetError` where the target cannot go on.
  mutating func drain(countingFrom: Nanoseconds?) throws(TargetError) {
    var waitingSince = target.now()
    let counted = measuring
    // Who asked for the end should not wait for a device that is silent.
    let patience =
      report.outcome == .interrupted
      ? min(plan.stallLimit, Nanoseconds(seconds: 2)) : plan.stallLimit
    while inFlight > 0 {
      let count = try poll(waitingAtMost: Nanoseconds(100_000_000))
      let now = target.now()
      if count > 0 {
        waitingSince = now
        look(at: now)
        inFlight -= count
        for index in 0..<count {
          if let countingFrom {
            accountOpen(completions[index], at: now, from: countingFrom)
          } else {
            accountLate(completions[index], at: now, counted: counted)
          }
        }
      } else if report.outcome == .stalled || now - waitingSince >= patience {
        fail(.stalled, "\(inFlight) requests in flight were never answered")
        return
      }
    }
  }

  /// Looks at an answer after the window's end, which is no operation of the window.
  ///
  /// Its latency belongs there: left out, no request could ever be seen to outlive a window.
  private mutating func accountLate(
    _ completion: Completion, at now: Nanoseconds, counted: Bool
  ) {
    measuring = false
    let faults = faultCount
    account(completion, latency: .zero)
    guard counted, faultCount == faults else { return }
    report.latency.record(now - Nanoseconds(startedAt[Int(completion.slot)]))
  }
}

extension SubmissionPolicy {
  @inline(__always)
  func firstChunk(of count: Int) -> Int {
    switch self {
    case .ramp, .each, .automatic: 1
    case .batched: count
    }
  }

  @inline(__always)
  func nextChunk(after chunk: Int) -> Int {
    switch self {
    case .ramp(let factor): chunk &* max(1, factor)
    case .batched, .each, .automatic: chunk
    }
  }
}
