public import Measurements

/// What a gate of the `device` layer compares: what the device says of itself, judged without load.
///
/// The name is `scenario/metric` of a ``GateName``, such as `identity/kind`.
public enum DeviceMetric: String, Sendable, CaseIterable {
  /// What medium it is: `nvme`, `ssd` or `hdd`.
  case kind = "identity/kind"
  /// Bytes that it holds.
  case capacity = "identity/capacity"
  /// PCIe or SATA generation as trained.
  case linkGeneration = "link/generation"
  /// PCIe lanes as trained.
  case linkLanes = "link/lanes"
  /// NVMe critical-warning bits, the worse of before and after.
  case criticalWarning = "health/critical-warning"
  /// Media errors that came up during the run.
  case mediaErrorGrowth = "health/media-error-growth"
  /// Composite temperature in °C, the higher of before and after.
  case temperature = "health/temperature"
  /// Spare blocks left in percent, the lower of before and after.
  case availableSpare = "health/available-spare"

  /// The metric of a gate on the device layer; nil for other layers and unknown metrics.
  public init?(_ name: GateName) {
    guard name.layer == .device else { return nil }
    self.init(rawValue: "\(name.scenario)/\(name.metric)")
  }

  /// The gate's frozen name.
  public var gateName: GateName {
    let parts = rawValue.split(separator: "/")
    return GateName(layer: .device, scenario: String(parts[0]), metric: String(parts[1]))
  }

  /// Which side of the limit is good.
  public var side: LimitSide {
    switch self {
    case .kind: .equals
    case .capacity, .linkGeneration, .linkLanes, .availableSpare: .min
    case .criticalWarning, .mediaErrorGrowth, .temperature: .max
    }
  }

  /// The unit of limit and value.
  public var unit: MetricUnit {
    switch self {
    case .kind: .word
    case .capacity: .bytes
    default: .count
    }
  }

  var quantity: QuantityKind {
    switch self {
    case .capacity: .size
    case .temperature: .celsius
    case .availableSpare: .percent
    default: .count
    }
  }
}
