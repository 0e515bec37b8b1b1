internal import Driver
internal import LinuxIO
internal import Measurements

/// What is loaded: an opened target of this machine, or a simulated device.
enum QualificationSubject {
  case opened(QualificationTarget)
  case simulated(SimulatedSubject)

  var record: SubjectRecord {
    switch self {
    case .opened(let target): target.subject
    case .simulated(let subject): subject.record
    }
  }

  var logicalBlockBytes: Int {
    switch self {
    case .opened(let target): target.logicalBlockBytes
    case .simulated: 512
    }
  }

  var isWritable: Bool {
    switch self {
    case .opened(let target): target.isWritable
    case .simulated: true
    }
  }

  var discards: Bool {
    switch self {
    case .opened(let target): target.discards
    case .simulated: false
    }
  }

  var numaNode: Int? { record.identity.numaNode }

  func recheck() throws(TargetFailure) {
    if case .opened(let target) = self { try target.recheck() }
  }

  func discard(offset: UInt64, length: UInt64) throws(TargetFailure) {
    if case .opened(let target) = self { try target.discard(offset: offset, length: length) }
  }

  /// Runs a load on it; a simulated clock moves on by what the load took.
  ///
  /// - Parameters:
  ///   - plan: The load.
  ///   - polled: Take the device's poll queues instead of interrupts.
  ///   - stop: The wish to end early.
  ///   - pulse: Called now and then with how far the load is.
  /// - Returns: What the load measured, also where the device failed.
  /// - Throws: `TargetError` where the load could not begin.
  func run(
    _ plan: LoadPlan, polled: Bool = false, stop: StopSignal, pulse: (LoadPulse) -> Void
  ) throws(TargetError) -> LoadResult {
    switch self {
    case .opened(let target):
      var mode = RingMode()
      mode.polled = polled
      let factory = BlockTargetFactory(
        descriptor: target.descriptor, name: target.openedPath.description,
        numaNode: target.numaNode, mode: mode)
      return try LoadRun.run(plan, on: factory, stop: stop, pulse: pulse)
    case .simulated(let subject):
      let result = try LoadRun.run(plan, on: subject.factory, stop: stop, pulse: pulse)
      subject.factory.clock.advance(to: result.clockAtEnd)
      return result
    }
  }

  func close() {
    if case .opened(let target) = self { target.close() }
  }
}
