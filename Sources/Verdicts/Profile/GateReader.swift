internal import Measurements

/// Reads one gate of a profile.
struct GateReader {
  var list: DiagnosticList
  /// The keys under `scenarios`, whether or not they could be read.
  var scenarioKeys: [String]

  /// The gate under `entry`; nil where it has a mistake, which is then in the list.
  func read(_ entry: ProfileEntry) -> GateSpec? {
    let known = known(entry)
    let what = "gate '\(entry.key)'"
    guard let keys = KeyReader(entry.value, what, known: ProfileKeys.gate, list) else { return nil }
    let reason = keys.requiredText("reason")
    let source = keys.requiredText("source")
    let given = ProfileKeys.limits.filter { keys.node($0) != nil }
    guard let (name, metric) = known else { return nil }
    guard given == [metric.side.rawValue] else {
      let advice =
        given.count > 1
        ? "has \(given.joined(separator: " and ")); keep only '\(metric.side.rawValue)'"
        : "needs '\(metric.side.rawValue)' for its limit"
          + (given.first.map { ", not '\($0)'" } ?? "")
      list.add(given.first.map { keys.place(of: $0) } ?? entry.place, "\(what) \(advice)")
      return nil
    }
    let key = given[0]
    guard let reason, let source else {
      _ = limit(keys, key, metric)
      return nil
    }
    var gate = GateSpec(
      name: name, side: metric.side, limit: nil, word: nil, unit: metric.unit, reason: reason,
      source: source)
    if metric.unit == .word {
      guard let word = keys.word(key, of: ["nvme", "ssd", "hdd"]) else { return nil }
      gate.word = word
    } else {
      guard let limit = limit(keys, key, metric) else { return nil }
      gate.limit = limit
    }
    return gate
  }

  private func limit(_ keys: KeyReader, _ key: String, _ metric: GateMetric) -> Double? {
    guard metric.unit != .word else { return nil }
    guard let limit = keys.number(key, metric.quantity, in: 0...9e15, default: nil) else {
      return nil
    }
    guard limit > 0 || metric.zeroAllowed else {
      keys.fault(key, "a limit of 0 decides nothing; write \(metric.quantity.example)")
      return nil
    }
    return limit
  }

  private func known(_ entry: ProfileEntry) -> (GateName, GateMetric)? {
    guard let name = GateName(entry.key) else {
      let layers = GateLayer.allCases.map(\.rawValue)
      let layer = entry.key.split(separator: "/").first.map(String.init) ?? entry.key
      let hint = layers.contains(layer) ? "" : Suggestion.hint(for: layer, among: layers)
      list.add(
        entry.place,
        "'\(entry.key)' is not a gate's name: write layer/scenario/metric, such as "
          + "raw/random-read-4k/iops, with one of the layers \(layers.joined(separator: ", "))\(hint)"
      )
      return nil
    }
    switch name.layer {
    case .device:
      guard let metric = DeviceMetric(name) else {
        let names = DeviceMetric.allCases.map { "device/" + $0.rawValue }
        let hint = Suggestion.hint(for: entry.key, among: names)
        list.add(
          entry.place,
          "unknown gate '\(entry.key)'\(hint.isEmpty ? "; the device layer has \(names.joined(separator: ", "))" : hint)"
        )
        return nil
      }
      return (name, GateMetric(metric))
    case .raw, .engine: return measured(entry, name)
    case .aggregate:
      list.add(entry.place, "'\(entry.key)': gates over several devices cannot be measured yet")
      return nil
    }
  }

  private func measured(_ entry: ProfileEntry, _ name: GateName) -> (GateName, GateMetric)? {
    var sound = true
    let metrics = Metric.allCases.map(\.rawValue)
    let metric = Metric(rawValue: name.metric)
    if metric == nil {
      var place = entry.place
      // The key is plain text on one line, so the metric's column follows from its length.
      place.column += entry.key.unicodeScalars.count - name.metric.unicodeScalars.count
      let hint = Suggestion.hint(for: name.metric, among: metrics)
      let all = hint.isEmpty ? "; write one of \(metrics.joined(separator: ", "))" : hint
      list.add(place, "unknown metric '\(name.metric)' in gate '\(entry.key)'\(all)")
      sound = false
    }
    let key = name.layer == .raw ? name.scenario : "\(name.layer.rawValue)/\(name.scenario)"
    if !scenarioKeys.contains(key) {
      let hint = Suggestion.hint(for: key, among: scenarioKeys)
      list.add(
        entry.place, "gate '\(entry.key)' looks at scenario '\(key)', which does not exist\(hint)")
      sound = false
    }
    guard sound, let metric else { return nil }
    return (name, GateMetric(metric))
  }
}

/// What the limit of a gate must look like.
struct GateMetric {
  var side: LimitSide
  var unit: MetricUnit
  var quantity: QuantityKind
  var zeroAllowed: Bool

  init(_ metric: DeviceMetric) {
    side = metric.side
    unit = metric.unit
    quantity = metric.quantity
    zeroAllowed = metric.side == .max
  }

  init(_ metric: Metric) {
    unit = metric.unit
    zeroAllowed = false
    switch metric.unit {
    case .perSecond: (side, quantity) = (.min, .rate)
    case .bytesPerSecond: (side, quantity) = (.min, .bandwidth)
    default: (side, quantity) = (.max, .duration)
    }
  }
}
