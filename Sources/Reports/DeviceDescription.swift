public import Measurements

/// A device in words, before it is escaped for a format.
public enum DeviceDescription {
  /// What holds a file or folder, such as `/dev/sda (sata, Samsung 870 EVO S62B, write-back cache)` or `tmpfs`.
  public static func holder(_ identity: DeviceIdentity) -> String {
    // A file system without a disk, as tmpfs or one over a network, is named by its type.
    guard identity.name != identity.transport || identity.capacityBytes > 0 else {
      return identity.name
    }
    var facts = [identity.transport, model(identity)]
    if let cache = identity.writeCache { facts.append("\(hyphened(cache)) cache") }
    return "/dev/\(identity.name) (\(facts.joined(separator: ", ")))"
  }

  /// The model and the serial number, as far as they are known.
  static func model(_ identity: DeviceIdentity) -> String {
    guard let model = identity.model else { return "no model" }
    return [model, identity.serial].compactMap { $0 }.joined(separator: " ")
  }

  static func hyphened(_ words: String) -> String {
    String(words.map { $0 == " " ? "-" : $0 })
  }
}
