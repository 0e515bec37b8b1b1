import Testing

/// Tests that run `storebench store …`.
protocol RunsStoreCommands {}

extension RunsStoreCommands {
  /// Runs a subcommand with little memory, with its streams where the shell's words say, and expects
  /// its exit code.
  @discardableResult
  func expect(
    _ arguments: [String], streams: String = "", code: Int32 = 0,
    line: SourceLocation = #_sourceLocation
  ) throws -> StorebenchProgram.Ending {
    let ending = try StorebenchProgram.run(
      ["store"] + arguments + ["--memory", "64MiB"],
      prefix: streams.isEmpty ? [] : ["/bin/sh", "-c", "exec \"$@\" \(streams)", "sh"])
    #expect(ending.code == code, "\(arguments): \(ending.text)", sourceLocation: line)
    return ending
  }
}
