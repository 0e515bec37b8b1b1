/// What one round of the engine layer says beyond a device's round.
public struct EngineRoundRecord: Codable, Sendable, Equatable {
  /// Keys that requests got, put or walked over: with batches and scans more than there are requests.
  public var entries: UInt64
  /// Time after the load until no flush and no compaction was pending or going on.
  ///
  /// It counts as time of the round. Nil where nobody waited for it.
  public var idleAfter: Nanoseconds?
  /// Whether that was reached in time; nil where nobody waited for it.
  public var becameIdle: Bool?
  /// Keys that were looked up in the store.
  public var gets: UInt64 = 0
  /// Lookups that the cache of keys answered.
  public var keyCacheHits: UInt64 = 0
  /// Data blocks that reads found in the block cache.
  public var blockCacheHits: UInt64 = 0
  /// Reads of the device for lookups and scans, by the store's own count.
  public var deviceReads: UInt64 = 0
  /// Their bytes, as they are stored.
  public var deviceReadBytes: UInt64 = 0
  /// Bytes that the kernel fetched from storage for this process over the round, whatever for; nil
  /// where it does not tell.
  public var kernelReadBytes: UInt64?
  /// Bytes that the kernel sent to storage for this process over the round; nil where it does not
  /// tell.
  public var kernelWriteBytes: UInt64?
  /// Time of the round, its ramp-up and wait for idleness included, in which the disk below had a request
  /// to work on; nil where the kernel does not tell, or where there are several disks.
  public var deviceBusy: Nanoseconds?
  /// Time of the same in which the disk below had nothing to do.
  public var deviceIdle: Nanoseconds?
  /// Time for which writers were delayed or stopped.
  public var stalled = Nanoseconds.zero
  /// Bytes of table files and logs at the round's end.
  public var storedBytes: UInt64 = 0
  /// The load that went on beside the round's own, up to the moment of idleness.
  public var beside: EngineBesideRecord?

  /// A round that moved so many keys.
  public init(entries: UInt64) { self.entries = entries }

  /// The share of lookups that the cache of keys answered; nil without lookups.
  public var hitRatio: Double? { gets > 0 ? Double(keyCacheHits) / Double(gets) : nil }

  /// The share of time in which the disk below had nothing to do, 0…1; nil where it is not known.
  public var deviceIdleShare: Double? {
    guard let deviceBusy, let deviceIdle, deviceBusy + deviceIdle > .zero else { return nil }
    return deviceIdle.seconds / (deviceBusy + deviceIdle).seconds
  }
}

extension EngineRoundRecord {
  /// Rounds together: counts and times add up, sizes are the last round's; nil without any.
  public init?(sumOf rounds: [EngineRoundRecord]) {
    guard var sum = rounds.first else { return nil }
    for round in rounds.dropFirst() {
      sum.entries &+= round.entries
      sum.gets &+= round.gets
      sum.keyCacheHits &+= round.keyCacheHits
      sum.blockCacheHits &+= round.blockCacheHits
      sum.deviceReads &+= round.deviceReads
      sum.deviceReadBytes &+= round.deviceReadBytes
      sum.stalled = sum.stalled + round.stalled
      sum.idleAfter = Self.sum(sum.idleAfter, round.idleAfter) { $0 + $1 }
      sum.becameIdle = Self.sum(sum.becameIdle, round.becameIdle) { $0 && $1 }
      sum.kernelReadBytes = Self.sum(sum.kernelReadBytes, round.kernelReadBytes, &+)
      sum.kernelWriteBytes = Self.sum(sum.kernelWriteBytes, round.kernelWriteBytes, &+)
      sum.deviceBusy = Self.sum(sum.deviceBusy, round.deviceBusy) { $0 + $1 }
      sum.deviceIdle = Self.sum(sum.deviceIdle, round.deviceIdle) { $0 + $1 }
      sum.storedBytes = round.storedBytes
      sum.beside = round.beside ?? sum.beside
    }
    self = sum
  }

  private static func sum<Value>(
    _ left: Value?, _ right: Value?, _ join: (Value, Value) -> Value
  ) -> Value? {
    guard let left, let right else { return left ?? right }
    return join(left, right)
  }
}

/// Point reads that go on while writes are measured.
public struct EngineBesideRecord: Codable, Sendable, Equatable {
  /// Reads a second that were due.
  public var ratePerSecond: Double
  /// Reads that completed.
  public var operations: UInt64
  /// The time in which they did.
  public var duration: Nanoseconds
  /// Their latencies, from when they were due.
  public var latency: LatencySummary

  /// Reports reads.
  public init(
    ratePerSecond: Double, operations: UInt64, duration: Nanoseconds, latency: LatencySummary
  ) {
    self.ratePerSecond = ratePerSecond
    self.operations = operations
    self.duration = duration
    self.latency = latency
  }

  /// The share of the reads that were due which completed.
  public var share: Double {
    let due = ratePerSecond * duration.seconds
    return due > 0 ? Double(operations) / due : 0
  }
}
