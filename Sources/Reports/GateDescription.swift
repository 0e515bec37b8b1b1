import Measurements

/// A gate in words: what every report says of it, before it is escaped for its format.
struct GateDescription {
  /// What was measured, such as `random read 4k, depth 64`.
  var label: String
  /// The value, such as `703 412 IOPS`, or ``Quantity/missing``.
  var value: String
  /// The confidence interval, such as `±1.1 %`; empty where there is none.
  var interval: String
  /// The end of the interval that the limit was held against, such as `from 695 675`; empty where
  /// there is none, or the interval names it already.
  var bound: String
  /// The limit, such as `≥ 500 000`.
  var limit: String
  /// `PASS`, `FAIL`, `INCONCLUSIVE` or `not applicable`.
  var outcome: String
  /// What bound it and why, such as `device: write latency rose`; empty where nothing is to say.
  var explanation: String

  /// Puts `gate` into words, with the scenario that measured it, where one did.
  init(_ gate: GateResult, scenario: ScenarioRecord?) {
    label = Self.label(gate.name, scenario: scenario)
    limit = Self.limit(gate)
    value = Self.value(gate)
    interval = Self.interval(gate)
    bound = interval.hasPrefix("±") ? Self.decidingBound(gate) : ""
    outcome = Self.word(gate.outcome)
    explanation = [gate.bound.map(Self.word), gate.reason].compactMap { $0 }
      .joined(separator: ": ")
  }

  /// The interval with the end that was held against the limit, such as `±1.1 %, from 695 675`.
  var intervalWithBound: String { bound.isEmpty ? interval : "\(interval), \(bound)" }

  /// Finds the scenario of each gate in `record`.
  static func all(of record: RunRecord) -> [(gate: GateResult, words: GateDescription)] {
    (record.verdict?.gates ?? []).map { gate in
      let phase = record.phases.first {
        $0.kind == .scenario && $0.name == gate.name.phaseName
      }
      return (gate, GateDescription(gate, scenario: phase?.scenario))
    }
  }

  /// The word for an outcome, as it ends a line.
  static func word(_ outcome: Outcome) -> String {
    switch outcome {
    case .pass: "PASS"
    case .fail: "FAIL"
    case .inconclusive: "INCONCLUSIVE"
    case .notApplicable: "not applicable"
    }
  }

  /// The word for what bound a gate.
  static func word(_ bound: Bound) -> String {
    switch bound {
    case .device: "device"
    case .link: "link"
    case .numa: "NUMA"
    case .cpu: "CPU"
    case .thermal: "heat"
    case .neighbour: "neighbours"
    case .store: "store"
    }
  }

  /// A scenario's or phase's name in words: `random-read-4k` is `random read 4k`.
  static func spaced(_ name: String) -> String {
    String(name.map { $0 == "-" || $0 == "/" ? " " : $0 })
  }

  /// `value` in the unit of `gate`, with as many digits as it takes to differ from the limit.
  static func number(_ value: Double, of gate: GateResult) -> String {
    guard let limit = gate.limit, value != limit else { return number(value, gate, digits: 3) }
    // A value that misses its limit by a hair must not look like the limit.
    let shown = number(limit, gate, digits: 9)
    for digits in 3..<9 {
      let text = number(value, gate, digits: digits)
      if Quantity.trimmedQuantity(text) != Quantity.trimmedQuantity(shown) { return text }
    }
    return number(value, gate, digits: 9)
  }

  private static func number(_ value: Double, _ gate: GateResult, digits: Int) -> String {
    guard value.isFinite else { return Quantity.missing }
    switch gate.unit {
    case .perSecond: return Quantity.rateInFull(value, digits: max(digits, 4))
    case .bytesPerSecond: return Quantity.bandwidth(value, digits: digits)
    case .nanoseconds:
      return Quantity.latency(nanoseconds: value, beside: gate.limit ?? value, digits: digits)
    case .bytes: return Quantity.scaled(value, in: Quantity.Unit.capacity, digits: digits)
    case .count, .word: return Quantity.plain(value)
    }
  }

  private static func label(_ name: GateName, scenario: ScenarioRecord?) -> String {
    var label = spaced(name.scenario)
    if name.layer != .raw { label = "\(name.layer.rawValue) \(label)" }
    // Rates and sizes say by their unit what they are.
    if name.metric != Metric.iops.rawValue, name.metric != Metric.bandwidth.rawValue {
      label += " \(spaced(name.metric))"
    }
    guard let scenario else { return label }
    if let rate = scenario.ratePerSecond {
      return "\(label), \(Quantity.arrivals(rate))"
    }
    let (inFlight, overflow) = scenario.depth.multipliedReportingOverflow(by: scenario.threads)
    return "\(label), depth \(overflow ? scenario.depth : inFlight)"
  }

  private static func value(_ gate: GateResult) -> String {
    if let word = gate.valueWord { return word }
    guard let value = gate.value else { return Quantity.missing }
    return number(value, of: gate)
  }

  private static func limit(_ gate: GateResult) -> String {
    let sign =
      switch gate.side {
      case .min: "≥"
      case .max: "≤"
      case .equals: "="
      }
    if let word = gate.limitWord { return "\(sign) \(word)" }
    guard let limit = gate.limit, limit.isFinite else { return "" }
    if gate.unit == .perSecond { return "\(sign) \(Quantity.plain(limit))" }
    return "\(sign) \(Quantity.trimmedQuantity(number(limit, gate, digits: 9)))"
  }

  private static func interval(_ gate: GateResult) -> String {
    guard let value = gate.value, value.isFinite, gate.valueWord == nil else { return "" }
    let lower = gate.lower.flatMap { $0.isFinite ? $0 : nil }
    let upper = gate.upper.flatMap { $0.isFinite ? $0 : nil }
    switch (lower, upper) {
    case (nil, nil): return ""
    case (let lower?, nil): return "from \(number(lower, of: gate))"
    case (nil, let upper?): return "to \(number(upper, of: gate))"
    case (let lower?, let upper?):
      // The longer half: intervals from order statistics are not symmetric.
      let half = max(upper - value, value - lower)
      guard lower <= value, value <= upper, value > 0 else {
        return "\(number(lower, of: gate)) to \(number(upper, of: gate))"
      }
      return "±\(Quantity.percent(fraction: half / value))"
    }
  }
}

extension GateDescription {
  /// The end of the interval that decided the gate, or kept it from being decided.
  fileprivate static func decidingBound(_ gate: GateResult) -> String {
    guard let value = gate.value, let limit = gate.limit else { return "" }
    let isOnGoodSide: Bool
    switch gate.side {
    case .min: isOnGoodSide = value >= limit
    case .max: isOnGoodSide = value <= limit
    case .equals: return ""
    }
    // A value on the good side is held against the limit with the end that lies nearer to it.
    let isLower = (gate.side == .min) == isOnGoodSide
    guard let end = isLower ? gate.lower : gate.upper, end.isFinite else { return "" }
    let text = number(end, of: gate)
    let bare = text.hasSuffix(" IOPS") ? String(text.dropLast(" IOPS".count)) : text
    return (isLower ? "from " : "to ") + bare
  }
}

extension GateName {
  /// The name of the phase that measures it.
  var phaseName: String { layer == .raw ? scenario : "\(layer.rawValue)/\(scenario)" }
}

extension Quantity {
  /// A number and its unit without the zeros at the number's end: `2.00 GB/s` is `2 GB/s`.
  static func trimmedQuantity(_ text: String) -> String {
    guard let space = text.lastIndex(of: " ") else { return trimmed(text) }
    return trimmed(String(text[..<space])) + text[space...]
  }
}
