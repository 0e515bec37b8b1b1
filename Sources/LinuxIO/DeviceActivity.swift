public import Measurements

/// How long a disk has been at work since it was attached.
public struct DeviceActivity: Sendable, Equatable {
  /// Time in which at least one request was on its way, flushes of its cache included.
  ///
  /// In steps of the kernel's clock tick, 1…10 ms; it adds up where a flush and other requests are on
  /// their way at once.
  public var busy: Nanoseconds

  /// A time that is known.
  public init(busy: Nanoseconds) { self.busy = busy }

  /// Reads the counters of a whole disk; nil where the kernel does not tell.
  ///
  /// Source: Documentation/block/stat.rst of the kernel: the tenth field is `io_ticks`, the
  /// seventeenth, from Linux 5.5 on, the time of flushes; both in milliseconds.
  public init?(of device: BlockDevice) {
    let fields = device.tree.text(device.sysfsPath + "/stat")?.split(separator: " ") ?? []
    guard fields.count >= 11, let requests = Int64(fields[9]) else { return nil }
    let flushes = fields.count >= 17 ? Int64(fields[16]) ?? 0 : 0
    let milliseconds = requests.addingReportingOverflow(flushes)
    let nanoseconds = milliseconds.partialValue.multipliedReportingOverflow(by: 1_000_000)
    guard !milliseconds.overflow, !nanoseconds.overflow else { return nil }
    busy = Nanoseconds(nanoseconds.partialValue)
  }

  /// How much of `elapsed`, which ended now, the disk was at work, and how much it was not.
  ///
  /// - Parameters:
  ///   - earlier: What its counters told at the beginning.
  ///   - elapsed: The time between.
  /// - Returns: Two times that make up `elapsed`; nil where the counters went backwards.
  public func share(
    since earlier: DeviceActivity, of elapsed: Nanoseconds
  ) -> (busy: Nanoseconds, idle: Nanoseconds)? {
    guard busy >= earlier.busy, elapsed > .zero else { return nil }
    let worked = min(busy - earlier.busy, elapsed)
    return (worked, elapsed - worked)
  }
}
