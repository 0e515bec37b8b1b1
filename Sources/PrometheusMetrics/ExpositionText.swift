/// In which form metrics are told.
public enum ExpositionFormat: Sendable, Equatable {
  /// Prometheus' own text format 0.0.4, which node_exporter's textfile collector reads, too.
  case text
  /// OpenMetrics 1.0.
  case openMetrics

  /// What HTTP calls it.
  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The form that a client prefers by its `Accept` header: text, unless it wants OpenMetrics no less.
  ///
  /// Source: RFC 9110, section 12.5.1; a type that is not named has the weight of `*/*`.
  public init(accept: String) {
    var openMetrics = 0.0
    var text: Double?
    var any = 0.0
    for part in accept.split(separator: ",") {
      let fields = part.split(separator: ";").map { $0.trimmed().lowercased() }
      let weight =
        fields.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      switch fields.first {
      case "application/openmetrics-text":
        let version = fields.dropFirst().first { $0.hasPrefix("version=") }
        guard version == nil || version == "version=1.0.0" else { continue }
        openMetrics = max(openMetrics, weight)
      case "text/plain": text = max(text ?? 0, weight)
      case "*/*", "text/*": any = max(any, weight)
      default: continue
      }
    }
    self = openMetrics > 0 && openMetrics >= text ?? any ? .openMetrics : .text
  }
}

/// Metrics as text: pure.
///
/// Sources: "Exposition formats" of Prometheus' documentation, and the OpenMetrics 1.0 specification.
enum ExpositionText {
  static func text(_ entries: [PrometheusRegistry.Entry], _ format: ExpositionFormat) -> String {
    var text = ""
    for entry in entries {
      let name = familyName(entry.family, format)
      if !entry.family.help.isEmpty {
        text += "# HELP \(name) \(escaped(entry.family.help, isHelp: format == .text))\n"
      }
      text += "# TYPE \(name) \(typeName(entry.family.kind))\n"
      let series = entry.series.sorted { left, right in
        left.key.lexicographicallyPrecedes(right.key) { ($0.name, $0.value) < ($1.name, $1.value) }
      }
      for (labels, series) in series {
        text += samples(entry.family, name, labels, series.value, format)
      }
    }
    return format == .openMetrics ? text + "# EOF\n" : text
  }

  private static func samples(
    _ family: MetricFamily, _ name: String, _ labels: [PrometheusRegistry.Label],
    _ value: Series.Value, _ format: ExpositionFormat
  ) -> String {
    switch family.kind {
    case .counter:
      let sample = format == .openMetrics ? name + "_total" : name
      return "\(sample)\(braced(labels)) \(number(value.number))\n"
    case .gauge: return "\(name)\(braced(labels)) \(number(value.number))\n"
    case .histogram(let bounds):
      var text = ""
      var sum: UInt64 = 0
      for (index, count) in value.counts.enumerated() {
        sum += count
        let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
        let label = PrometheusRegistry.Label(name: "le", value: bound)
        text += "\(name)_bucket\(braced(labels + [label])) \(sum)\n"
      }
      return text + "\(name)_sum\(braced(labels)) \(number(value.number))\n"
        + "\(name)_count\(braced(labels)) \(sum)\n"
    }
  }

  /// OpenMetrics names a counter without `_total`, which its samples end with.
  private static func familyName(_ family: MetricFamily, _ format: ExpositionFormat) -> String {
    guard format == .openMetrics, family.kind == .counter, family.name.hasSuffix("_total") else {
      return family.name
    }
    return String(family.name.dropLast("_total".count))
  }

  private static func typeName(_ kind: MetricFamily.Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  private static func braced(_ labels: [PrometheusRegistry.Label]) -> String {
    guard !labels.isEmpty else { return "" }
    let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, isHelp: false))\"" }
    return "{" + pairs.joined(separator: ",") + "}"
  }

  /// A help text of the text format keeps its quotes.
  private static func escaped(_ text: String, isHelp: Bool) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where !isHelp: escaped += "\\\""
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  /// Whole numbers without a point, as long as they are exact.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), value.magnitude < 9_007_199_254_740_992 {
      return "\(Int64(value))"
    }
    return "\(value)"
  }
}

extension Substring {
  fileprivate func trimmed() -> Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
