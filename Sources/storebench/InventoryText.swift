import Qualification

enum InventoryText {
  static func table(_ entries: [DeviceInventoryEntry]) -> String { "" }
  static func json(_ entries: [DeviceInventoryEntry]) throws -> String { "" }
}
