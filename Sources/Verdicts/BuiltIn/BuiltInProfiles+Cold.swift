extension BuiltInProfiles {
  static let cold = ""
}
