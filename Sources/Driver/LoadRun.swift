public import LinuxIO
public import Measurements
internal import Synchronization
internal import Workloads

/// How far a load has come; shown, never judged.
public struct LoadPulse: Sendable {
  /// Time since the load's start.
  public var elapsed: Nanoseconds
  /// Operations completed and counted so far.
  public var operations: UInt64
  /// Bytes moved by them.
  public var bytes: UInt64
  /// Time since the last completion that any worker showed.
  public var silence: Nanoseconds

  /// States progress.
  public init(elapsed: Nanoseconds, operations: UInt64, bytes: UInt64, silence: Nanoseconds) {
    self.elapsed = elapsed
    self.operations = operations
    self.bytes = bytes
    self.silence = silence
  }

  /// Nothing done yet.
  public static let none = LoadPulse(elapsed: .zero, operations: 0, bytes: 0, silence: .zero)
}

/// Carries out one load: pinned threads, a target each, merged after the join.
public enum LoadRun {
  /// Runs a load to its end on threads of its own; the calling thread watches.
  ///
  /// - Parameters:
  ///   - plan: What to do.
  ///   - factory: Makes a target for each worker, on the worker's thread.
  ///   - stop: The wish to end early.
  ///   - pulse: Called about ten times a second on the calling thread.
  /// - Returns: What was measured; a device that fails, stalls or vanishes shows in its `outcome`.
  /// - Throws: `TargetError` where the load could not begin.
  @specialized(where Factory == BlockTargetFactory)
  @specialized(where Factory == NullTargetFactory)
  @specialized(where Factory == SimulatedTargetFactory)
  @specialized(where Factory == InjectedTargetFactory)
  public static func run<Factory: LoadTargetFactory>(
    _ plan: LoadPlan, on factory: Factory, stop: StopSignal = StopSignal(),
    pulse: (LoadPulse) -> Void = { _ in }
  ) throws(TargetError) -> LoadResult {
    precondition(plan.depth > 0 && plan.threads > 0)
    let topology = NUMATopology.current()
    let cpus = plan.cpus ?? topology.cpus(onNode: factory.numaNode)
    let collected = Mutex<[Result<WorkerReport, TargetError>]>([])
    // So that no worker allocates for the others' reports.
    collected.withLock { $0.reserveCapacity(plan.threads) }
    // The workers' own, so that a load that cannot go on ends without a wish of the caller's.
    let end = StopSignal()
    if let signal = stop.requestedBy { end.request(signal: signal) }
    let pulses = (0..<plan.threads).map { _ in WorkerPulse() }

    var threads: [PinnedThread] = []
    for worker in 0..<plan.threads {
      let shown = pulses[worker]
      let cpu = cpus.isEmpty ? nil : cpus[worker % cpus.count]
      do {
        threads.append(
          try PinnedThread(name: "load-\(worker)", cpu: cpu) {
            let result = work(worker, plan, factory, end, shown)
            if case .failure = result { end.request(signal: -1) }
            collected.withLock { $0.append(result) }
            shown.finished.store(true, ordering: .releasing)
          })
      } catch {
        end.request(signal: -1)
        watch(threads, Array(pulses.prefix(threads.count)), from: stop, to: end) { _ in }
        threads.forEach { $0.join() }
        throw TargetError(operation: error.call, errno: error.errno, description: "\(error)")
      }
    }
    watch(threads, pulses, from: stop, to: end, pulse)
    threads.forEach { $0.join() }

    var reports: [WorkerReport] = []
    for result in collected.withLock({ $0 }) { reports.append(try result.get()) }
    reports.sort { $0.placement.worker < $1.placement.worker }
    return LoadResult(merging: reports, isStore: plan.store != nil)
  }

  private static func work<Factory: LoadTargetFactory>(
    _ worker: Int, _ plan: LoadPlan, _ factory: Factory, _ stop: StopSignal, _ pulse: WorkerPulse
  ) -> Result<WorkerReport, TargetError> {
    do {
      let target = try factory.makeTarget(worker: worker, plan: plan)
      // Here, once, so that the loop over a device and the loop over a store are each compiled for
      // their own requests.
      switch plan.workload {
      case .blocks(let spec):
        let stream = RequestStream(
          spec: spec, worker: worker, workers: plan.threads, seed: plan.seed)
        return run(
          WorkerLoop(
            target: target, stream: stream, worker: worker, plan: plan, stop: stop, pulse: pulse))
      case .store(let workload):
        let stream = StoreRequestStream(
          workload, worker: worker, workers: plan.threads, depth: plan.depth, seed: plan.seed)
        return run(
          WorkerLoop(
            target: target, stream: stream, worker: worker, plan: plan, stop: stop, pulse: pulse))
      }
    } catch {
      return .failure(error)
    }
  }

  @inline(__always)
  private static func run<Target, Stream>(
    _ loop: consuming WorkerLoop<Target, Stream>
  ) -> Result<WorkerReport, TargetError> {
    loop.run()
    if let error = loop.report.error { return .failure(error) }
    return .success(loop.report)
  }

  /// Shows the pulse, hands a stop on and kicks workers whose device is silent, so that they look
  /// at the clock.
  private static func watch(
    _ threads: [PinnedThread], _ pulses: [WorkerPulse], from stop: StopSignal, to end: StopSignal,
    _ show: (LoadPulse) -> Void
  ) {
    let began = MonotonicClock.now()
    var seen = pulses.map { _ in UInt64.max }
    var lastProgress = began
    var lastKick = began
    var nap: Int64 = 100_000
    while !pulses.allSatisfy({ $0.finished.load(ordering: .acquiring) }) {
      MonotonicClock.sleep(Nanoseconds(nap))
      if let signal = stop.requestedBy { end.request(signal: signal) }
      nap = min(nap * 2, 10_000_000)
      let now = MonotonicClock.now()
      guard now - lastKick >= Nanoseconds(100_000_000) else { continue }
      lastKick = now
      for (index, pulse) in pulses.enumerated() {
        let answers = pulse.answers.load(ordering: .relaxed)
        if answers == seen[index], !pulse.finished.load(ordering: .acquiring) {
          threads[index].kick()
        } else {
          lastProgress = now
        }
        seen[index] = answers
      }
      show(
        LoadPulse(
          elapsed: now - began,
          operations: pulses.reduce(0) { $0 + $1.operations.load(ordering: .relaxed) },
          bytes: pulses.reduce(0) { $0 + $1.bytes.load(ordering: .relaxed) },
          silence: now - lastProgress))
    }
  }
}
