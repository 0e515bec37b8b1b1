/// The name of a run's folder: `<UTC time>-<host>-<device>-<tier>`.
enum ResultFolderName {
  /// Joins the parts, each made fit for every file system.
  ///
  /// `startedAt` is ISO 8601 in UTC, such as `2026-11-22T23:10:05Z`; colons and fractions of a
  /// second are left out.
  static func text(startedAt: String, host: String, device: String, tier: String) -> String {
    [time(startedAt), part(host), part(device), part(tier)].joined(separator: "-")
  }

  /// `2026-11-22T231005Z` of `2026-11-22T23:10:05.123Z`.
  private static func time(_ startedAt: String) -> String {
    var text = ""
    for character in startedAt {
      if character == "." || character == "Z" { break }
      if character != ":" { text.append(character) }
    }
    return part(text + "Z")
  }

  /// Letters, digits, dots, underscores and single hyphens of ASCII; anything else is a hyphen.
  private static func part(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_": result.unicodeScalars.append(scalar)
      // A dot must not lead: such names are hidden, or mean the parent folder.
      case "." where !result.isEmpty: result.append(".")
      default: if let last = result.last, last != "-" { result.append("-") }
      }
      if result.count == 40 { break }
    }
    while let last = result.last, last == "-" || last == "." { result.removeLast() }
    return result.isEmpty ? "unknown" : result
  }
}
