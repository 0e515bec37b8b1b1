import ArgumentParser
import LinuxIO
import Measurements
import Verdicts

/// The root of the command line.
struct Storebench: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "storebench",
    abstract: "Decides whether a drive, and the machine around it, may serve a storage tier.",
    discussion: """
      EXAMPLES
        storebench devices                                   what is here
        storebench qualify --tier hot /dev/nvme0n1           read-only gates, nothing is written
        storebench qualify --tier hot /dev/nvme0n1 --destroy-data SERIAL
        storebench qualify --tier warm /srv/data             in a file of its own, removed at the end
        storebench bench device /dev/nvme0n1 --workload random-read --depth 32

      EXIT CODES
      \(ExitCode.table)
      """,
    version: version,
    subcommands: [
      QualifyCommand.self, DevicesCommand.self, BenchCommand.self, ProfilesCommand.self,
      CompareCommand.self,
    ])
}

/// Parses, runs, prints what went wrong and exits with the documented code; errors end here.
@main enum Main {
  static func main() {
    StandardStream.ignoreBrokenPipes()
    do {
      try StopSignal.ofProcess.catchSignals()
    } catch {
      StandardStream.error.write("storebench: \(error)\n")
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.internal.rawValue))
    }
    // An asynchronous main would park this thread in dispatch_main, which unblocks every signal on
    // it: the next SIGTERM would end the process there, with the tool's file left behind.
    // Detached, because the main actor would wait for this thread.
    Task.detached { await carryOut() }
    while true { MonotonicClock.sleep(Nanoseconds(seconds: 3600)) }
  }

  private static func carryOut() async -> Never {
    do {
      var command = try Storebench.parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
      Storebench.exit()
    } catch let failure as CommandFailure {
      if !failure.message.isEmpty { StandardStream.error.write(failure.message + "\n") }
      Storebench.exit(withError: ArgumentParser.ExitCode(failure.code.rawValue))
    } catch let error as SystemError {
      StandardStream.error.write("storebench: \(error)\n")
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.internal.rawValue))
    } catch {
      // Help, --version, and mistakes on the command line, which exit with 64.
      Storebench.exit(withError: error)
    }
  }
}

extension StopSignal {
  /// The stop that this process's signals request.
  static let ofProcess = StopSignal()
}
