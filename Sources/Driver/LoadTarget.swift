public import Measurements
public import Workloads

/// When a target must start the requests that it is given.
public enum SubmitTiming: Sendable {
  /// Before `submit` returns.
  case now
  /// At the next `poll` at the latest; spares a system call.
  case withNextPoll
}

/// What a read returned, as far as it was looked at.
public enum BlockCheck: UInt8, Sendable {
  /// Not looked at, or not a read.
  case unchecked
  /// It is what this run wrote there.
  case intact
  /// Constant or never-written data: the read may not have touched the medium.
  case unwritten
  /// Neither what was written there nor constant.
  case corrupt
}

/// The answer to one request.
public struct Completion: Sendable {
  /// The slot of the request.
  public var slot: UInt32
  /// Bytes moved, or minus the errno.
  public var result: Int32
  /// What the data were, for reads.
  public var check: BlockCheck

  /// Answers the request in `slot`.
  @inlinable
  public init(slot: UInt32, result: Int32, check: BlockCheck = .unchecked) {
    self.slot = slot
    self.result = result
    self.check = check
  }
}

/// What a target can do and how it does it; recorded with the run.
public struct TargetCapabilities: Sendable {
  /// Most requests in flight.
  public var depth: Int
  /// How requests reach the device, such as `io_uring coop-taskrun fixed-buffers`.
  public var mechanism: String
  /// Whether `poll` ends at its limit to the nanosecond, as on a simulated clock; elsewhere timers
  /// are late and the last stretch before an arrival is spun.
  public var waitsExactly = false

  /// States capabilities.
  public init(depth: Int, mechanism: String) {
    self.depth = depth
    self.mechanism = mechanism
  }
}

/// Anything that can be loaded: a device, a store, the null target, the simulated target.
///
/// One worker thread owns a target. Requests complete in any order, at once or later; the target
/// never blocks in `submit`, and in `poll` not beyond the deadline.
public protocol LoadTarget: AnyObject {
  /// What this target can do.
  var capabilities: TargetCapabilities { get }

  /// Takes requests in order and returns how many it accepted; the rest must be offered again.
  ///
  /// - Throws: `TargetError` where the target cannot go on at all; an error of one request is its
  ///   completion's `result` instead.
  func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int

  /// Moves completions into `completions` and returns how many.
  ///
  /// Where there is none, waits for the first: at most `waitingAtMost`, not at all where that is
  /// zero or less, and without a limit where it is nil, until the worker's thread is kicked.
  /// Requests that were submitted `withNextPoll` are on their way before it waits.
  func poll(into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?)
    throws(TargetError) -> Int

  /// The clock that latencies are taken from: CLOCK_MONOTONIC, or a simulated target's own.
  func now() -> Nanoseconds

  /// Where this worker's memory really lies, as NUMA node numbers.
  func bufferNodes() -> [Int]
}

/// Why a target cannot go on.
public struct TargetError: Error, Sendable, CustomStringConvertible {
  /// The operation that failed, such as `io_uring_enter`.
  public var operation: String
  /// The errno.
  public var errno: Int32
  /// What failed, where, the value seen and what to do.
  public var description: String

  /// States a failure.
  public init(operation: String, errno: Int32, description: String) {
    self.operation = operation
    self.errno = errno
    self.description = description
  }
}

/// Makes one target for each worker thread; called on that thread, after it was pinned.
public protocol LoadTargetFactory: Sendable {
  /// The kind of target made.
  associatedtype Target: LoadTarget

  /// The NUMA node that workers and buffers belong to, where it matters.
  var numaNode: Int? { get }

  /// Opens the target for one worker.
  func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> Target
}
