import ArgumentParser
import LinuxIO
import Reports
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
        storebench store create /srv/store                   a tiered store of one's own
        storebench bench store /srv/scratch-store --workload ycsb-a

      EXIT CODES
      \(ExitCode.table)
      """,
    version: version,
    subcommands: [
      QualifyCommand.self, DevicesCommand.self, BenchCommand.self, ProfilesCommand.self,
      CompareCommand.self, StoreCommand.self, CostCommand.self,
    ])
}

/// Parses, runs, prints what went wrong and exits with the documented code; errors end here.
@main enum Main {
  /// Threads that any command needs: for signals, for its task and for what that waits for.
  private static let threadCountMin = 4

  static func main() {
    StandardStream.replaceClosed()
    StandardStream.ignoreBrokenPipes()
    do {
      // Without a thread for the task below nobody would ever say anything.
      try ThreadRoom.require(threadCountMin)
      try StopSignal.ofProcess.catchSignals()
    } catch {
      StandardStream.error.write("storebench: \(error)\n")
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.unsuitable.rawValue))
    }
    // An asynchronous main would park this thread in dispatch_main, which unblocks every signal on
    // it: the next SIGTERM would end the process there, with the tool's file left behind.
    // Detached, because the main actor would wait for this thread.
    Task.detached { await carryOut() }
    while true { MonotonicClock.sleep(Nanoseconds(seconds: 3600)) }
  }

  /// Says that results did not reach standard output, where that is so: a full disk, not a reader
  /// that had seen enough.
  @discardableResult
  private static func tellLostOutput() -> Bool {
    guard let error = StandardStream.outputFailure else { return false }
    StandardStream.error.write("storebench: standard output is incomplete: \(error)\n")
    return true
  }

  /// Ends a command that went well, unless its results did not arrive.
  private static func exitAsPrinted() -> Never {
    if tellLostOutput() {
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.unsuitable.rawValue))
    }
    if StandardStream.outputIsUnread {
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.unread.rawValue))
    }
    Storebench.exit()
  }

  private static func carryOut() async -> Never {
    do {
      var command = try Storebench.parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
      exitAsPrinted()
    } catch let failure as CommandFailure {
      // What a drive, a file or a user wrote may be in it; a terminal must not obey it.
      for line in failure.message.split(separator: "\n", omittingEmptySubsequences: false)
      where !failure.message.isEmpty {
        StandardStream.error.write(PrintableText.line(String(line)) + "\n")
      }
      tellLostOutput()
      Storebench.exit(withError: ArgumentParser.ExitCode(failure.code.rawValue))
    } catch let error as SystemError {
      StandardStream.error.write("storebench: \(error)\n")
      Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.internal.rawValue))
    } catch {
      // Help and --version, and mistakes on the command line, which exit with 64. ArgumentParser's
      // own code for anything else is 1, which here would be a verdict.
      let code = Storebench.exitCode(for: error)
      if code != .success, code != .validationFailure {
        StandardStream.error.write("storebench: \(error)\n")
        Storebench.exit(withError: ArgumentParser.ExitCode(Verdicts.ExitCode.internal.rawValue))
      }
      guard code == .success else { Storebench.exit(withError: error) }
      StandardStream.output.write(Storebench.fullMessage(for: error) + "\n")
      exitAsPrinted()
    }
  }
}

extension StopSignal {
  /// The stop that this process's signals request.
  static let ofProcess = StopSignal()
}
