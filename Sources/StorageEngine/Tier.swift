/// A place for keys, by how often they are used.
public enum Tier: String, CaseIterable, Sendable {
  /// NVMe: all writes land here, and what is read often stays.
  case hot
  /// SATA SSD: what is read now and then.
  case warm
  /// HDD: what nobody reads.
  case cold
}
