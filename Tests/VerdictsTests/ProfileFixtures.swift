import Measurements
import Testing

@testable import Verdicts

/// A small profile that loads, with a place for every kind of mistake.
enum Fixture {
  static let profile = """
    schema: 1
    name: lab
    tier: hot
    summary: a profile of the laboratory
    preconditioning: {discard: false, passes: 1, block: 128 KiB, depth: 8, compressible-percent: 0}
    steady-state:
      scenario: random-write-4k
      round: 1 s
      window: 5
      max-rounds: 10
      spread-limit: 0.2
      slope-limit: 0.1
    rounds: {duration: 1 s, ramp-up: 100 ms, min: 5, step: 5, max: 20}
    scenarios:
      random-read-4k: {workload: random-read, block: 4k, depth: 8}
      random-write-4k: {workload: random-write, block: 4k, depth: 8}
      point-lookup: {workload: random-read, block: 4k, depth: 8, arrival: constant, rate: 1K}
    gates:
      raw/random-read-4k/iops: {min: 20K, reason: enough, source: us}
      raw/random-write-4k/iops: {min: 10_000, reason: enough, source: us}
      raw/point-lookup/p99: {max: 2 ms, reason: enough, source: us}
    """

  static func load(
    _ text: String, mode: QualificationMode = .quick, overrides: [String] = [],
    parents: [String: String] = [:]
  ) throws -> TierProfile {
    try ProfileLoader.load(text: text, file: "lab.yaml", mode: mode, overrides: overrides) { name in
      guard let text = parents[name] else { return try BuiltInProfiles.source(named: name) }
      return ProfileSource(text: text, file: "\(name).yaml")
    }
  }

  /// The mistakes found in `text`, as people see them.
  static func mistakes(
    _ text: String, overrides: [String] = [], parents: [String: String] = [:]
  ) -> [String] {
    do {
      _ = try load(text, overrides: overrides, parents: parents)
      return []
    } catch let errors as ProfileErrors {
      return errors.diagnostics.map(\.description)
    } catch {
      return ["unexpected error \(error)"]
    }
  }

  /// The fixture with one line of it replaced.
  static func replacing(_ old: String, _ new: String) -> String {
    var parts = profile.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for index in parts.indices where parts[index].contains(old) {
      parts[index] = parts[index].replacing(old, with: new)
      return parts.joined(separator: "\n")
    }
    Issue.record("the fixture has no '\(old)'")
    return profile
  }
}

extension String {
  fileprivate func replacing(_ old: String, with new: String) -> String {
    guard !old.isEmpty else { return self }
    var result = ""
    var rest = self[...]
    while !rest.isEmpty {
      if rest.hasPrefix(old) {
        result += new
        rest = rest.dropFirst(old.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }
}
