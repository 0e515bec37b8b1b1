/// A part of a profile's text with its place, kept through merging so that errors can point at it.
indirect enum ProfileNode: Sendable, Equatable {
  /// A word, number or text; `isNull` for the plain word `null` or `~`.
  case scalar(String, isNull: Bool, ProfilePlace)
  /// Keys with values, in the order of the file.
  case mapping([ProfileEntry], ProfilePlace)
  /// A list; no key of a profile takes one.
  case sequence(ProfilePlace)

  /// Where it begins.
  var place: ProfilePlace {
    switch self {
    case .scalar(_, _, let place), .mapping(_, let place), .sequence(let place): place
    }
  }

  /// Whether it asks for an inherited key to be dropped.
  var isNull: Bool {
    if case .scalar(_, true, _) = self { return true }
    return false
  }

  /// The keys with values, for mappings.
  var entries: [ProfileEntry]? {
    if case .mapping(let entries, _) = self { return entries }
    return nil
  }

  /// The value of `key`, for mappings.
  subscript(key: String) -> ProfileNode? { entries?.first { $0.key == key }?.value }

  /// What it is, for people.
  var article: String {
    switch self {
    case .scalar(let text, _, _): "'\(text)'"
    case .mapping: "a mapping"
    case .sequence: "a list"
    }
  }
}

/// A key with its value.
struct ProfileEntry: Sendable, Equatable {
  var key: String
  var place: ProfilePlace
  var value: ProfileNode
}
