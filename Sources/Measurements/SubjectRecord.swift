/// What kind of medium a device is, as far as its identity settles it.
public enum DeviceKind: String, Codable, Sendable, CaseIterable {
  /// An NVMe solid-state drive.
  case nvme
  /// A SATA or SAS solid-state drive (rotation rate: non-rotating).
  case ssd
  /// A SATA or SAS hard disk (it states a rotation rate).
  case hdd
  /// virtio, loop, zram, a simulated target, and anything else.
  case unknown
}

/// How the load reaches the subject.
public enum SubjectForm: String, Codable, Sendable {
  /// A whole block device.
  case device
  /// The tool's own file in a folder, or at a path that did not exist.
  case file
  /// The null target: it completes everything at once.
  case null
  /// The simulated target.
  case simulated
}

/// The device that was judged, with its health before and after.
public struct SubjectRecord: Codable, Sendable, Equatable {
  /// How the load reached it.
  public var form: SubjectForm
  /// The path that was given.
  public var path: String
  /// The file or device node that was opened.
  public var openedPath: String
  /// The identity of the whole disk that holds it.
  public var identity: DeviceIdentity
  /// Bytes in the range that was used.
  public var rangeBytes: UInt64
  /// True where the device was in use and only read, opened without O_EXCL.
  public var shared: Bool
  /// Why its data live in memory, so that nothing is certifiable; nil where they do not.
  public var memory: String?
  /// Health before the load.
  public var healthBefore: HealthRecord?
  /// Health after the load.
  public var healthAfter: HealthRecord?

  /// Describes a subject.
  public init(
    form: SubjectForm, path: String, openedPath: String, identity: DeviceIdentity,
    rangeBytes: UInt64, shared: Bool
  ) {
    self.form = form
    self.path = path
    self.openedPath = openedPath
    self.identity = identity
    self.rangeBytes = rangeBytes
    self.shared = shared
  }
}

/// Who a drive is and how it is attached; unknown facts are nil, never guessed.
public struct DeviceIdentity: Codable, Sendable, Equatable {
  /// The kernel's name, such as `nvme0n1`.
  public var name: String
  /// What medium it is, where identity settles it.
  public var kind: DeviceKind
  /// The model.
  public var model: String?
  /// The serial number.
  public var serial: String?
  /// The firmware revision.
  public var firmware: String?
  /// Capacity in bytes.
  public var capacityBytes: UInt64
  /// `nvme`, `sata`, `sas`, `usb`, `virtio`, `loop`, `zram`, or another word of the kernel's.
  public var transport: String
  /// What the kernel says of rotation; virtio disks often claim it wrongly.
  public var rotational: Bool?
  /// Rotation rate in revolutions per minute as the drive states it; 0 is a non-rotating medium.
  public var rotationRate: Int?
  /// Logical block in bytes.
  public var logicalBlockBytes: Int
  /// Physical block in bytes.
  public var physicalBlockBytes: Int
  /// `write back` or `write through`, as the kernel treats it.
  public var writeCache: String?
  /// The PCIe or SATA link.
  public var link: LinkRecord?
  /// The NUMA node it is attached to.
  public var numaNode: Int?
  /// Poll queues of the driver.
  public var pollQueues: Int?
  /// The I/O scheduler in force.
  public var scheduler: String?
  /// queue/nomerges.
  public var nomerges: Int?
  /// queue/discard_max_bytes above 0.
  public var discards: Bool
  /// queue/fua.
  public var fua: Bool?
  /// read-only flag of the kernel.
  public var readOnly: Bool
  /// CPUs that may take the device's interrupts, as the kernel lists them, such as `0-3`.
  public var interruptCPUs: String?

  /// A device of which only name and size are known.
  public init(name: String, kind: DeviceKind, capacityBytes: UInt64, transport: String) {
    self.name = name
    self.kind = kind
    self.capacityBytes = capacityBytes
    self.transport = transport
    self.logicalBlockBytes = 512
    self.physicalBlockBytes = 512
    self.discards = false
    self.readOnly = false
  }
}

/// A drive's link as trained and as both ends are able.
public struct LinkRecord: Codable, Sendable, Equatable {
  /// `pcie` or `sata`.
  public var bus: String
  /// PCIe generation as trained (1…6), or SATA generation (1…3).
  public var generation: Int?
  /// Lanes as trained; nil for SATA.
  public var lanes: Int?
  /// Best generation the drive is able of.
  public var generationMax: Int?
  /// Most lanes the drive is able of.
  public var lanesMax: Int?

  /// Describes a link.
  public init(bus: String, generation: Int?, lanes: Int?, generationMax: Int?, lanesMax: Int?) {
    self.bus = bus
    self.generation = generation
    self.lanes = lanes
    self.generationMax = generationMax
    self.lanesMax = lanesMax
  }
}

/// What a drive says of its health, from nvme-cli or smartctl.
public struct HealthRecord: Codable, Sendable, Equatable {
  /// The program that read it, with its version.
  public var source: String
  /// NVMe critical_warning bits; 0 is good.
  public var criticalWarning: Int?
  /// Overall SMART judgement, where the drive gives one.
  public var smartPassed: Bool?
  /// Composite temperature in °C.
  public var temperatureCelsius: Int?
  /// Media and data-integrity errors, or reallocated + pending + uncorrectable sectors.
  public var mediaErrors: UInt64?
  /// Spare left, in percent.
  public var availableSparePercent: Int?
  /// Spare at which the drive warns, in percent.
  public var availableSpareThresholdPercent: Int?
  /// Endurance used, in percent; may exceed 100.
  public var percentageUsed: Int?
  /// Bytes written by hosts over the drive's life.
  public var dataWrittenBytes: UInt64?
  /// Hours powered on.
  public var powerOnHours: UInt64?
  /// Unsafe shutdowns.
  public var unsafeShutdowns: UInt64?
  /// Transitions into thermal throttling, all levels together.
  public var thermalThrottleCount: UInt64?
  /// Minutes above the warning or the critical temperature.
  public var warningTemperatureMinutes: UInt64?

  /// Health of which nothing is known yet.
  public init(source: String) { self.source = source }
}
