import Driver
import Measurements
import Synchronization
import Workloads

/// What a load asked of its scripted targets.
final class ScriptedLog: Sendable {
  struct Submission: Equatable, Sendable {
    var count: Int
    var isNow: Bool
  }
  struct Entry: Equatable, Sendable {
    var offset: UInt64
    var length: UInt32
    var isRead: Bool
  }

  let requests = Mutex<[[Entry]]>([])
  let submissions = Mutex<[Submission]>([])
}

/// A target that writes down what it is asked and answers as many at once as its script says.
final class ScriptedTarget: LoadTarget {
  let capabilities: TargetCapabilities
  private let log: ScriptedLog
  private let worker: Int
  private let reapSize: Int
  private let lateCost: Int64
  private let pollCost: Int64
  private var clock: Int64 = 0
  private var waiting: [Completion] = []
  private(set) var mostInFlight = 0

  init(log: ScriptedLog, worker: Int, depth: Int, reapSize: Int, lateCost: Int64, pollCost: Int64) {
    self.lateCost = lateCost
    self.pollCost = pollCost
    var capabilities = TargetCapabilities(depth: depth, mechanism: "scripted")
    capabilities.waitsExactly = true
    self.capabilities = capabilities
    self.log = log
    self.worker = worker
    self.reapSize = reapSize
  }

  func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    var isNow = false
    if case .now = timing { isNow = true }
    log.submissions.withLock { $0.append(.init(count: requests.count, isNow: isNow)) }
    for index in requests.indices {
      let request = requests[index]
      let entry = ScriptedLog.Entry(
        offset: request.offset, length: request.length, isRead: request.operation == .read)
      log.requests.withLock { $0[worker].append(entry) }
      if !isNow { clock += lateCost }
      waiting.append(Completion(slot: request.slot, result: Int32(request.length)))
    }
    return requests.count
  }

  func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    clock += pollCost
    let count = min(reapSize, waiting.count, completions.count)
    for index in 0..<count { completions[index] = waiting[index] }
    waiting.removeFirst(count)
    return count
  }

  func now() -> Nanoseconds { Nanoseconds(clock) }
  func bufferNodes() -> [Int] { [] }
}

/// Makes scripted targets with one log.
struct ScriptedTargetFactory: LoadTargetFactory {
  let log = ScriptedLog()
  var reapSize: Int
  /// Nanoseconds that each request takes which is not submitted at once.
  var lateCost: Int64 = 0
  /// Nanoseconds that each poll of a worker takes; 1000 where none are given.
  var pollCosts: [Int64] = []
  /// The worker whose target cannot be opened.
  var failingWorker: Int?
  var numaNode: Int? { nil }

  func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> ScriptedTarget {
    if worker == failingWorker {
      throw TargetError(operation: "open", errno: 12, description: "no memory for worker \(worker)")
    }
    log.requests.withLock { requests in
      while requests.count < plan.threads { requests.append([]) }
    }
    return ScriptedTarget(
      log: log, worker: worker, depth: plan.depth, reapSize: reapSize, lateCost: lateCost,
      pollCost: worker < pollCosts.count ? pollCosts[worker] : 1000)
  }
}
