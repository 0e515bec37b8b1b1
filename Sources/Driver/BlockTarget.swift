public import LinuxIO
public import Measurements
public import Workloads

/// A block device or a file, loaded through io_uring with O_DIRECT.
public final class BlockTarget: LoadTarget {
  /// What this target can do and how requests reach it, after all fallbacks.
  public let capabilities: TargetCapabilities

  // All that changes is one value, so that each call pays for one exclusivity check, not for one
  // at each property that a request touches: a third of the user CPU of a request at depth 1.
  private var queue: BlockQueue

  /// Opens a ring on an open file and fills the write buffers.
  ///
  /// - Throws: `TargetError` where io_uring is forbidden or memory is short.
  init(
    descriptor: Int32, name: String, worker: Int, plan: LoadPlan, node: Int?, mode: RingMode
  ) throws(TargetError) {
    guard let workload = plan.blocks else {
      throw TargetError(
        operation: "open", errno: 22,
        description: "\(name): is a device, and a workload of keys needs a store")
    }
    queue = BlockQueue(
      ring: try Ring.open(depth: plan.depth, mode: mode, name: name),
      buffers: try BufferArena.open(plan: plan, workload: workload, node: node, name: name),
      descriptor: descriptor, name: name, worker: worker, plan: plan, workload: workload)
    capabilities = TargetCapabilities(
      depth: plan.depth, mechanism: queue.mechanism)
  }

  /// Prepares the requests in order; a full ring accepts fewer.
  public func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    try queue.submit(requests, timing)
  }

  /// Submits what is prepared and takes what has completed.
  public func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    try queue.poll(into: &completions, waitingAtMost: waitingAtMost)
  }

  /// CLOCK_MONOTONIC.
  public func now() -> Nanoseconds { MonotonicClock.now() }

  /// Where the buffers' pages lie.
  public func bufferNodes() -> [Int] { queue.bufferNodes() }
}

/// Opens rings on one open file, for all workers together.
public struct BlockTargetFactory: LoadTargetFactory {
  /// The open file; the caller keeps it open until the load has ended.
  public var descriptor: Int32
  /// The path, for messages.
  public var name: String
  /// The NUMA node of the device.
  public var numaNode: Int?
  /// How rings are set up.
  public var mode: RingMode

  /// Loads an open file.
  ///
  /// - Parameters:
  ///   - descriptor: Open with O_DIRECT; for a workload that writes, for writing.
  ///   - name: The path, for messages.
  ///   - numaNode: The NUMA node of the device; nil where it is not known.
  ///   - mode: How rings are set up.
  public init(descriptor: Int32, name: String, numaNode: Int?, mode: RingMode = RingMode()) {
    self.descriptor = descriptor
    self.name = name
    self.numaNode = numaNode
    self.mode = mode
  }

  /// Opens a ring for one worker.
  public func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> BlockTarget {
    try BlockTarget(
      descriptor: descriptor, name: name, worker: worker, plan: plan, node: numaNode, mode: mode)
  }
}
