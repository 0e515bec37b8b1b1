/// Why a workload cannot be what was asked for.
public struct WorkloadError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, with the value seen and what to write instead.
  public var description: String

  /// States a mistake.
  public init(_ description: String) { self.description = description }
}
