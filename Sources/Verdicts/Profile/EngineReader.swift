internal import Measurements

extension ProfileReader {
  /// The store of the engine layer; nil, with a mistake added, where a key of it is wrong.
  func engine(_ keys: KeyReader) -> EngineSpec? {
    guard let node = keys.node("engine") else { return .standard }
    guard let keys = KeyReader(node, "'engine'", known: ProfileKeys.engine, list) else {
      return nil
    }
    let standard = EngineSpec.standard
    let data = keys.number("data", .size, in: 1_048_576...9e15, default: 0)
    let memory = keys.number("memory", .size, in: 1_048_576...9e15, default: 0)
    // Longer than that is no durability that a gate on writes may count with.
    let delay = keys.number(
      "durability-delay", .duration, in: 1e5...Double(EngineRule.delayLimit.rawValue),
      default: Double(standard.durabilityDelay.rawValue))
    let warmUp = keys.number(
      "warm-up", .duration, in: 0...3600e9, default: Double(standard.warmUp.rawValue))
    let warmUpLimit = keys.number(
      "warm-up-limit", .duration, in: 0...86_400e9, default: Double(standard.warmUpLimit.rawValue))
    let idle = keys.number(
      "idle-limit", .duration, in: 1e9...86_400e9, default: Double(standard.idleLimit.rawValue))
    if let data, let memory, data > 0, memory * Double(EngineRule.dataFactor) > data {
      keys.fault(
        "memory",
        "'memory' in 'engine' is more than a quarter of 'data': the caches would be judged, not the "
          + "device")
      return nil
    }
    guard let data, let memory, let delay, let warmUp, let warmUpLimit, let idle else {
      return nil
    }
    return EngineSpec(
      dataBytes: data == 0 ? nil : UInt64(data), memoryBytes: memory == 0 ? nil : UInt64(memory),
      durabilityDelay: Nanoseconds(Int64(delay)), warmUp: Nanoseconds(Int64(warmUp)),
      warmUpLimit: Nanoseconds(Int64(max(warmUp, warmUpLimit))),
      idleLimit: Nanoseconds(Int64(idle)))
  }
}
