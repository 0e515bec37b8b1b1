/// One of the three places that a key can be, each a RocksDB of its own on its own device.
///
/// The order is that of reading: the newest version of a key is never below an older one.
public enum Tier: String, CaseIterable, Sendable, Codable {
  /// NVMe; every write lands here.
  case hot
  /// SATA SSD.
  case warm
  /// HDD.
  case cold

  /// Whether readers ask another tier before this one.
  func isBelow(_ other: Tier) -> Bool {
    switch (self, other) {
    case (.warm, .hot), (.cold, .hot), (.cold, .warm): true
    default: false
    }
  }
}
