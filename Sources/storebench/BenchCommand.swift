import ArgumentParser

/// `storebench bench`: one workload, without a verdict.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures one workload, without a verdict.",
    subcommands: [BenchDeviceCommand.self, BenchStoreCommand.self])
}
