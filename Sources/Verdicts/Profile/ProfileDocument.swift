internal import Yams

/// Turns a profile's YAML text into nodes with places, and refuses what could do harm first.
///
/// The limits lie far above any honest profile: they bound time, memory and stack before the YAML
/// parser (which recurses for each level) sees the text.
struct ProfileDocument {
  /// 1 MiB.
  static let maxTextBytes = 1 << 20
  /// Anchors and aliases together; with so few, no expansion can explode.
  static let maxAnchors = 8
  /// Levels of nesting.
  static let maxDepth = 32
  /// Keys and values after aliases are expanded.
  static let maxNodes = 20_000

  /// The document's root.
  static func parse(_ text: String, file: String) throws(ProfileErrors) -> ProfileNode {
    let problems = scan(text, file: file)
    if !problems.isEmpty { throw ProfileErrors(problems) }
    do {
      guard let root = try Yams.compose(yaml: text) else {
        throw fault(file, "the profile is empty; it must begin with 'schema: 1'")
      }
      var budget = maxNodes
      let list = DiagnosticList()
      let node = convert(root, file: file, depth: 0, budget: &budget, list)
      guard let node, list.found.isEmpty else {
        throw ProfileErrors(list.found)
      }
      if case .scalar(let word, let isNull, let place) = node, isNull || word.isEmpty {
        throw ProfileErrors([
          ProfileDiagnostic(place, "the profile is empty; it must begin with 'schema: 1'")
        ])
      }
      return node
    } catch let error as ProfileErrors {
      throw error
    } catch let error as YamlError {
      throw ProfileErrors([diagnostic(error, text: text, file: file)])
    } catch {
      throw fault(file, "\(error)")
    }
  }

  private static func fault(_ file: String, _ message: String) -> ProfileErrors {
    ProfileErrors([
      ProfileDiagnostic(ProfilePlace(file: file, line: 1, column: 1), message)
    ])
  }

  // MARK: Before the parser

  /// Counts what could explode, in quotes and comments too: a limit missed is worse than a comment
  /// that has to be rewritten.
  private static func scan(_ text: String, file: String) -> [ProfileDiagnostic] {
    guard text.utf8.count <= maxTextBytes else {
      return fault(file, "the profile is longer than 1 MiB").diagnostics
    }
    var anchors = 0
    var open = 0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let bytes = Array(line.utf8)
      let place = ProfilePlace(file: file, line: index + 1, column: 1)
      let indent = bytes.prefix { $0 == UInt8(ascii: " ") }.count
      if indent < bytes.count, bytes[indent] == UInt8(ascii: "\t"), indent + 1 < bytes.count {
        var tab = place
        tab.column = indent + 1
        return [ProfileDiagnostic(tab, "tab in the indentation; YAML takes spaces only")]
      }
      let dashes = bytes.dropFirst(indent).prefix { "-?: ".utf8.contains($0) }
      if indent > 4 * maxDepth || dashes.count > 2 * maxDepth {
        return [ProfileDiagnostic(place, "nested more than \(maxDepth) levels deep")]
      }
      var previous = UInt8(ascii: " ")
      for (offset, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { open += 1 }
        if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { open = max(0, open - 1) }
        let isMark = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
        let follows = offset + 1 < bytes.count && bytes[offset + 1] > UInt8(ascii: " ")
        if isMark, follows, " \t[{,:-?".utf8.contains(previous) { anchors += 1 }
        previous = byte
        if open > maxDepth {
          return [ProfileDiagnostic(place, "nested more than \(maxDepth) levels deep")]
        }
        if anchors > maxAnchors {
          return [
            ProfileDiagnostic(
              place,
              "more than \(maxAnchors) anchors and aliases; use 'extends' to share settings")
          ]
        }
      }
    }
    return []
  }

  // MARK: After the parser

  private static func convert(
    _ node: Node, file: String, depth: Int, budget: inout Int, _ list: DiagnosticList
  ) -> ProfileNode? {
    let mark = node.mark
    let place = ProfilePlace(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    budget -= 1
    guard depth <= maxDepth else {
      list.add(place, "nested more than \(maxDepth) levels deep")
      return nil
    }
    guard budget > 0 else {
      if budget == 0 { list.add(place, "more than \(maxNodes) keys and values") }
      return nil
    }
    switch node {
    case .scalar(let scalar):
      let plain = scalar.style == .plain
      let isNull = plain && ["null", "~"].contains(scalar.string)
      return .scalar(scalar.string, isNull: isNull, place)
    case .sequence: return .sequence(place)
    case .mapping(let mapping):
      var entries: [ProfileEntry] = []
      for (key, value) in mapping {
        let keyPlace = ProfilePlace(
          file: file, line: key.mark?.line ?? place.line, column: key.mark?.column ?? place.column)
        guard case .scalar(let word) = key else {
          list.add(keyPlace, "a key must be a word")
          continue
        }
        if entries.contains(where: { $0.key == word.string }) {
          list.add(keyPlace, "'\(word.string)' occurs twice")
        }
        guard
          let value = convert(value, file: file, depth: depth + 1, budget: &budget, list)
        else { return nil }
        entries.append(ProfileEntry(key: word.string, place: keyPlace, value: value))
      }
      return .mapping(entries, place)
    case .alias:
      list.add(place, "an alias that leads nowhere")
      return nil
    }
  }

  private static func diagnostic(
    _ error: YamlError, text: String, file: String
  ) -> ProfileDiagnostic {
    var place = ProfilePlace(file: file, line: 1, column: 1)
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _):
      (place.line, place.column) = (mark.line, mark.column)
      let while_ = context.map { " \($0.text)" } ?? ""
      return ProfileDiagnostic(place, "not valid YAML: \(problem)\(while_)")
    case .composer(_, let problem, let mark, _):
      (place.line, place.column) = (mark.line, mark.column)
      let several = problem.contains("another document")
      return ProfileDiagnostic(
        place, several ? "a profile is one YAML document; here begins another" : problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let name = duplicates.first ?? ""
      let first = context.mark
      (place.line, place.column) = secondOccurrence(of: name, after: first, text: text)
      return ProfileDiagnostic(
        place, "'\(name)' occurs twice in one mapping, first in line \(first.line)")
    case .reader(let problem, let offset, _, _):
      let before = text.utf8.prefix(offset ?? 0)
      place.line = before.count { $0 == UInt8(ascii: "\n") } + 1
      place.column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
      return ProfileDiagnostic(place, "not valid YAML: \(problem)")
    default:
      return ProfileDiagnostic(place, "not valid YAML: \(error)")
    }
  }

  /// Yams names only the first of two equal keys; people look for the second.
  private static func secondOccurrence(
    of key: String, after mark: Mark, text: String
  ) -> (line: Int, column: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let indent = String(repeating: " ", count: max(0, mark.column - 1))
    for (index, line) in lines.enumerated().dropFirst(mark.line) {
      let rest = line.dropFirst(indent.count)
      if line.hasPrefix(indent), rest.hasPrefix(key), rest.dropFirst(key.count).first == ":" {
        return (index + 1, mark.column)
      }
    }
    return (mark.line, mark.column)
  }
}
