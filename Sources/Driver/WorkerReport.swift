import LinuxIO
import Measurements

/// What one worker measured.
struct WorkerReport: Sendable {
  var latency = LatencyHistogram()
  /// Of reads alone, where the plan keeps them apart.
  var readLatency: LatencyHistogram?
  /// Keys that completed requests asked for.
  var entries: UInt64 = 0
  var lateness: LatencyHistogram?
  /// When counting began.
  var windowStart = Nanoseconds.zero
  /// When it ended; no counted request completed later.
  var windowEnd = Nanoseconds.zero
  var operations: UInt64 = 0
  var reads: UInt64 = 0
  var bytes: UInt64 = 0
  var bytesWritten: UInt64 = 0
  var bytesSubmittedForWriting: UInt64 = 0
  /// Requests sent, those of the ramp-up included.
  var requestsInAll: UInt64 = 0
  var faults = FaultCounts()
  var seconds: SecondCounts
  var cpu = CPUTime.zero
  var placement: WorkerPlacement
  var outcome = PhaseOutcome.completed
  var detail: String?
  var error: TargetError?
  var mechanism = ""
  /// How successors were submitted in the window.
  var submission = SubmissionPolicy.automatic
  var clockAtEnd = Nanoseconds.zero

  init(worker: Int, seconds: Int) {
    self.seconds = SecondCounts(seconds: seconds)
    placement = WorkerPlacement(worker: worker, cpu: -1, node: -1, bufferNodes: [])
  }
}

/// Errors by errno in a table of fixed size, because the measuring loop may not allocate.
struct ErrorTable: Sendable {
  private var codes: InlineArray<8, Int32> = InlineArray(repeating: 0)
  private var counts: InlineArray<8, UInt64> = InlineArray(repeating: 0)

  /// Counts one error; the last row takes whatever finds no row of its own.
  mutating func count(_ code: Int32) {
    var row = 0
    while row < 7, codes[row] != 0, codes[row] != code { row += 1 }
    if codes[row] == 0 { codes[row] = code }
    counts[row] += 1
  }

  /// The counts by errno.
  var byCode: [Int32: UInt64] {
    var result: [Int32: UInt64] = [:]
    for row in 0..<8 where counts[row] > 0 { result[codes[row], default: 0] += counts[row] }
    return result
  }
}
