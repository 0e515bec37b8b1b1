import FoundationEssentials
import LinuxIO
import Verdicts

/// Finds the profile that a user means: a file, or one that is built in.
///
/// A bare built-in name always means the built-in profile; `./hot` means the file.
struct ProfileChoice {
  var tier: Tier?
  var file: String?

  /// The profile's text and the name that errors give it.
  func source() throws(CommandFailure) -> ProfileSource {
    guard let file else {
      guard let tier else {
        throw CommandFailure(.usage, "which tier? give --tier hot, warm or cold, or --profile FILE")
      }
      return try builtIn(tier.rawValue)
    }
    // Whatever lies in the current folder, a store's `hot` for one, must not change the judgement.
    if BuiltInProfiles.names.contains(file) { return try builtIn(file) }
    return try Self.read(file)
  }

  /// The profile, resolved for a mode.
  func load(mode: QualificationMode, overrides: [String]) throws(CommandFailure) -> TierProfile {
    let source = try source()
    let profile: TierProfile
    do {
      profile = try ProfileLoader.load(
        text: source.text, file: source.file, mode: mode, overrides: overrides,
        resolve: { try Self.parent($0, of: source.file) })
    } catch {
      throw CommandFailure(error)
    }
    if let tier, tier != profile.tier {
      if let override = overrides.last(where: { $0.hasPrefix("tier=") }) {
        throw CommandFailure(
          .usage, "--set \(override): is another tier than --tier \(tier) says; drop one")
      }
      throw CommandFailure(
        .usage,
        "\(source.file): is for the tier '\(profile.tier)', and --tier says '\(tier)'; drop one")
    }
    return profile
  }

  /// A parent is a file beside the profile, or built in.
  private static func parent(_ name: String, of file: String) throws -> ProfileSource {
    if BuiltInProfiles.names.contains(name) { return try BuiltInProfiles.source(named: name) }
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let path =
      name.hasPrefix("/") ? name : (folder.map(String.init) + [name]).joined(separator: "/")
    return try read(path)
  }

  private func builtIn(_ name: String) throws(CommandFailure) -> ProfileSource {
    do {
      return try BuiltInProfiles.source(named: name)
    } catch {
      throw CommandFailure(.internal, "\(error)")
    }
  }

  private static func read(_ path: String) throws(CommandFailure) -> ProfileSource {
    // Looked at first: to open a pipe would wait for a writer.
    if let obstacle = obstacle(path) { throw unreadable(path, obstacle) }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw unreadable(path, openingFault(path))
    }
    guard data.count <= 1 << 20 else {
      throw CommandFailure(.usage, "\(path): \(data.count) bytes; a profile has at most 1 MiB")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CommandFailure(.usage, "\(path): is not UTF-8 text")
    }
    // Editors of other systems begin with a byte-order mark, which says nothing in UTF-8.
    let mark: Unicode.Scalar = "\u{FEFF}"
    let isMarked = text.unicodeScalars.first == mark
    return ProfileSource(
      text: isMarked ? String(text.unicodeScalars.dropFirst()) : text, file: path)
  }

  private static func unreadable(_ path: String, _ reason: String) -> CommandFailure {
    CommandFailure(
      .usage,
      "\(path): cannot be read: \(reason); built-in profiles are "
        + BuiltInProfiles.names.joined(separator: ", "))
  }

  /// Why what lies at the path is no file to read; nil where it is one.
  private static func obstacle(_ path: String) -> String? {
    do {
      let kind = try FileStatus(path: FileSystemPath(path)).kind
      return kind == .file ? nil : "it is \(kind.rawValue), and a profile is a regular file"
    } catch {
      if case .missing = error { return "there is no such file" }
      return "\(error)"
    }
  }

  /// What the system says against opening a file.
  private static func openingFault(_ path: String) -> String {
    do {
      _ = try InputFile(path)
    } catch {
      return SystemError.text(of: error.errno)
    }
    return "its contents were refused"
  }
}
