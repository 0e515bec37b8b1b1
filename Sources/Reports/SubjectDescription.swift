import Measurements

/// A subject in words, before it is escaped for a format.
struct SubjectDescription {
  /// Its name in a sentence, such as `Samsung PM9A3 S64GNE0R (firmware GDC5602Q)`.
  var title: String
  /// Where it is and how it is attached, such as `/dev/nvme0n1, 3.84 TB, PCIe gen4 x4`.
  var place: String

  /// Puts `subject` into words.
  init(_ subject: SubjectRecord) {
    let identity = subject.identity
    title = Self.title(subject)
    let path =
      subject.openedPath == subject.path || subject.form == .file
      ? subject.openedPath : "\(subject.path) → \(subject.openedPath)"
    switch subject.form {
    case .device:
      var parts = [
        path, Quantity.capacity(identity.capacityBytes), DeviceDescription.model(identity),
      ]
      parts.append(identity.link.map(Self.link) ?? identity.transport)
      if let node = identity.numaNode { parts.append("NUMA node \(node)") }
      if let cache = identity.writeCache {
        parts.append("\(DeviceDescription.hyphened(cache)) cache")
      }
      place = parts.joined(separator: ", ")
    case .file:
      place =
        "\(path), \(Quantity.bytes(subject.rangeBytes)) on \(DeviceDescription.holder(identity))"
    case .null: place = "the null target, \(Quantity.bytes(subject.rangeBytes))"
    case .simulated: place = "a simulated target, \(Quantity.bytes(subject.rangeBytes))"
    }
    place += Self.sharing(subject)
  }

  /// A link as trained and, where that is less, as able: `PCIe gen4 x2 of gen4 x4`.
  static func link(_ link: LinkRecord) -> String {
    func words(_ generation: Int?, _ lanes: Int?) -> String {
      [generation.map { "gen\($0)" }, lanes.map { "x\($0)" }].compactMap { $0 }
        .joined(separator: " ")
    }
    let bus = link.bus == "pcie" ? "PCIe" : link.bus == "sata" ? "SATA" : link.bus
    let trained = words(link.generation, link.lanes)
    let able = words(link.generationMax, link.lanesMax)
    if trained.isEmpty { return bus }
    return able.isEmpty || able == trained ? "\(bus) \(trained)" : "\(bus) \(trained) of \(able)"
  }

  /// What is said of a subject that the run has not to itself, with a comma before it.
  static func sharing(_ subject: SubjectRecord) -> String {
    guard subject.shared else { return "" }
    let owner = subject.form == .file ? "an existing file" : "in use by others"
    return ", \(owner): read, never written"
  }

  private static func title(_ subject: SubjectRecord) -> String {
    let identity = subject.identity
    switch subject.form {
    case .null: return "null target"
    case .simulated: return "simulated target"
    case .file:
      return
        "file on \(identity.model.map { _ in DeviceDescription.model(identity) } ?? identity.name)"
    case .device: break
    }
    let name = [identity.model, identity.serial].compactMap { $0 }.joined(separator: " ")
    let firmware = identity.firmware.map { " (firmware \($0))" } ?? ""
    return (name.isEmpty ? identity.name : name) + firmware
  }
}
