import LinuxIO
import Measurements
import Workloads

extension WorkerLoop {
  /// Sends requests when they are due, whatever the target does, and counts latency from then.
  ///
  /// Where all slots are taken the schedule goes on: whatever could not be sent in time shows in
  /// the latencies, so a stall is not hidden by the requests that it kept from being sent.
  mutating func runOpen() throws(TargetError) {
    let began = target.now()
    // All that is due goes with one system call.
    report.submission = .batched
    var schedule = ArrivalSchedule(
      plan.arrival.openRate ?? .constant(perSecond: 1), seed: plan.seed,
      worker: report.placement.worker,
      workers: plan.threads, start: began)
    var free = Array((0..<UInt32(plan.depth)).reversed())
    report.lateness = LatencyHistogram()
    let end: Nanoseconds
    if case .after(let length) = plan.end { end = began + plan.rampUp + length } else { end = .max }
    let countFrom = began + plan.rampUp
    var wanted = operationLimit
    report.windowStart = countFrom
    report.windowEnd = countFrom

    var now = began
    while true {
      while schedule.due <= now, schedule.due < end, wanted > 0, !isCovered,
        let slot = free.popLast()
      {
        if schedule.due >= countFrom {
          report.lateness?.record(now - schedule.due)
          wanted -= 1
        }
        enqueue(slot: slot, at: schedule.due)
        schedule.advance()
      }
      try submitBatch(.now)
      // Also where requests that were due still wait for a slot: the time is over.
      if now >= end || wanted == 0 || isCovered { break }
      if stop.isRequested || faultCount >= plan.faultLimit { break }

      let count = try poll(
        waitingAtMost: wait(until: min(schedule.due, end), from: now, free: free))
      now = target.now()
      if count > 0 {
        lastAnswer = now
        look(at: now)
        for index in 0..<count {
          let completion = completions[index]
          accountOpen(completion, at: now, from: countFrom)
          inFlight -= 1
          free.append(completion.slot)
        }
        publish(answers: count)
      } else if inFlight == 0 {
        lastAnswer = now
      } else if shouldGiveUp(now) {
        break
      }
    }
    if stop.isRequested { fail(.interrupted, nil) }
    report.windowEnd = max(report.windowEnd, min(now, end))
    try drain(countingFrom: countFrom)
    report.cpu = CPUTime.ofThread() - cpuAtBegin
    // What was due and never sent has waited until the queue before it was empty.
    let drained = target.now()
    let counting = MonotonicClock.now()
    var walked = 0
    while schedule.due < min(now, end), wanted > 0, !isCovered {
      if schedule.due >= countFrom { report.latency.record(drained - schedule.due) }
      schedule.advance()
      walked += 1
      // A schedule far beyond what the device can do leaves more behind than there is time to count:
      // then most were never sent, and what percentiles there are already say so.
      guard walked.isMultiple(of: 1 << 16) else { continue }
      if stop.isRequested || MonotonicClock.now() - counting >= Self.countLimit { break }
    }
  }

  /// Longest time for counting what was due and never sent.
  static var countLimit: Nanoseconds { Nanoseconds(seconds: 1) }

  /// Timers are late by some ten microseconds: the last stretch before an arrival is spun.
  private func wait(until due: Nanoseconds, from now: Nanoseconds, free: [UInt32]) -> Nanoseconds? {
    if free.isEmpty { return nil }
    let left = due.rawValue - now.rawValue
    let spin: Int64 = target.capabilities.waitsExactly ? 0 : 60_000
    return Nanoseconds(left > spin ? left - spin : 0)
  }

  mutating func accountOpen(_ completion: Completion, at now: Nanoseconds, from: Nanoseconds) {
    let due = Nanoseconds(startedAt[Int(completion.slot)])
    measuring = due >= from
    let operations = report.operations
    account(completion, latency: now - due)
    // What was due in time and answered after it stretches the window: the rate is one that was held.
    if report.operations != operations { report.windowEnd = now }
  }
}

extension Nanoseconds {
  /// The end of time.
  static let max = Nanoseconds(.max)
}
