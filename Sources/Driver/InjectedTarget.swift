public import Measurements
public import Workloads

/// A target of a kind that this module does not know, such as a store.
///
/// Each of its calls goes through one table, for a whole batch of requests at a time, while the loop
/// around it is compiled for this type: a factory of another module handed to
/// ``LoadRun/run(_:on:stop:pulse:)`` itself runs unspecialised code, which allocates.
public final class InjectedTarget: LoadTarget {
  /// What the target within can do.
  public let capabilities: TargetCapabilities
  private let target: any LoadTarget

  init(_ target: any LoadTarget) {
    self.target = target
    capabilities = target.capabilities
  }

  /// Hands the requests on.
  public func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    try target.submit(requests, timing)
  }

  /// Takes the completions of the target within.
  public func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    try target.poll(into: &completions, waitingAtMost: waitingAtMost)
  }

  /// The clock of the target within.
  public func now() -> Nanoseconds { target.now() }

  /// Where the memory of the target within lies.
  public func bufferNodes() -> [Int] { target.bufferNodes() }
}

/// Makes targets by a factory of another module.
public struct InjectedTargetFactory: LoadTargetFactory {
  private let factory: any LoadTargetFactory

  /// The node of the factory within.
  public var numaNode: Int? { factory.numaNode }

  /// Wraps a factory.
  public init(_ factory: any LoadTargetFactory) { self.factory = factory }

  /// A target of the factory within.
  public func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> InjectedTarget {
    InjectedTarget(try factory.makeTarget(worker: worker, plan: plan))
  }
}
