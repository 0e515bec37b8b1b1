/// The profiles that come with the program, so that the binary alone can qualify.
///
/// Their texts are those of `profiles/*.yaml`; a test holds the two together.
public struct BuiltInProfiles {
  /// The names, tiers first.
  public static let names = ["hot", "warm", "cold", "demo"]

  /// The profile called `name`.
  ///
  /// - Throws: ``UnknownProfile`` with the names that there are.
  public static func source(named name: String) throws -> ProfileSource {
    let text: String
    switch name {
    case "hot": text = hot
    case "warm": text = warm
    case "cold": text = cold
    case "demo": text = demo
    default: throw UnknownProfile(name: name)
    }
    return ProfileSource(text: text, file: "profiles/\(name).yaml")
  }
}

/// A name that none of the built-in profiles has.
public struct UnknownProfile: Error, Sendable, Equatable, CustomStringConvertible {
  /// The name that was asked for.
  public var name: String

  /// The name, and the names that there are.
  public var description: String {
    "there is no profile '\(name)'\(Suggestion.hint(for: name, among: BuiltInProfiles.names)); "
      + "built in are \(BuiltInProfiles.names.joined(separator: ", "))"
  }
}
