public import Measurements

/// How long a disk has been at work since it was attached.
public struct DeviceActivity: Sendable, Equatable {
  /// Time in which at least one request was on its way, flushes of its cache included: rather too much
  /// than too little.
  public var busy: Nanoseconds
  /// Requests that it completed.
  public var requests: Int64

  /// Counts that are known.
  public init(busy: Nanoseconds, requests: Int64) {
    self.busy = busy
    self.requests = requests
  }

  /// Reads the counters of a whole disk; nil where the kernel does not tell.
  ///
  /// From Linux 6.10 on ("block: support to account io_ticks precisely") the tenth field tells the time in
  /// which a request was on its way; before, it loses some. The sum of all requests' times, which counts
  /// those that were on their way at once as often as there were, is taken for it there. Times are in
  /// milliseconds, by the kernel's clock tick.
  ///
  /// Source: Documentation/block/stat.rst of the kernel.
  public init?(of device: BlockDevice) {
    let text = device.tree.text(device.sysfsPath + "/stat") ?? ""
    let fields = text.split(separator: " ").map { Int64($0) }
    func sum(_ indices: [Int]) -> Int64? {
      var sum: Int64 = 0
      for index in indices where index < fields.count {
        guard let field = fields[index], field >= 0 else { return nil }
        let (total, overflow) = sum.addingReportingOverflow(field)
        guard !overflow else { return nil }
        sum = total
      }
      return sum
    }
    // Reads, writes, discards and flushes; the last two came later.
    let times = Self.isPrecise(device.tree) ? [9, 16] : [3, 7, 14, 16]
    guard fields.count >= 11, let milliseconds = sum(times), let count = sum([0, 4, 11, 15]) else {
      return nil
    }
    let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return nil }
    self.init(busy: Nanoseconds(nanoseconds), requests: count)
  }

  private static func isPrecise(_ tree: KernelTree) -> Bool {
    let release = tree.text("/proc/sys/kernel/osrelease") ?? ""
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    guard numbers.count == 2 else { return false }
    return numbers[0] > 6 || numbers[0] == 6 && numbers[1] >= 10
  }

  /// How much of `elapsed`, which ended now, the disk was at work, and how much it was not.
  ///
  /// - Parameters:
  ///   - earlier: What its counters told at the beginning.
  ///   - elapsed: The time between.
  /// - Returns: Two times that make up `elapsed`; nil where the counters did not move, as those of a disk that
  ///   keeps none do not, or went backwards.
  public func share(
    since earlier: DeviceActivity, of elapsed: Nanoseconds
  ) -> (busy: Nanoseconds, idle: Nanoseconds)? {
    guard requests > earlier.requests, busy >= earlier.busy, elapsed > .zero else { return nil }
    let worked = min(busy - earlier.busy, elapsed)
    return (worked, elapsed - worked)
  }
}
