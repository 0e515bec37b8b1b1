public import LinuxIO

/// Why a target was not opened, or may not be used any longer.
public struct TargetFailure: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is; each has one exit code.
  public enum Category: Sendable, Equatable {
    /// Nothing was touched, because something might have been harmed.
    case refused
    /// The machine does not allow it as it is.
    case environment
    /// The user named something that cannot be a target.
    case usage
    /// The device went away or became another one while the run went on.
    case changed
  }

  /// What kind of failure it is.
  public var category: Category
  /// What happened, where, and what to do.
  public var description: String
  /// What stands against the run, where facts do.
  public var refusals: [SafetyRefusal]

  /// States a failure.
  public init(category: Category, description: String, refusals: [SafetyRefusal] = []) {
    self.category = category
    self.description = description
    self.refusals = refusals
  }

  /// Sorts an error of the device into a kind.
  public init(_ error: DeviceError) {
    let category: Category =
      switch error {
      case .busy, .locked, .exists, .readOnly: .refused
      case .missing, .invalidPath, .nameTooLong, .wrongKind, .empty: .usage
      case .permission, .noSpace, .noDirectIO, .system, .noDevice: .environment
      case .changed: .changed
      }
    self.init(category: category, description: error.description)
  }

  /// Does what may fail with an error of the device, and sorts the error.
  static func catching<Value: ~Copyable>(_ body: () throws(DeviceError) -> Value)
    throws(TargetFailure) -> Value
  {
    do throws(DeviceError) { return try body() } catch { throw TargetFailure(error) }
  }
}
