internal import LinuxIO
public import Measurements
public import Workloads

/// Completes every request at once and whole: what is left is the driver's own cost.
public final class NullTarget: LoadTarget {
  /// Any depth; nothing is written anywhere.
  public let capabilities: TargetCapabilities
  private var waiting: [Completion]
  private var count = 0

  init(depth: Int) {
    capabilities = TargetCapabilities(depth: depth, mechanism: "null")
    waiting = Array(repeating: Completion(slot: 0, result: 0), count: depth)
  }

  /// Accepts as many as the depth allows.
  public func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    let accepted = min(requests.count, waiting.count - count)
    for index in 0..<accepted {
      let request = requests[index]
      waiting[count + index] = Completion(
        slot: request.slot, result: Int32(truncatingIfNeeded: request.length))
    }
    count += accepted
    return accepted
  }

  /// Returns everything that was submitted.
  public func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    let taken = min(count, completions.count)
    for index in 0..<taken { completions[index] = waiting[index] }
    for index in taken..<count { waiting[index - taken] = waiting[index] }
    count -= taken
    if taken == 0, let waitingAtMost { MonotonicClock.sleep(waitingAtMost) }
    return taken
  }

  /// CLOCK_MONOTONIC.
  public func now() -> Nanoseconds { MonotonicClock.now() }

  /// It has no buffers.
  public func bufferNodes() -> [Int] { [] }
}

/// Makes null targets.
public struct NullTargetFactory: LoadTargetFactory {
  /// No device, so no node.
  public var numaNode: Int? { nil }

  /// A factory without settings.
  public init() {}

  /// A null target as deep as the plan asks.
  public func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> NullTarget {
    NullTarget(depth: plan.depth)
  }
}
