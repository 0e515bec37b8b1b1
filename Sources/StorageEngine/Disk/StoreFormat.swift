/// The small text file `STORE` that makes a folder a store: its format, its name, where its tiers are.
///
/// Lines of `key: value`. The first line and the line `format:` never change their form, so that
/// every version can tell that a store is newer than itself. The rule:
///
/// - A store of a higher format is refused, and nothing in it is changed.
/// - A store of a lower format is opened as it is where all it holds can still be read; the number
///   is raised only by an upgrade that the user asks for. So far there is only format 1.
struct StoreFormat: Sendable, Equatable {
  /// The format that is written and the highest that is read.
  static let known = 1
  static let fileName = "STORE"
  private static let firstLine = "tiered-store"

  /// A random name, by which the tiers' folders know which store they belong to.
  var identity: String
  /// Folders of the tiers, relative to the store's folder where they lie in it.
  var folders: [Tier: String]

  init(identity: String, folders: [Tier: String]) {
    self.identity = identity
    self.folders = folders
  }

  /// What is wrong with the text of a file.
  enum Fault: Error, Equatable {
    case notAStore(String)
    case newer(Int)
  }

  /// The file's text.
  var text: String {
    var lines = [Self.firstLine, "format: \(Self.known)", "identity: \(identity)"]
    lines += Tier.allCases.map { "\($0.rawValue): \(folders[$0] ?? $0.rawValue)" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads the file's text.
  init(reading text: String) throws(Fault) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == Self.firstLine[...] else {
      throw .notAStore("its file \(Self.fileName) does not begin with '\(Self.firstLine)'")
    }
    var values: [Substring: Substring] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstRange(of: ": ") else { continue }
      values[line[..<colon.lowerBound]] = line[colon.upperBound...]
    }
    guard let format = values["format"].flatMap({ Int($0) }), format >= 1 else {
      throw .notAStore("its file \(Self.fileName) names no format")
    }
    guard format <= Self.known else { throw .newer(format) }
    guard let identity = values["identity"], !identity.isEmpty else {
      throw .notAStore("its file \(Self.fileName) names no identity")
    }
    self.identity = String(identity)
    folders = [:]
    for tier in Tier.allCases {
      guard let folder = values[tier.rawValue[...]], !folder.isEmpty else {
        throw .notAStore("its file \(Self.fileName) names no folder for \(tier.rawValue)")
      }
      folders[tier] = String(folder)
    }
  }
}

/// The file `TIER` in a tier's folder: whose folder it is.
///
/// A disk of another store, or two disks that changed places, would otherwise be read as this one's.
struct TierLabel: Sendable, Equatable {
  static let fileName = "TIER"

  var identity: String
  var tier: Tier

  var text: String { "tier: \(tier.rawValue)\nstore: \(identity)\n" }

  /// Whether a text is the label of some tier of some store.
  static func isOne(_ text: String) -> Bool {
    Tier.allCases.contains { tier in
      let head = "tier: \(tier.rawValue)\nstore: "
      let identity = text.dropFirst(head.count).dropLast()
      return text.hasPrefix(head) && text.hasSuffix("\n") && !identity.isEmpty
        && identity.allSatisfy(\.isHexDigit)
    }
  }
}
