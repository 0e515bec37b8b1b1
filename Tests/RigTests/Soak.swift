import Foundation

/// What `ci/soak` asks of the tests, through the environment.
enum Soak {
  /// The sections that were named.
  static let sections: Set<String> = Set(
    (ProcessInfo.processInfo.environment["STOREBENCH_SOAK"] ?? "")
      .split(separator: " ").map(String.init))

  /// The seed to repeat a run by: STOREBENCH_SEED, or a fresh one.
  static let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["STOREBENCH_SEED"].flatMap { UInt64($0) }
    return given ?? UInt64.random(in: 1...999_999)
  }()
}
