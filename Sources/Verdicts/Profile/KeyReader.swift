/// Reads the keys of one mapping and collects what is wrong with them.
struct KeyReader {
  private var entries: [ProfileEntry]
  private var what: String
  var place: ProfilePlace
  var list: DiagnosticList

  /// Takes a mapping that may hold only `known` keys; nil, with a mistake added, for anything else.
  init?(_ node: ProfileNode, _ what: String, known: [String], _ list: DiagnosticList) {
    guard case .mapping(let entries, let place) = node else {
      list.add(
        node.place,
        "\(what) must be a mapping with \(known.joined(separator: ", ")), not \(node.article)")
      return nil
    }
    (self.entries, self.what, self.place, self.list) = (entries, what, place, list)
    for entry in entries where !known.contains(entry.key) {
      list.add(
        entry.place,
        "unknown key '\(entry.key)' in \(what)\(Suggestion.hint(for: entry.key, among: known))")
    }
  }

  /// The value of `key`; nil where it is absent.
  func node(_ key: String) -> ProfileNode? { entries.first { $0.key == key }?.value }

  /// Where the value of `key` stands, or the mapping where it is absent.
  func place(of key: String) -> ProfilePlace { node(key)?.place ?? place }

  /// Adds a mistake at `key`'s value.
  func fault(_ key: String, _ message: String) { list.add(place(of: key), message) }

  /// The mapping's mistake that `key` is missing.
  func missing(_ key: String) { list.add(place, "\(what) lacks '\(key)'") }

  /// A word or text; nil where it is absent or, with a mistake added, no text.
  func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, let isNull, _) = node else {
      fault(key, "'\(key)' in \(what) must be one value, not \(node.article)")
      return nil
    }
    guard !text.isEmpty, !isNull else {
      fault(key, "'\(key)' in \(what) has no value")
      return nil
    }
    guard text.utf8.count <= 2000 else {
      fault(key, "'\(key)' in \(what) is longer than 2000 bytes")
      return nil
    }
    return text
  }

  /// A text that must be there and say something.
  func requiredText(_ key: String) -> String? {
    guard node(key) != nil else {
      missing(key)
      return nil
    }
    guard let text = text(key) else { return nil }
    guard text.contains(where: { !$0.isWhitespace }) else {
      fault(key, "'\(key)' in \(what) is blank")
      return nil
    }
    return text
  }

  /// One of `words`; nil where it is absent or, with a mistake added, none of them.
  func word(_ key: String, of words: [String]) -> String? {
    guard let text = text(key) else { return nil }
    guard words.contains(text) else {
      let hint = Suggestion.hint(for: text, among: words)
      fault(
        key,
        "'\(text)' is not a '\(key)'\(hint.isEmpty ? "; write one of " + words.joined(separator: ", ") : hint)"
      )
      return nil
    }
    return text
  }

  /// `true` or `false`.
  func flag(_ key: String, default fallback: Bool?) -> Bool? {
    guard node(key) != nil else {
      if fallback == nil { missing(key) }
      return fallback
    }
    guard let text = text(key) else { return nil }
    guard text == "true" || text == "false" else {
      fault(key, "'\(key)' in \(what) must be true or false, not '\(text)'")
      return nil
    }
    return text == "true"
  }

  /// A number of `kind` in `range`; `fallback` where it is absent, a mistake where that is nil.
  func number(
    _ key: String, _ kind: QuantityKind, in range: ClosedRange<Double>, default fallback: Double?
  ) -> Double? {
    guard node(key) != nil else {
      if fallback == nil { missing(key) }
      return fallback
    }
    guard let text = text(key) else { return nil }
    do {
      let value = try Quantity.parse(text, as: kind)
      guard range.contains(value) else {
        let low = Quantity.text(range.lowerBound, as: kind)
        let high = Quantity.text(range.upperBound, as: kind)
        fault(key, "'\(key)' in \(what) is \(text); it must lie between \(low) and \(high)")
        return nil
      }
      return value
    } catch {
      fault(key, "'\(key)' in \(what): \(error.message)")
      return nil
    }
  }

  /// A whole number in `range`.
  func whole(
    _ key: String, in range: ClosedRange<Int>, kind: QuantityKind = .count,
    default fallback: Int?
  ) -> Int? {
    let bounds = Double(range.lowerBound)...Double(range.upperBound)
    guard let value = number(key, kind, in: bounds, default: fallback.map(Double.init)) else {
      return nil
    }
    guard let whole = Int(exactly: value) else {
      fault(key, "'\(key)' in \(what) must be a whole number, not \(text(key) ?? "")")
      return nil
    }
    return whole
  }
}
