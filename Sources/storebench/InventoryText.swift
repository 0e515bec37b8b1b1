import FoundationEssentials
import Measurements
import Qualification
import Reports
import Verdicts

/// What `devices` prints.
enum InventoryText {
  private static let header = [
    "device", "model", "serial", "size", "link", "node", "could be", "writable?",
  ]

  static func table(_ entries: [DeviceInventoryEntry]) -> String {
    guard !entries.isEmpty else { return "no block devices here\n" }
    let rows = [header] + entries.map(row)
    let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell + String(repeating: " ", count: width - cell.count + 2)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  static func json(_ entries: [DeviceInventoryEntry]) throws(CommandFailure) -> String {
    struct Line: Encodable {
      var device: String
      var identity: DeviceIdentity
      var tier: String?
      var writable: String
      var refusals: [String]
      var destroyData: String
      var aliases: [String]
    }
    let lines = entries.map { entry in
      Line(
        device: entry.node, identity: entry.identity, tier: entry.tier?.rawValue,
        writable: entry.writability, refusals: entry.refusals.map { "\($0.node) \($0.finding)" },
        destroyData: entry.destroyToken, aliases: entry.aliases)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(lines) else {
      throw CommandFailure(.internal, "the list of devices cannot be written as JSON")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private static func row(_ entry: DeviceInventoryEntry) -> [String] {
    let identity = entry.identity
    return [
      entry.node, printable(identity.model), printable(identity.serial),
      Quantity.capacity(identity.capacityBytes), link(identity.link),
      identity.numaNode.map(String.init) ?? "–", entry.tier?.rawValue ?? "unknown kind",
      PrintableText.line(entry.writability),
    ]
  }

  /// What a drive says of itself may hold anything; a terminal must not obey it.
  private static func printable(_ text: String?) -> String {
    guard let text, !text.isEmpty else { return "–" }
    return String(
      text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
  }

  private static func link(_ link: LinkRecord?) -> String {
    guard let link else { return "–" }
    let speeds = [1: "1.5", 2: "3.0", 3: "6.0"]
    if link.bus == "sata" {
      return link.generation.flatMap { speeds[$0] }.map { "\($0) Gb/s" } ?? "–"
    }
    func end(_ generation: Int?, _ lanes: Int?) -> String {
      "gen\(generation.map(String.init) ?? "?") x\(lanes.map(String.init) ?? "?")"
    }
    let trained = end(link.generation, link.lanes)
    let able = end(link.generationMax, link.lanesMax)
    return trained == able || link.generationMax == nil ? trained : "\(trained) of \(able)"
  }
}
