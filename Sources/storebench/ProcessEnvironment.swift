import FoundationEssentials

/// The variables that this process was started with.
enum ProcessEnvironment {
  static var variables: [String: String] { ProcessInfo.processInfo.environment }
}
