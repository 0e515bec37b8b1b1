extension BuiltInProfiles {
  static let hot = ""
}
