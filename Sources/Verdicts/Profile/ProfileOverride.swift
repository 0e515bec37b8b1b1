internal import Measurements

/// One `--set KEY=VALUE`: a gate's limit by the gate's name, or any key by its dotted path.
struct ProfileOverride {
  var text: String

  /// `tree` with the override applied; mistakes go to `list`.
  func applied(to tree: ProfileNode, _ list: DiagnosticList) -> ProfileNode {
    let place = ProfilePlace(file: "--set \(text)", line: 0, column: 0)
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      list.add(place, "write KEY=VALUE, such as rounds.duration=1s")
      return tree
    }
    let key = String(text[..<equals])
    let value = String(text[text.index(after: equals)...])
    guard !value.isEmpty else {
      list.add(place, "'\(key)' has no value; write null to drop the key")
      return tree
    }
    let node = ProfileNode.scalar(value, isNull: value == "null", place)
    if key.hasPrefix("gates.") || isGate(key) {
      let name = key.hasPrefix("gates.") ? String(key.dropFirst(6)) : key
      return settingGate(name, to: node, in: tree, list)
    }
    guard let path = path(key, in: tree, list, place) else { return tree }
    return ProfileMerge.setting(tree, path[...], to: node.isNull ? nil : node)
  }

  private func isGate(_ key: String) -> Bool {
    GateLayer.allCases.contains { key.hasPrefix($0.rawValue + "/") }
  }

  private func settingGate(
    _ name: String, to value: ProfileNode, in tree: ProfileNode, _ list: DiagnosticList
  ) -> ProfileNode {
    let gates = tree["gates"]?.entries ?? []
    guard let gate = gates.first(where: { $0.key == name }) else {
      let nearest = Suggestion.closest(to: name, among: gates.map(\.key))
      let hint = nearest.map { "; the nearest is '\($0)'" } ?? ""
      list.add(value.place, "the profile has no gate '\(name)'\(hint)")
      return tree
    }
    if value.isNull, gates.count == 1 {
      list.add(
        value.place, "'\(name)' is the last gate left; a profile needs at least one to judge by")
      return tree
    }
    if value.isNull { return ProfileMerge.setting(tree, ["gates", name][...], to: nil) }
    let side = gate.value.entries?.map(\.key).first { ProfileKeys.limits.contains($0) } ?? "min"
    return ProfileMerge.setting(tree, ["gates", name, side][...], to: value)
  }

  /// The keys on the way to the value; nil, with a mistake added, where there is no such key.
  private func path(
    _ key: String, in tree: ProfileNode, _ list: DiagnosticList, _ place: ProfilePlace
  ) -> [String]? {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let settable = ProfileKeys.root.filter { $0 != "schema" && $0 != "gates" }
    let scenarios = tree["scenarios"]?.entries?.map(\.key) ?? []
    var valid = settable.filter { ProfileKeys.children(of: $0) == nil && $0 != "scenarios" }
    for parent in settable {
      valid += (ProfileKeys.children(of: parent) ?? []).map { "\(parent).\($0)" }
    }
    for scenario in scenarios {
      valid += ProfileKeys.scenario.map { "scenarios.\(scenario).\($0)" }
    }
    if valid.contains(key) { return parts }
    if let children = ProfileKeys.children(of: key) {
      list.add(place, "'\(key)' holds several keys; set one of \(children.joined(separator: ", "))")
      return nil
    }
    let gates = tree["gates"]?.entries?.map(\.key) ?? []
    let nearest = Suggestion.closest(to: key, among: valid + gates)
    list.add(
      place,
      "a profile has no key '\(key)'" + (nearest.map { "; the nearest is '\($0)'" } ?? ""))
    return nil
  }
}
