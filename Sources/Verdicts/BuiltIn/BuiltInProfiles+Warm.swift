extension BuiltInProfiles {
  static let warm = ""
}
