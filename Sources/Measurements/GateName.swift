/// Where a gate looks: the block device alone, the store on it, or what the device says of itself.
public enum GateLayer: String, Codable, Sendable, CaseIterable {
  /// Identity, capacity, link and health, judged before any load.
  case device
  /// The block device through io_uring.
  case raw
  /// The tiered store running on the device.
  case engine
  /// All devices of a node together.
  case aggregate
}

/// The frozen name of a gate, `layer/scenario/metric`, such as `raw/random-read-4k/iops`.
///
/// The same in profiles, `--set`, JUnit, baselines and certificates.
public struct GateName: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
  /// Where the gate looks.
  public var layer: GateLayer
  /// The scenario that measures it, in lower-case words joined by hyphens.
  public var scenario: String
  /// What is compared with the limit.
  public var metric: String

  /// Joins the three parts.
  public init(layer: GateLayer, scenario: String, metric: String) {
    self.layer = layer
    self.scenario = scenario
    self.metric = metric
  }

  /// Reads `layer/scenario/metric`; nil unless there are three non-empty parts and a known layer.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let layer = GateLayer(rawValue: String(parts[0])),
      !parts[1].isEmpty, !parts[2].isEmpty
    else { return nil }
    self.init(layer: layer, scenario: String(parts[1]), metric: String(parts[2]))
  }

  /// The name as it is written everywhere.
  public var description: String { "\(layer.rawValue)/\(scenario)/\(metric)" }

  /// Orders by the written name.
  public static func < (left: Self, right: Self) -> Bool { left.description < right.description }

  /// Decodes the written name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = GateName(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' is not layer/scenario/metric")
    }
    self = name
  }

  /// Encodes the written name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
