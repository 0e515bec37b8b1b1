internal import Glibc
public import Measurements
public import Workloads

/// A device that exists only as a rule: how long requests take, and what goes wrong when.
///
/// It runs on a clock of its own that jumps from event to event, so a simulated minute costs
/// milliseconds and the same seed gives the same run to the last nanosecond.
public struct SimulatedDevice: Sendable, Equatable {
  /// Requests served at the same time, over all workers together; a further one queues.
  public var channels = 64
  /// Mean service time of a read in nanoseconds.
  public var readNanoseconds: Double = 80_000
  /// Mean service time of a write in nanoseconds.
  public var writeNanoseconds: Double = 20_000
  /// Nanoseconds for each byte on the channel, added to the service time.
  public var nanosecondsPerByte: Double = 0
  /// Share of the service time that varies: 0 is constant, 1 is exponential around the mean.
  public var jitter = 0.0
  /// Bytes per second that the link carries, over all workers together; nil for no limit.
  public var linkBytesPerSecond: Double?
  /// No request completes from the first of these moments until the second has passed since it.
  public var stall: (at: Nanoseconds, length: Nanoseconds)?
  /// From this moment on everything takes this many times as long (heat).
  public var throttle: (at: Nanoseconds, factor: Double)?
  /// From this moment on nothing is answered, ever.
  public var silentFrom: Nanoseconds?
  /// From this moment on reads return no bytes and writes `ENOSPC`, as Linux 6.1 does after an
  /// NVMe drive was pulled out.
  public var lostFrom: Nanoseconds?
  /// Reads that touch this byte fail with `EIO`.
  public var readErrorAt: UInt64?
  /// Writes that touch this byte fail with `EIO`.
  public var writeErrorAt: UInt64?
  /// Reads that touch this byte are starved for so long, while all others go on.
  public var starved: (offset: UInt64, length: Nanoseconds)?
  /// Every so many reads one moves only half its bytes; 0 for never.
  public var shortReadEvery = 0
  /// Every so many reads one returns data that were not written there; 0 for never.
  public var corruptReadEvery = 0
  /// Reads return constant data: nothing was ever written.
  public var unwritten = false
  /// The seed of jitter.
  public var seed: UInt64 = 1

  /// A device of moderate speed, without faults.
  public init() {}

  /// A device that serves about so many requests a second at depth, each within a latency.
  ///
  /// By Little's law it has `iops × latency` channels.
  public init(readIOPS: Double, readLatency: Nanoseconds, writeIOPS: Double) {
    channels = max(1, Int((readIOPS * readLatency.seconds).rounded()))
    readNanoseconds = Double(channels) / readIOPS * 1e9
    writeNanoseconds = Double(channels) / writeIOPS * 1e9
  }

  /// Whether all settings are the same.
  public static func == (left: Self, right: Self) -> Bool {
    String(describing: left) == String(describing: right)
  }
}

/// One worker's share of a simulated device: delays by rule and reorders by seed.
public final class SimulatedTarget: LoadTarget {
  /// As deep as the plan asks.
  public private(set) var capabilities: TargetCapabilities

  private struct Pending {
    var due: Int64
    var completion: Completion
  }

  private let device: SimulatedDevice
  private let workers: Double
  private let checksOwn: Bool
  private let checks: Bool
  private var clock: Int64
  private var generator: SeededGenerator
  private var channelFree: [Int64]
  private var linkFree: Int64 = 0
  /// A binary heap by due time.
  private var heap: [Pending] = []
  private var reads = 0

  init(device: SimulatedDevice, worker: Int, plan: LoadPlan, clock: Nanoseconds) {
    self.device = device
    self.clock = clock.rawValue
    workers = Double(plan.threads)
    checks = plan.check != .none
    if case .own = plan.check { checksOwn = true } else { checksOwn = false }
    generator = SeededGenerator(
      seed: SeededGenerator.derivedSeed(
        device.seed ^ plan.seed, phase: "simulated", worker: worker))
    // Channels are shared evenly; fewer channels than workers means slower ones.
    channelFree = Array(repeating: 0, count: max(1, device.channels / max(1, plan.threads)))
    heap.reserveCapacity(plan.depth + 1)
    capabilities = TargetCapabilities(depth: plan.depth, mechanism: "simulated")
    capabilities.waitsExactly = true
  }

