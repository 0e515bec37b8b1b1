/// A profile's text with the name of the file that holds it.
public struct ProfileSource: Sendable, Equatable {
  /// YAML.
  public var text: String
  /// The file, as errors name it.
  public var file: String

  /// Names a text.
  public init(text: String, file: String) {
    self.text = text
    self.file = file
  }
}

/// Loads a profile: text, parents, mode and `--set` become one ``TierProfile``.
public struct ProfileLoader {
  /// How many parents a profile may have in a row.
  static let maxParents = 8

  /// The profile in `text`, as it stands in `mode`.
  ///
  /// Each file is laid over its parent as that stands in the same mode; then follow the file's own
  /// overlay for the mode and the overrides (`KEY=VALUE`), in order. The other mode is checked as
  /// well, without the overrides, so that a mistake in it does not wait for the night.
  ///
  /// `resolve` gives the text behind `extends: NAME`; what it throws becomes the message.
  ///
  /// - Throws: ``ProfileErrors`` with every mistake found.
  public static func load(
    text: String, file: String, mode: QualificationMode, overrides: [String] = [],
    resolve: (String) throws -> ProfileSource = BuiltInProfiles.source
  ) throws(ProfileErrors) -> TierProfile {
    let list = DiagnosticList()
    let chain = try chain(ProfileSource(text: text, file: file), list, resolve)
    var chosen: TierProfile?
    for each in QualificationMode.allCases {
      let tree = resolved(chain, each, each == mode ? overrides : [], list)
      let profile = ProfileReader(list: list).read(tree)
      if each == mode { chosen = profile }
    }
    guard let chosen, list.found.isEmpty else { throw ProfileErrors(list.found) }
    return chosen
  }

  /// The file and its parents, the eldest first.
  private static func chain(
    _ source: ProfileSource, _ list: DiagnosticList, _ resolve: (String) throws -> ProfileSource
  ) throws(ProfileErrors) -> [ProfileNode] {
    var chain: [ProfileNode] = []
    var files: [String] = []
    var next: ProfileSource? = source
    while let current = next {
      next = nil
      files.append(current.file)
      let root = try ProfileDocument.parse(current.text, file: current.file)
      let known = ProfileKeys.root + ProfileKeys.fileOnly
      guard let keys = KeyReader(root, "the profile", known: known, list) else {
        throw ProfileErrors(list.found)
      }
      checkFile(keys)
      chain.insert(root, at: 0)
      guard let parent = keys.text("extends") else { continue }
      do {
        let found = try resolve(parent)
        if files.contains(found.file) {
          let circle = (files + [found.file]).joined(separator: " → ")
          keys.fault("extends", "profiles extend each other in a circle: \(circle)")
        } else if files.count > maxParents {
          keys.fault("extends", "more than \(maxParents) profiles extend each other in a row")
        } else {
          next = found
        }
      } catch {
        keys.fault("extends", "'extends: \(parent)': \(error)")
      }
    }
    // What a broken chain lacks would only repeat its first mistake.
    if !list.found.isEmpty { throw ProfileErrors(list.found) }
    return chain
  }

  /// What each file must say for itself, so that no profile passes under its parent's name.
  private static func checkFile(_ keys: KeyReader) {
    if let schema = keys.requiredText("schema"), schema != "1" {
      keys.fault("schema", "schema '\(schema)' is not known to this release; it reads schema 1")
    }
    _ = keys.requiredText("name")
    guard let modes = keys.node("modes") else { return }
    let words = QualificationMode.allCases.map(\.rawValue)
    guard let overlays = KeyReader(modes, "'modes'", known: words, keys.list) else { return }
    for word in words {
      guard let overlay = overlays.node(word) else { continue }
      let known = ProfileKeys.root.filter { !["schema", "name", "tier"].contains($0) }
      _ = KeyReader(overlay, "mode '\(word)'", known: known, keys.list)
    }
  }

  private static func resolved(
    _ chain: [ProfileNode], _ mode: QualificationMode, _ overrides: [String],
    _ list: DiagnosticList
  ) -> ProfileNode {
    var tree = ProfileNode.mapping([], chain[chain.count - 1].place)
    for root in chain {
      let own = (root.entries ?? []).filter { !ProfileKeys.fileOnly.contains($0.key) }
      tree = ProfileMerge.merged(tree, with: .mapping(own, root.place), list)
      if let overlay = root["modes"]?[mode.rawValue] {
        tree = ProfileMerge.merged(tree, with: overlay, list)
      }
    }
    for text in overrides { tree = ProfileOverride(text: text).applied(to: tree, list) }
    return tree
  }
}
