public import LinuxIO
public import Measurements

/// The machine's counters of disturbance at one moment; two of them tell what lay between.
public struct NoiseReading: Sendable, Equatable {
  /// When it was read.
  public var time: ContinuousClock.Instant
  /// Microseconds in which some task waited for a processor, since the start; nil without PSI.
  public var cpuPressureMicroseconds: UInt64?
  /// Microseconds in which some task waited for memory, since the start.
  public var memoryPressureMicroseconds: UInt64?
  /// Processor time of this process so far; nil where it does not matter.
  public var processCPU: Nanoseconds?
  /// Processors that the kernel counts.
  public var cpuCount = 0
  /// Processor ticks by use, idle ones too; nil where /proc/stat is not as expected.
  public var ticks: CPUTicks?

  /// Reads the counters.
  ///
  /// - Parameters:
  ///   - tree: Where to read.
  ///   - time: The moment.
  ///   - processCPU: Processor time of this process so far.
  public init(
    tree: KernelTree, time: ContinuousClock.Instant, processCPU: Nanoseconds? = nil
  ) {
    self.time = time
    self.processCPU = processCPU
    cpuPressureMicroseconds = Self.pressure(tree.lines("/proc/pressure/cpu"))
    memoryPressureMicroseconds = Self.pressure(tree.lines("/proc/pressure/memory"))
    cpuCount = tree.lines("/proc/stat").count { $0.hasPrefix("cpu") && !$0.hasPrefix("cpu ") }
    ticks = CPUTicks(tree: tree)
  }

  /// Reads this machine's counters.
  public static func now() -> NoiseReading {
    let used = CPUTime.ofProcess()
    return NoiseReading(tree: .live, time: .now, processCPU: used.user + used.system)
  }

  /// What disturbed the machine since an earlier reading; unknown where a counter was missing or
  /// did not move forward.
  public func noise(since earlier: NoiseReading) -> NoiseRecord {
    var record = NoiseRecord()
    let microseconds = (time - earlier.time) / .microseconds(1)
    func share(_ now: UInt64?, _ before: UInt64?) -> Double? {
      guard let now, let before, now >= before, microseconds > 0 else { return nil }
      return min(Double(now - before) / microseconds, 1)
    }
    record.cpuPressure = share(cpuPressureMicroseconds, earlier.cpuPressureMicroseconds)
    record.memoryPressure = share(memoryPressureMicroseconds, earlier.memoryPressureMicroseconds)
    if let processCPU, let before = earlier.processCPU, cpuCount > 0, microseconds > 0 {
      let used = Double((processCPU - before).rawValue) / 1000
      record.ownCPU = max(0, min(used / (microseconds * Double(cpuCount)), 1))
    }
    if let ticks, let before = earlier.ticks, ticks.total > before.total {
      let total = Double(ticks.total - before.total)
      if ticks.stolen >= before.stolen {
        record.steal = min(Double(ticks.stolen - before.stolen) / total, 1)
      }
      record.cpuBusy = ticks.busyShare(since: before)
    }
    return record
  }

  private static func pressure(_ lines: [String]) -> UInt64? {
    let some = lines.first { $0.hasPrefix("some ") } ?? ""
    return some.split(separator: " ").first { $0.hasPrefix("total=") }
      .flatMap { UInt64($0.dropFirst("total=".count)) }
  }
}
