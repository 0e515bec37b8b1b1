/// How the machine's processors spent their time since it started, in clock ticks of all of them together.
///
/// Source: proc(5), `/proc/stat`.
public struct CPUTicks: Sendable, Equatable {
  /// In which a processor did something.
  public var busy: UInt64
  /// In which the hypervisor let a processor wait.
  public var stolen: UInt64
  /// In all.
  public var total: UInt64

  /// Counts of a moment.
  public init(busy: UInt64, stolen: UInt64, total: UInt64) {
    self.busy = busy
    self.stolen = stolen
    self.total = total
  }

  /// Reads the counters; nil where the kernel does not tell.
  public init?(tree: KernelTree = .live) {
    let line = tree.lines("/proc/stat").first { $0.hasPrefix("cpu ") } ?? ""
    let counts = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
    // user nice system idle iowait irq softirq steal; guest time is within user and nice.
    guard counts.count >= 8 else { return nil }
    let total = counts[..<8].reduce(0) { $0 &+ $1 }
    let waiting = counts[3] &+ counts[4] &+ counts[7]
    self.init(busy: total > waiting ? total - waiting : 0, stolen: counts[7], total: total)
  }

  /// The share of time since an earlier moment in which processors were busy; nil where none went by.
  public func busyShare(since earlier: CPUTicks) -> Double? {
    guard total > earlier.total, busy >= earlier.busy else { return nil }
    return min(Double(busy - earlier.busy) / Double(total - earlier.total), 1)
  }
}
