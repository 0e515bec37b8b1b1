import Measurements
import Verdicts

extension BenchDeviceCommand {
  /// The command with its workload's flags as a scenario of a profile has them.
  ///
  /// - Throws: `CommandFailure` where only one of the two flags was given, or there is no such
  ///   scenario.
  func asScenario() throws(CommandFailure) -> BenchDeviceCommand {
    guard profile != nil || scenario != nil else { return self }
    guard let profile, let scenario else {
      throw CommandFailure(
        .usage, "--profile and --scenario go together: the file, and which of its scenarios to run")
    }
    let given = flagsOfWorkload
    guard given.isEmpty else {
      throw CommandFailure(
        .usage,
        "--scenario \(scenario) sets what \(given.joined(separator: ", ")) would set; leave out the one "
          + "or the other")
    }
    let scenarios = try ProfileChoice(file: profile).load(mode: .quick, overrides: []).scenarios
      .filter { $0.layer == .raw }
    guard let spec = scenarios.first(where: { $0.name == scenario }) else {
      throw CommandFailure(
        .usage,
        "--scenario \(scenario): \(profile) has no such raw scenario; it has "
          + scenarios.map(\.name).joined(separator: ", "))
    }
    var command = self
    command.workload = spec.workload == "point-lookup" ? "random-read" : spec.workload
    command.block = spec.block
    command.readPercent = spec.readPercent
    command.threads = max(1, spec.threads ?? 1)
    command.depth = max(1, spec.depth / command.threads)
    command.distribution = spec.distribution
    command.rate = spec.arrival == "closed" ? nil : spec.ratePerSecond
    command.poisson = spec.arrival == "poisson"
    return command
  }

  /// The flags that a scenario sets and that do not stand at their defaults.
  private var flagsOfWorkload: [String] {
    [
      ("--workload", workload != "random-read"), ("--block", block != "4k"),
      ("--depth", depth != 32), ("--threads", threads != 1), ("--read-percent", readPercent != nil),
      ("--distribution", distribution != "uniform"), ("--rate", rate != nil),
      ("--poisson", poisson),
    ].filter(\.1).map(\.0)
  }
}
