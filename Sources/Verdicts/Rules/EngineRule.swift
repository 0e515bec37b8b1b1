public import Measurements

/// Whether figures of a store tell of the device below it: pure.
///
/// It is the device that is judged, not the machine's memory: data well beyond all caches, the page
/// cache out of the way, and reads that reach the device. Writes count only as far as a power cut
/// leaves them, with point reads going on, and until compaction is idle again.
public struct EngineRule: Sendable {
  /// So many times the memory of all caches the data must be.
  public static let dataFactor: UInt64 = 4
  /// The longest time of which a power cut may take the acknowledged writes.
  public static let delayLimit = Nanoseconds(10_000_000)
  /// The share of gets, of scans the share of bytes, below which the device was not read.
  public static let deviceShareLimit = 0.01
  /// The share of what the store reads that the kernel must have fetched from storage.
  ///
  /// Less came out of the page cache. A half, because the kernel counts whole pages and whole rounds,
  /// and the store its blocks.
  public static let kernelShareLimit = 0.5
  /// The share of the point reads due beside writes that must have completed.
  public static let besideShareLimit = 0.9

  /// The doubt about figures that caches may have made.
  static let memoryMeasured = "memory was measured"

  /// Everything that keeps the rounds of `scenario` from telling of the device; empty where they do.
  ///
  /// - Parameters:
  ///   - scenario: A scenario of the engine layer.
  ///   - rounds: Its rounds, in order.
  ///   - engine: The store that they ran on.
  /// - Returns: Reasons for people, each with the figures seen.
  public static func doubts(
    _ scenario: ScenarioSpec, rounds: [RoundRecord], engine: EngineRecord?
  ) -> [String] {
    guard let engine else { return ["the record does not tell which store was judged"] }
    let found = rounds.compactMap(\.engine)
    guard found.count == rounds.count else {
      return ["\(rounds.count - found.count) rounds tell nothing of the store"]
    }
    return [
      data(scenario, engine), pageCache(engine), durability(scenario, engine),
      scenario.reads ? deviceReads(scenario, rounds, found) : nil, kernel(scenario, found),
      scenario.onlyWrites ? beside(found) : nil, scenario.onlyWrites ? idle(found) : nil,
    ].compactMap { $0 }
  }

  /// Data of the scenario's own keys must be a multiple of the memory that can answer for them.
  static func data(_ scenario: ScenarioSpec, _ engine: EngineRecord) -> String? {
    guard let space = engine.keySpaces.first(where: { $0.valueBytes == scenario.valueBytes }) else {
      return "the store holds no values of \(scenario.block) bytes"
    }
    let (needed, overflow) = engine.cacheBytes.multipliedReportingOverflow(by: dataFactor)
    guard overflow || space.dataBytes < needed else { return nil }
    return "data of \(Figure.size(Double(space.dataBytes))) is less than \(dataFactor) times the "
      + "caches' \(Figure.size(Double(engine.cacheBytes))): \(memoryMeasured)"
  }

  /// Table files must be read past the page cache.
  static func pageCache(_ engine: EngineRecord) -> String? {
    engine.directReads
      ? nil
      : "the store read its table files through the page cache, so the device cannot be judged"
  }

  /// Writes count from `grouped` with a short delay upwards.
  static func durability(_ scenario: ScenarioSpec, _ engine: EngineRecord) -> String? {
    guard scenario.writes else { return nil }
    switch engine.durability {
    case "sync": return nil
    case "grouped":
      guard let delay = engine.durabilityDelay else { return "the delay of 'grouped' is not known" }
      return delay <= delayLimit
        ? nil
        : "a power cut takes the writes of \(Figure.time(Double(delay.rawValue))), more than "
          + Figure.time(Double(delayLimit.rawValue))
    default: return "writes were acknowledged with durability '\(engine.durability)'"
    }
  }

  /// Reads that memory answers say nothing of the device.
  static func deviceReads(
    _ scenario: ScenarioSpec, _ rounds: [RoundRecord], _ found: [EngineRoundRecord]
  ) -> String? {
    let isScan = scenario.workload == "store-scan"
    let reads = found.reduce(0.0) { $0 + Double(isScan ? $1.deviceReadBytes : $1.deviceReads) }
    let all =
      isScan
      ? rounds.reduce(0.0) { $0 + Double($1.bytes) } : found.reduce(0.0) { $0 + Double($1.gets) }
    guard all > 0 else { return "the store counted no reads" }
    guard reads / all < deviceShareLimit else { return nil }
    return "the device was read for \(Figure.percent(reads / all)) of the "
      + (isScan ? "bytes scanned" : "gets") + ", less than \(Figure.percent(deviceShareLimit)): "
      + memoryMeasured
  }

  /// What the store says that it read must have come from storage, as the kernel counts it.
  static func kernel(_ scenario: ScenarioSpec, _ found: [EngineRoundRecord]) -> String? {
    let claimed = found.reduce(0.0) { $0 + Double($1.deviceReadBytes) }
    let counts = found.compactMap(\.kernelReadBytes)
    guard claimed > 0, counts.count == found.count else { return nil }
    let fetched = counts.reduce(0.0) { $0 + Double($1) }
    guard fetched < claimed * kernelShareLimit else { return nil }
    return "the store read \(Figure.size(claimed)), and the kernel fetched only "
      + "\(Figure.size(fetched)) from storage: the page cache answered"
  }

  /// Caches must have stopped filling before anything was counted.
  static func filling(_ warmUp: WarmUpRecord?) -> String? {
    guard let warmUp, !warmUp.becameSteady else { return nil }
    let reads =
      warmUp.deviceReadsPerGet.map { ", at \(Figure.digits($0)) device reads a get" } ?? ""
    return "the caches were still filling after \(Figure.time(Double(warmUp.duration.rawValue)))"
      + reads
  }

  /// Point reads must have gone on while writes were measured.
  static func beside(_ found: [EngineRoundRecord]) -> String? {
    let beside = found.compactMap(\.beside)
    guard beside.count == found.count, !beside.isEmpty else {
      return "no point reads went on while writes were measured"
    }
    let due = beside.reduce(0.0) { $0 + $1.ratePerSecond * $1.duration.seconds }
    let done = beside.reduce(0.0) { $0 + Double($1.operations) }
    guard due <= 0 || done < due * besideShareLimit else { return nil }
    let share = due > 0 ? done / due : 0
    return "only \(Figure.percent(share)) of the point reads due beside the writes completed"
  }

  /// The clock of a round of writes stops when compaction is idle; it must have come to that.
  static func idle(_ found: [EngineRoundRecord]) -> String? {
    let busy = found.count { $0.becameIdle != true || $0.idleAfter == nil }
    guard busy > 0 else { return nil }
    return "compaction was not idle within the limit after \(busy) of \(found.count) rounds"
  }
}
