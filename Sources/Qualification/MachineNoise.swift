public import LinuxIO

/// How much other work disturbed the machine up to a moment; two of them bound a phase.
public struct MachineNoise: Sendable, Equatable {
  /// Microseconds in which some task waited for a processor, in all; nil without PSI.
  public var cpuPressureMicroseconds: UInt64?
  /// Microseconds in which some task waited for memory.
  public var memoryPressureMicroseconds: UInt64?
  /// Microseconds in which some task waited for I/O; our own load counts, too.
  public var ioPressureMicroseconds: UInt64?
  /// Ticks that the hypervisor gave to others while a processor here wanted to run.
  public var stolenTicks: UInt64?
  /// Ticks of all processors, idle ones too.
  public var totalTicks: UInt64?

  /// Reads the counters.
  ///
  /// - Parameter tree: Where to read.
  public init(reading tree: KernelTree = .live) {
    cpuPressureMicroseconds = Self.pressure(tree.lines("/proc/pressure/cpu"))
    memoryPressureMicroseconds = Self.pressure(tree.lines("/proc/pressure/memory"))
    ioPressureMicroseconds = Self.pressure(tree.lines("/proc/pressure/io"))
    let line = tree.lines("/proc/stat").first { $0.hasPrefix("cpu ") } ?? ""
    let ticks = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
    // user nice system idle iowait irq softirq steal; guest time is within user and nice.
    if ticks.count >= 8 {
      stolenTicks = ticks[7]
      totalTicks = ticks[..<8].reduce(0) { $0 &+ $1 }
    }
  }

  /// The share of processor time stolen since an earlier reading, 0…1; nil where it is not known.
  public func stolenShare(since earlier: MachineNoise) -> Double? {
    guard let stolenTicks, let totalTicks, let before = earlier.stolenTicks,
      let totalBefore = earlier.totalTicks, totalTicks > totalBefore, stolenTicks >= before
    else { return nil }
    return Double(stolenTicks - before) / Double(totalTicks - totalBefore)
  }

  /// The share of the time since an earlier reading in which some task waited for a processor.
  ///
  /// - Parameters:
  ///   - earlier: The earlier reading.
  ///   - elapsedSeconds: The time in between.
  public func cpuPressureShare(since earlier: MachineNoise, elapsedSeconds: Double) -> Double? {
    guard elapsedSeconds > 0, let now = cpuPressureMicroseconds,
      let before = earlier.cpuPressureMicroseconds, now >= before
    else { return nil }
    return min(Double(now - before) / 1e6 / elapsedSeconds, 1)
  }

  private static func pressure(_ lines: [String]) -> UInt64? {
    let some = lines.first { $0.hasPrefix("some ") } ?? ""
    return some.split(separator: " ").first { $0.hasPrefix("total=") }
      .flatMap { UInt64($0.dropFirst("total=".count)) }
  }
}
