public import Measurements

/// The store that serves all scenarios of the engine layer: one store, one configuration.
public struct EngineSpec: Sendable, Equatable {
  /// Bytes of keys and values that it is filled with; nil takes half of the range, so that logs and
  /// compaction have the other half.
  public var dataBytes: UInt64?
  /// Memory of all its caches and write buffers together; nil takes the most that leaves data of
  /// ``EngineRule/dataFactor`` times the memory for each size of value.
  public var memoryBytes: UInt64?
  /// A power cut takes at most what was acknowledged within this time.
  public var durabilityDelay: Nanoseconds
  /// Shortest uncounted time before the first round of a scenario that reads, in which caches fill.
  public var warmUp: Nanoseconds
  /// Longest such time, where device reads a get go on changing; never less than ``warmUp``.
  public var warmUpLimit: Nanoseconds
  /// Longest time to wait until flush and compaction are idle.
  public var idleLimit: Nanoseconds

  /// What holds where a profile does not say otherwise.
  public static let standard = EngineSpec(
    dataBytes: nil, memoryBytes: nil, durabilityDelay: Nanoseconds(seconds: 0.01),
    warmUp: Nanoseconds(seconds: 10), warmUpLimit: Nanoseconds(seconds: 600),
    idleLimit: Nanoseconds(seconds: 600))
}

/// A size of value as profiles write it for scenarios of the store: `100`, `1k`, `1m`.
enum ValueText {
  /// The bytes; nil for anything but 1 byte to 1 MiB.
  static func bytes(_ text: String) -> Int? {
    var digits = text[...]
    var factor = 1
    switch text.last {
    case "k", "K": factor = 1024
    case "m", "M": factor = 1 << 20
    default: break
    }
    if factor > 1 { digits.removeLast() }
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(digits),
      (1...(1 << 20)).contains(count), count * factor <= 1 << 20
    else { return nil }
    return count * factor
  }
}

extension ScenarioSpec {
  /// Bytes of a value, for scenarios of the store.
  public var valueBytes: Int? { layer == .engine ? ValueText.bytes(block) : nil }

  /// Whether requests of a store look keys up, so that what its caches hold decides the figures.
  public var readsAtRandom: Bool { layer == .engine && reads && workload != "store-scan" }

  /// Whether every request writes: then the clock of a round stops when compaction is idle again.
  public var onlyWrites: Bool { writes && !reads }
}
