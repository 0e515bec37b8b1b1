internal import Driver
internal import LinuxIO
internal import Measurements
internal import Synchronization
internal import Workloads

/// Point reads that go on, on a thread of their own, until they are ended.
final class EngineBeside {
  private let stop = StopSignal()
  private let thread: PinnedThread
  private let ratePerSecond: Double
  private let outcome: Outcome

  /// What the thread leaves behind.
  private final class Outcome: Sendable {
    let result = Mutex<Result<EngineResult, EngineFailure>?>(nil)
  }

  /// Begins to read keys of the load's own space; nil where no thread can be had.
  ///
  /// - Parameters:
  ///   - engine: The store.
  ///   - load: The load that they go on beside.
  ///   - ratePerSecond: Reads that are due a second.
  ///   - longest: When they end by themselves.
  init?(_ engine: any Engine, _ load: EngineLoad, ratePerSecond: Double, longest: Nanoseconds) {
    self.ratePerSecond = ratePerSecond
    var reads = EngineLoad(
      workload: .get, keySpace: load.keySpace, scatterSeed: load.scatterSeed, depth: 64,
      threads: 1, end: .after(longest), seed: ~load.seed)
    reads.arrival = .poisson(perSecond: ratePerSecond)
    reads.stallLimit = load.stallLimit
    reads.isBeside = true
    let (outcome, stop, plan) = (Outcome(), stop, reads)
    self.outcome = outcome
    do {
      thread = try PinnedThread(name: "beside", cpu: nil) {
        do throws(EngineFailure) {
          let result = try engine.run(plan, stop: stop) { _ in }
          outcome.result.withLock { $0 = .success(result) }
        } catch {
          outcome.result.withLock { $0 = .failure(error) }
        }
      }
    } catch {
      return nil
    }
  }

  /// Ends the reads and waits for the last of them; calling it again does nothing.
  func end() {
    guard !stop.isRequested else { return }
    stop.request(signal: -1)
    thread.join()
  }

  /// Ends the reads and tells of them.
  ///
  /// - Throws: `EngineFailure` where they could not begin or go on.
  func record() throws(EngineFailure) -> EngineBesideRecord? {
    end()
    guard let result = outcome.result.withLock({ $0 }) else { return nil }
    let round = try result.get().load.round
    return EngineBesideRecord(
      ratePerSecond: ratePerSecond, operations: round.operations, duration: round.duration,
      latency: round.latency)
  }

  /// What did not complete whole among them.
  var faults: FaultCounts? {
    guard case .success(let result)? = outcome.result.withLock({ $0 }) else { return nil }
    return result.load.round.faults
  }
}
