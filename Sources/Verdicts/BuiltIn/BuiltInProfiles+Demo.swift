extension BuiltInProfiles {
  static let demo = ""
}
