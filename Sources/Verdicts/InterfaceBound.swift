public import Measurements

/// The most that a link can carry, by the standard's signalling rate and line code.
///
/// Packet headers and acknowledgements are left out, so the bound is never too low: a gate above
/// it cannot be met by any device.
public struct InterfaceBound: Sendable, Equatable {
  /// Bytes per second in each direction.
  public var bytesPerSecond: Double
  /// What carries them, such as `SATA 6 Gb/s` or `PCIe gen 4 x4`.
  public var name: String
  /// The sentence that says where the figure comes from.
  public var source: String
  /// Whether reads and writes pass each other without sharing the bandwidth.
  public var duplex: Bool

  /// The bound of a link; nil for a bus or generation that is not known.
  public init?(bus: String, generation: Int, lanes: Int) {
    switch bus {
    case "sata":
      // Serial ATA, physical layer: 1.5, 3 and 6 GBd with 8b/10b, so a byte takes ten bits.
      let rates: [Int: (Double, String)] = [1: (1.5, "1.5"), 2: (3, "3"), 3: (6, "6")]
      guard let (gigabaud, text) = rates[generation] else { return nil }
      bytesPerSecond = gigabaud * 1e9 / 10
      name = "SATA \(text) Gb/s"
      source = "Serial ATA signals \(text) Gb/s and 8b/10b spends ten bits a byte."
      duplex = false
    case "pcie":
      // PCI Express base specification: 8b/10b in generations 1 and 2, 128b/130b in 3 to 5, flits
      // of 242 payload bytes in 256 in 6.
      let rates: [Int: (Double, Double, String)] = [
        1: (2.5, 0.8, "8b/10b"), 2: (5, 0.8, "8b/10b"), 3: (8, 128.0 / 130, "128b/130b"),
        4: (16, 128.0 / 130, "128b/130b"), 5: (32, 128.0 / 130, "128b/130b"),
        6: (64, 242.0 / 256, "242 of 256 bytes of a flit"),
      ]
      guard let (transfers, share, code) = rates[generation], (1...16).contains(lanes) else {
        return nil
      }
      bytesPerSecond = transfers * 1e9 * share / 8 * Double(lanes)
      name = "PCIe gen \(generation) x\(lanes)"
      source =
        "PCI Express signals \(Quantity.plain(transfers)) GT/s a lane and carries data at \(code)."
      duplex = true
    default: return nil
    }
  }

  /// The bound of a link as it was trained; nil where the kernel does not tell.
  public init?(_ link: LinkRecord) {
    guard let generation = link.generation else { return nil }
    self.init(bus: link.bus, generation: generation, lanes: link.lanes ?? 1)
  }

  /// The most that `scenario` can reach in the unit of `metric`; nil for latencies.
  public func limit(of metric: Metric, in scenario: ScenarioSpec) -> Double? {
    let reads = scenario.workload == "random-mix" ? Double(scenario.readPercent) / 100 : 1
    // Both directions at once carry a mix on a duplex link; the busier one bounds it.
    let share = duplex ? max(reads, 1 - reads) : 1
    let bandwidth = bytesPerSecond / share
    switch metric {
    case .bandwidth: return bandwidth
    case .iops:
      let bytes = scenario.meanBlockBytes
      return bytes > 0 ? bandwidth / bytes : nil
    default: return nil
    }
  }

  /// Why `gate` cannot be met over this link, with the arithmetic; nil where it can.
  public func violation(of gate: GateSpec, in scenario: ScenarioSpec) -> String? {
    guard gate.name.layer == .raw, gate.side == .min, let limit = gate.limit,
      let metric = Metric(rawValue: gate.name.metric),
      let most = self.limit(of: metric, in: scenario),
      limit > most
    else { return nil }
    let carried = Figure.bandwidth(bytesPerSecond)
    let arithmetic: String
    let asked: String
    if metric == .iops {
      let block = Figure.size(scenario.meanBlockBytes)
      let mix = bytesPerSecond == most * scenario.meanBlockBytes ? "" : " in each direction"
      arithmetic = "\(carried)\(mix) ÷ \(block) = \(Figure.grouped(most))"
      asked = Figure.grouped(limit)
    } else {
      arithmetic = "it carries \(carried)"
      asked = Figure.bandwidth(limit)
    }
    return
      "gate '\(gate.name)' ≥ \(asked) is more than \(name) can carry: \(arithmetic). \(source) "
      + "Lower the limit, or ask it of the engine layer."
  }

  /// The raw gates of `profile` that no device can meet over the link as it was trained.
  public static func boundViolations(_ profile: TierProfile, link: LinkRecord) -> [BoundViolation] {
    guard let bound = InterfaceBound(link) else { return [] }
    return profile.gates.compactMap { gate in
      guard let scenario = profile.scenario(of: gate.name),
        let message = bound.violation(of: gate, in: scenario)
      else { return nil }
      return BoundViolation(gate: gate.name, message: message)
    }
  }
}

/// A gate that the subject's own link makes impossible.
public struct BoundViolation: Sendable, Equatable {
  /// The gate.
  public var gate: GateName
  /// The arithmetic, for people.
  public var message: String
}

extension TierProfile {
  /// The scenario that a gate looks at; nil for gates of the device layer.
  public func scenario(of gate: GateName) -> ScenarioSpec? {
    scenarios.first { $0.layer == gate.layer && $0.name == gate.scenario }
  }
}
