internal import Measurements

/// The canonical YAML of a resolved profile: every key written out, nothing inherited.
struct ProfileText {
  private(set) var text = ""

  init(_ profile: TierProfile) {
    line(0, "schema", "1")
    line(0, "name", profile.name)
    line(0, "tier", profile.tier.rawValue)
    line(0, "summary", Self.quoted(profile.summary))
    line(0, "demonstration", "\(profile.demonstration)")
    line(0, "read-only", "\(profile.readOnly)")
    if let link = profile.link {
      line(0, "link", "")
      line(1, "bus", link.bus)
      line(1, "generation", "\(link.generation)")
      line(1, "lanes", "\(link.lanes)")
      line(1, "reason", Self.quoted(link.reason))
      line(1, "source", Self.quoted(link.source))
    }
    if let rated = profile.ratedBytesWritten {
      line(0, "endurance", "")
      line(1, "rated-tbw", "\(rated) B")
    }
    line(0, "reserve", Quantity.text(Double(profile.freeSpaceReserveBytes), as: .size))
    if let file = profile.fileBytes {
      line(0, "file-size", Quantity.text(Double(file), as: .size))
    }
    if let range = profile.rangeBytes {
      line(0, "range-size", Quantity.text(Double(range), as: .size))
    }
    write(profile.preconditioning)
    write(profile.steadyState)
    write(profile.rounds)
    line(0, "confidence", Quantity.plain(profile.confidence))
    line(0, "stall-limit", Self.time(profile.stallLimit))
    write(profile.engine)
    line(0, "scenarios", "")
    for scenario in profile.scenarios { write(scenario) }
    line(0, "gates", "")
    for gate in profile.gates { write(gate) }
  }

  private mutating func write(_ spec: PreconditioningSpec) {
    line(0, "preconditioning", "")
    line(1, "discard", "\(spec.discard)")
    line(1, "passes", Quantity.plain(spec.passes))
    line(1, "block", Quantity.text(Double(spec.blockBytes), as: .size))
    line(1, "depth", "\(spec.depth)")
    line(1, "compressible-percent", "\(spec.compressiblePercent)")
  }

  private mutating func write(_ spec: SteadyStateSpec) {
    line(0, "steady-state", "")
    if let scenario = spec.scenario { line(1, "scenario", scenario) }
    line(1, "round", Self.time(spec.round))
    line(1, "window", "\(spec.windowRounds)")
    line(1, "max-rounds", "\(spec.maxRounds)")
    line(1, "spread-limit", Quantity.plain(spec.spreadLimit))
    line(1, "slope-limit", Quantity.plain(spec.slopeLimit))
  }

  private mutating func write(_ spec: RoundSpec) {
    line(0, "rounds", "")
    line(1, "duration", Self.time(spec.duration))
    line(1, "ramp-up", Self.time(spec.rampUp))
    line(1, "min", "\(spec.min)")
    line(1, "step", "\(spec.step)")
    line(1, "max", "\(spec.max)")
  }

  private mutating func write(_ spec: EngineSpec) {
    line(0, "engine", "")
    if let data = spec.dataBytes { line(1, "data", Quantity.text(Double(data), as: .size)) }
    if let memory = spec.memoryBytes { line(1, "memory", Quantity.text(Double(memory), as: .size)) }
    line(1, "durability-delay", Self.time(spec.durabilityDelay))
    line(1, "warm-up", Self.time(spec.warmUp))
    line(1, "warm-up-limit", Self.time(spec.warmUpLimit))
    line(1, "idle-limit", Self.time(spec.idleLimit))
  }

  private mutating func write(_ scenario: ScenarioSpec) {
    line(1, scenario.phaseName, "")
    line(2, "workload", scenario.workload)
    line(2, "block", scenario.block)
    line(2, "read-percent", "\(scenario.readPercent)")
    line(2, "depth", "\(scenario.depth)")
    if let threads = scenario.threads { line(2, "threads", "\(threads)") }
    line(2, "arrival", scenario.arrival)
    if let rate = scenario.ratePerSecond { line(2, "rate", Quantity.text(rate, as: .rate)) }
    line(2, "distribution", scenario.distribution)
    line(2, "range", scenario.range.rawValue)
    if let round = scenario.round { line(2, "round", Self.time(round)) }
    if let reads = scenario.pointReadsPerSecond {
      line(2, "point-reads", Quantity.text(reads, as: .rate))
    }
  }

  private mutating func write(_ gate: GateSpec) {
    line(1, gate.name.description, "")
    let kind = DeviceMetric(gate.name)?.quantity ?? Self.quantity(gate.unit)
    let limit = gate.word ?? gate.limit.map { Quantity.text($0, as: kind) } ?? ""
    line(2, gate.side.rawValue, limit)
    line(2, "reason", Self.quoted(gate.reason))
    line(2, "source", Self.quoted(gate.source))
  }

  private mutating func line(_ level: Int, _ key: String, _ value: String) {
    text +=
      String(repeating: "  ", count: level) + key + (value.isEmpty ? ":" : ": " + value) + "\n"
  }

  private static func time(_ time: Nanoseconds) -> String {
    Quantity.text(Double(time.rawValue), as: .duration)
  }

  private static func quantity(_ unit: MetricUnit) -> QuantityKind {
    switch unit {
    case .perSecond: .rate
    case .bytesPerSecond: .bandwidth
    case .nanoseconds: .duration
    case .bytes: .size
    case .count, .word: .count
    }
  }

  /// A double-quoted YAML scalar.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        // Everything that YAML does not print as itself, line separators and the mark of byte
        // order among it.
        if scalar.properties.generalCategory.isPrintable {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
      }
    }
    return result + "\""
  }
}

extension Unicode.GeneralCategory {
  fileprivate var isPrintable: Bool {
    switch self {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      false
    default: true
    }
  }
}
