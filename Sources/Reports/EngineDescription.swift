import Measurements

/// What a store did, in words, before it is escaped for a format.
struct EngineDescription {
  private let sum: EngineRoundRecord

  /// Takes rounds together.
  init(_ sum: EngineRoundRecord) { self.sum = sum }

  /// The figures beside a phase's rate, such as `hit ratio 91 %`.
  var figures: [String] {
    var figures = ["\(Quantity.count(sum.entries)) entries"]
    if sum.gets > 0, sum.beside == nil {
      figures.append("hit ratio \(hitRatio)")
      figures.append("\(deviceReads) device reads a get")
    }
    if sum.idleAfter != nil { figures.append("idle after \(idle)") }
    if sum.beside != nil { figures.append("beside \(beside)") }
    return figures
  }

  /// The share of lookups that the cache of keys answered.
  var hitRatio: String { sum.hitRatio.map { Quantity.percent(fraction: $0) } ?? Quantity.missing }

  /// Device reads for each key looked up.
  var deviceReads: String {
    guard sum.gets > 0 else { return Quantity.missing }
    let share = Double(sum.deviceReads) / Double(sum.gets)
    return Quantity.plain((share * 1000).rounded() / 1000)
  }

  /// How long caches filled before anything was counted.
  static func warmUp(_ warmUp: WarmUpRecord?) -> String {
    guard let warmUp else { return "" }
    return Quantity.duration(warmUp.duration) + (warmUp.becameSteady ? "" : ", still filling")
  }

  /// Time until flush and compaction were idle, over all rounds.
  var idle: String {
    guard let idle = sum.idleAfter else { return "" }
    return (sum.becameIdle == false ? "not within " : "") + Quantity.duration(idle)
  }

  /// The share of time in which the disk below had something to do.
  var deviceBusy: String {
    sum.deviceIdleShare.map { Quantity.percent(fraction: 1 - $0) } ?? Quantity.missing
  }

  /// Time for which writers were delayed or stopped.
  var stalled: String { Quantity.duration(sum.stalled) }

  /// Bytes of table files and logs.
  var stored: String { Quantity.bytes(sum.storedBytes) }

  /// Point reads that went on beside writes.
  var beside: String {
    guard let beside = sum.beside else { return "" }
    return "\(Quantity.arrivals(beside.ratePerSecond)) reads, "
      + "\(Quantity.percent(fraction: min(1, beside.share))) done, "
      + "p99 \(Quantity.latency(nanoseconds: Double(beside.latency.p99)))"
  }

  /// The facts of a store, name and value.
  static func rows(_ engine: EngineRecord) -> [[String]] {
    let data = engine.keySpaces.reduce(0) { $0 &+ $1.dataBytes }
    let delay = engine.durabilityDelay.map { ", at most \(Quantity.duration($0)) lost" } ?? ""
    var rows = [
      ["name", engine.name], ["library", engine.library],
      ["durability", engine.durability + delay], ["data", Quantity.bytes(data)],
      ["caches", Quantity.bytes(engine.cacheBytes)],
      ["direct reads", engine.directReads ? "yes" : "no"],
    ]
    rows += engine.keySpaces.map {
      [
        "keys with values of \($0.valueBytes) B",
        "\(Quantity.count($0.keyCount)), \(Quantity.bytes($0.dataBytes))",
      ]
    }
    return rows + engine.configuration.map { ["configuration", $0] }
  }
}
