/// Lays one part of a profile over another: a child over its parent, a mode over its profile.
struct ProfileMerge {
  /// `overlay` over `base`: mappings join key by key, everything else is replaced, `null` drops.
  ///
  /// A gate is replaced as a whole, so that no limit keeps the reason of another.
  static func merged(
    _ base: ProfileNode, with overlay: ProfileNode, path: [String] = [], _ list: DiagnosticList
  ) -> ProfileNode {
    guard case .mapping(let over, let place) = overlay else { return overlay }
    var entries = base.entries ?? []
    for entry in over {
      let index = entries.firstIndex { $0.key == entry.key }
      if entry.value.isNull {
        if let index {
          entries.remove(at: index)
        } else {
          let hint = Suggestion.hint(for: entry.key, among: entries.map(\.key))
          list.add(
            entry.place, "'\(entry.key): null' drops nothing: no such key is inherited\(hint)")
        }
        continue
      }
      let isGate = path == ["gates"]
      guard !isGate, entry.value.entries != nil else {
        if let index { entries[index] = entry } else { entries.append(entry) }
        continue
      }
      let below = index.map { entries[$0].value } ?? .mapping([], entry.value.place)
      let value = merged(below, with: entry.value, path: path + [entry.key], list)
      let joined = ProfileEntry(key: entry.key, place: entry.place, value: value)
      if let index { entries[index] = joined } else { entries.append(joined) }
    }
    return .mapping(entries, place)
  }

  /// `node` with `value` at `path`; nil drops what is there.
  static func setting(_ node: ProfileNode, _ path: ArraySlice<String>, to value: ProfileNode?)
    -> ProfileNode
  {
    guard let key = path.first else { return value ?? node }
    var entries = node.entries ?? []
    let index = entries.firstIndex { $0.key == key }
    let place = value?.place ?? node.place
    if path.count == 1, value == nil {
      if let index { entries.remove(at: index) }
      return .mapping(entries, node.place)
    }
    let below = index.map { entries[$0].value } ?? .mapping([], place)
    let entry = ProfileEntry(
      key: key, place: index.map { entries[$0].place } ?? place,
      value: setting(below, path.dropFirst(), to: value))
    if let index { entries[index] = entry } else { entries.append(entry) }
    return .mapping(entries, node.place)
  }
}
