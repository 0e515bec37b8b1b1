internal import Measurements
internal import Verdicts
internal import Workloads

/// Sizes a store for the scenarios that it serves; pure.
///
/// Each size of value has keys of its own and an equal share of the data, and the memory is at most
/// the part of the smallest share that leaves the device to be judged.
struct EngineSizing {
  /// The store's keys are numbers, written out.
  static let keyBytes = 16
  /// Fewer keys than this in a space, and a batch or a multi-get would meet itself.
  static let keyCountMin: UInt64 = 10_000
  /// So many times its data a store may take up while logs and compaction run.
  static let spaceFactor: UInt64 = 2

  /// The store for `scenarios` within `rangeBytes`.
  ///
  /// - Throws: `TargetFailure` where the range is too small, or the memory for a store, which takes at least
  ///   `memoryBytesMin`.
  static func plan(
    _ profile: TierProfile, scenarios: [ScenarioSpec], rangeBytes: UInt64, memoryBytesMin: UInt64,
    seed: UInt64, runID: RunID
  ) throws(TargetFailure) -> EnginePlan {
    var sizes: [Int] = []
    for size in scenarios.compactMap(\.valueBytes) where !sizes.contains(size) {
      sizes.append(size)
    }
    let data = profile.engine.dataBytes ?? rangeBytes / spaceFactor
    guard data <= rangeBytes / spaceFactor else {
      throw TargetFailure(
        category: .usage,
        description: "engine.data of \(data) bytes needs a range of \(spaceFactor) times as many, "
          + "for logs and compaction, and the range has \(rangeBytes) bytes; give a larger --size, or a "
          + "smaller engine.data")
    }
    let share = data / UInt64(max(1, sizes.count))
    let spaces = sizes.map { size in
      EnginePlan.KeySpace(keyCount: share / UInt64(keyBytes + size), valueBytes: size)
    }
    let smallest = spaces.map { $0.keyCount * UInt64(keyBytes + $0.valueBytes) }.min() ?? 0
    let most = smallest / EngineRule.dataFactor
    var shortage: String?
    if let few = spaces.first(where: { $0.keyCount < keyCountMin }) {
      shortage =
        "holds \(few.keyCount) keys with values of \(few.valueBytes) bytes, and \(keyCountMin) are needed"
    } else if most < memoryBytesMin {
      shortage =
        "leaves a store \(most) bytes of memory, so that the device is judged, and it takes at least "
        + "\(memoryBytesMin)"
    }
    if let shortage {
      let needed = dataBytesMin(sizes, memoryBytesMin: memoryBytesMin)
      let remedy =
        if profile.engine.dataBytes != nil {
          "give an engine.data of \(needed) bytes or more"
        } else {
          // As ranges are cut to whole mebibytes, and more are.
          "give --size \(((needed * spaceFactor) >> 20 + 1) << 20) or more"
        }
      throw TargetFailure(
        category: .usage,
        description: "a store of \(data) bytes of data \(shortage); \(remedy), or --layer raw")
    }
    if let memory = profile.engine.memoryBytes, memory < memoryBytesMin {
      throw TargetFailure(
        category: .usage,
        description:
          "engine.memory of \(memory) bytes: a store takes at least \(memoryBytesMin); give that "
          + "or more, or --layer raw")
    }
    var plan = EnginePlan(
      keySpaces: spaces, memoryBytes: min(profile.engine.memoryBytes ?? most, most),
      durabilityDelay: profile.engine.durabilityDelay, seed: seed, runID: runID)
    plan.keyBytes = keyBytes
    plan.compressiblePercent = profile.preconditioning.compressiblePercent
    return plan
  }

  /// Bytes of data that are enough for values of such sizes, each with an equal share.
  private static func dataBytesMin(_ valueSizes: [Int], memoryBytesMin: UInt64) -> UInt64 {
    let shares = valueSizes.map { size in
      let entryBytes = UInt64(keyBytes + size)
      // Of whole entries.
      let entryCount = (memoryBytesMin * EngineRule.dataFactor + entryBytes - 1) / entryBytes
      return max(keyCountMin, entryCount) * entryBytes
    }
    return (shares.max() ?? 0) * UInt64(valueSizes.count)
  }
}

extension ScenarioSpec {
  /// What each request of a scenario of the store asks.
  var engineWorkload: EngineWorkload? {
    switch workload {
    case "store-random-read": .get
    case "store-random-write": .put
    case "store-batch-write": .batch(entries: 1000)
    case "store-batch-write-10k": .batch(entries: 10_000)
    case "store-multi-get-1000": .multiGet(keys: 1000)
    case "store-scan":
      // A mebibyte a request: enough work for one answer, and many answers a second.
      .scan(entries: max(1, (1 << 20) / (EngineSizing.keyBytes + (valueBytes ?? 0))))
    case "store-point-lookup": writes ? .mix(readPercent: readPercent) : .get
    default: nil
    }
  }
}
