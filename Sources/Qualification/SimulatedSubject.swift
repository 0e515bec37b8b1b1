public import Driver
public import Measurements

/// A simulated device as a subject: what it says of itself and how it behaves.
public struct SimulatedSubject: Sendable {
  /// What the record says of it.
  public var record: SubjectRecord
  /// Its behaviour, with the clock that runs through all its phases.
  public var factory: SimulatedTargetFactory

  /// Simulates a device of some capacity.
  public init(device: SimulatedDevice, capacityBytes: UInt64, path: String = "simulated:") {
    var identity = DeviceIdentity(
      name: "simulated", kind: .unknown, capacityBytes: capacityBytes, transport: "simulated")
    identity.model = "simulated device"
    record = SubjectRecord(
      form: .simulated, path: path, openedPath: path, identity: identity,
      rangeBytes: capacityBytes, shared: false)
    factory = SimulatedTargetFactory(device)
  }

  /// The names of the settings that `parsing` knows, with their meanings.
  public static let settings: [(name: String, meaning: String)] = [
    ("read-iops", "4 KiB reads per second at depth"),
    ("write-iops", "4 KiB writes per second at depth"),
    ("latency", "microseconds of one read at depth 1"),
    ("bandwidth", "megabytes per second of the link"),
    ("capacity", "gibibytes"),
    ("jitter", "share of the service time that varies, 0 to 1"),
    ("stall-at", "second at which it stops answering for a while"),
    ("stall-for", "seconds that the stall lasts"),
    ("silent-at", "second from which it never answers again"),
    ("lost-at", "second at which it is pulled out"),
    ("throttle-at", "second from which it is slower"),
    ("throttle-factor", "by how much"),
    ("unwritten", "1: reads return constant data"),
    ("corrupt-every", "every so many reads one returns wrong data"),
    ("read-error-at", "byte that cannot be read"),
    ("write-error-at", "byte that cannot be written"),
    ("seed", "seed of the jitter"),
  ]

  /// Reads `simulated:NAME=VALUE,…`; unnamed settings are those of a fast NVMe drive.
  ///
  /// - Parameters:
  ///   - text: The whole target, `simulated:` included.
  ///   - sizeBytes: The part to use from the start; nil uses all of it.
  ///   - destroySerial: What was given with `--destroy-data`, which no simulated device needs.
  /// - Throws: `TargetFailure` that names the setting and the known ones.
  public init(parsing text: String, sizeBytes: UInt64? = nil, destroySerial: String? = nil)
    throws(TargetFailure)
  {
    guard destroySerial == nil else {
      throw TargetFailure(
        category: .usage,
        description: "--destroy-data is for whole disks, and \(text) is simulated; leave it out")
    }
    var values: [String: Double] = [:]
    for part in text.dropFirst("simulated:".count).split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let value = Double(pair[1]), value >= 0,
        value <= Self.largest(pair[0]), Self.settings.contains(where: { $0.name == pair[0] })
      else {
        throw TargetFailure(
          category: .usage,
          description: "'\(part)' in '\(text)' is not NAME=NUMBER; names are "
            + Self.settings.map(\.name).joined(separator: ", "))
      }
      values[String(pair[0])] = value
    }
    let readIOPS = max(values["read-iops"] ?? 900_000, 1)
    let latency = max(values["latency"] ?? 70, 0.1) * 1e-6
    var device = SimulatedDevice(
      readIOPS: readIOPS, readLatency: Nanoseconds(seconds: latency),
      writeIOPS: max(values["write-iops"] ?? 450_000, 1))
    device.channels = min(device.channels, 65_536)
    device.linkBytesPerSecond = max(values["bandwidth"] ?? 6_500, 0.001) * 1e6
    device.jitter = min(values["jitter"] ?? 0.05, 1)
    device.unwritten = (values["unwritten"] ?? 0) > 0
    device.corruptReadEvery = Int(min(values["corrupt-every"] ?? 0, 1e9))
    device.readErrorAt = values["read-error-at"].map { UInt64($0) }
    device.writeErrorAt = values["write-error-at"].map { UInt64($0) }
    device.seed = UInt64(values["seed"] ?? 1)
    if let at = values["stall-at"] {
      device.stall = (Nanoseconds(seconds: at), Nanoseconds(seconds: values["stall-for"] ?? 1))
    }
    if let at = values["throttle-at"] {
      device.throttle = (Nanoseconds(seconds: at), max(values["throttle-factor"] ?? 2, 0.001))
    }
    device.silentFrom = values["silent-at"].map(Nanoseconds.init(seconds:))
    device.lostFrom = values["lost-at"].map(Nanoseconds.init(seconds:))
    let gibibytes = min(max(values["capacity"] ?? 4, 0.001), 65_536)
    let capacity = UInt64(gibibytes * 1024) << 20
    self.init(device: device, capacityBytes: max(capacity, 1 << 20), path: text)
    if let sizeBytes {
      record.rangeBytes = max(min(sizeBytes, record.rangeBytes) / 4096 * 4096, 4096)
    }
  }

  /// The largest value of a setting: years of seconds, and rates beyond any device, but nothing that
  /// the simulated clock could not count.
  private static func largest(_ name: Substring) -> Double {
    switch name {
    case "read-iops", "write-iops", "bandwidth": 1e9
    case "latency", "throttle-factor": 1e6
    case "stall-at", "stall-for", "silent-at", "lost-at", "throttle-at": 1e8
    default: 1e12
    }
  }
}