  /// Accepts as many as the depth allows and decides at once when each completes.
  public func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    var accepted = 0
    while accepted < requests.count, heap.count < capabilities.depth {
      push(answer(to: requests[accepted]))
      accepted += 1
    }
    return accepted
  }

  /// Jumps to the next completion, or to the end of the wait where none comes before it.
  public func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    // Without a limit it "waits" in steps, so that the driver can notice that nothing comes.
    let limit = clock &+ max(0, waitingAtMost?.rawValue ?? 100_000_000)
    guard let first = heap.first, first.due <= limit else {
      clock = limit
      return 0
    }
    clock = max(clock, first.due)
    var taken = 0
    while taken < completions.count, let next = heap.first, next.due <= clock {
      completions[taken] = next.completion
      taken += 1
      pop()
    }
    return taken
  }

  /// The simulated time.
  public func now() -> Nanoseconds { Nanoseconds(clock) }

  /// It has no buffers.
  public func bufferNodes() -> [Int] { [] }

  private func answer(to request: Request) -> Pending {
    var completion = Completion(
      slot: request.slot, result: Int32(truncatingIfNeeded: request.length))
    let isRead = request.operation.isRead
    if isRead {
      reads += 1
      completion.check = device.unwritten && checks ? .unwritten : checksOwn ? .intact : .unchecked
    }
    if isRead, device.shortReadEvery > 0, reads % device.shortReadEvery == 0 {
      completion.result /= 2
    }
    if isRead, checksOwn, device.corruptReadEvery > 0, reads % device.corruptReadEvery == 0 {
      completion.check = .corrupt
    }
    let bad = isRead ? device.readErrorAt : device.writeErrorAt
    if let bad, request.offset <= bad, bad < request.offset + UInt64(request.length) {
      completion.result = -5  // EIO
    }
    var due = serve(request, isRead: isRead)
    if let stall = device.stall, due >= stall.at.rawValue,
      due < stall.at.rawValue + stall.length.rawValue
    {
      due = stall.at.rawValue + stall.length.rawValue
    }
    if let lost = device.lostFrom, clock >= lost.rawValue {
      completion.result = isRead ? 0 : -28  // ENOSPC
      completion.check = .unchecked
      due = clock + 1000
    }
    if isRead, let starved = device.starved, request.offset <= starved.offset,
      starved.offset < request.offset + UInt64(request.length)
    {
      due = clock + starved.length.rawValue
    }
    if let silent = device.silentFrom, due >= silent.rawValue { due = .max }
    return Pending(due: due, completion: completion)
  }

  /// When a request is done: the earliest free channel serves it, then the link carries it.
  private func serve(_ request: Request, isRead: Bool) -> Int64 {
    var channel = 0
    for index in channelFree.indices where channelFree[index] < channelFree[channel] {
      channel = index
      if channelFree[index] <= clock { break }
    }
    // Channels that do not divide evenly among the workers are made up for by their speed.
    let share = workers * Double(channelFree.count) / Double(max(1, device.channels))
    var service =
      (isRead ? device.readNanoseconds : device.writeNanoseconds) * share
      + Double(request.length) * device.nanosecondsPerByte
    if device.jitter > 0 {
      let exponential = -log(max(generator.nextFraction(), 0x1p-53))
      service *= (1 - device.jitter) + device.jitter * exponential
    }
    if let throttle = device.throttle, clock >= throttle.at.rawValue { service *= throttle.factor }
    let begin = max(clock, channelFree[channel])
    var due = begin + max(1, Int64(min(service, 1e17)))
    if let rate = device.linkBytesPerSecond {
      let carry = Int64(Double(request.length) * 1e9 * workers / rate)
      linkFree = max(linkFree, begin) + carry
      due = max(due, linkFree)
    }
    channelFree[channel] = due
    return due
  }

  private func push(_ pending: Pending) {
    heap.append(pending)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].due < heap[parent].due else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private func pop() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].due < heap[least].due {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}

/// Makes simulated targets that share one device's rule.
public struct SimulatedTargetFactory: LoadTargetFactory {
  /// The rule.
  public var device: SimulatedDevice
  /// Where the simulated clock of the next load begins.
  public var clock: SimulatedClock

  /// No node.
  public var numaNode: Int? { nil }

  /// Simulates a device whose faults count from the start of `clock`.
  public init(_ device: SimulatedDevice, clock: SimulatedClock = SimulatedClock()) {
    self.device = device
    self.clock = clock
  }

  /// One worker's share.
  public func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> SimulatedTarget {
    SimulatedTarget(device: device, worker: worker, plan: plan, clock: clock.reading)
  }
}
