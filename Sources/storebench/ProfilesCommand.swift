import ArgumentParser
import LinuxIO
import Reports
import Verdicts

/// `storebench profiles`: what is asked of a tier.
struct ProfilesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profiles", abstract: "Lists, shows and checks tier profiles.",
    subcommands: [List.self, Show.self, Check.self])

  /// `storebench profiles list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the built-in profiles.", discussion: "EXAMPLE\n  storebench profiles list")

    func run() throws {
      for name in BuiltInProfiles.names {
        let profile = try ProfileChoice(file: name).load(mode: .quick, overrides: [])
        let padding = String(repeating: " ", count: max(1, 6 - name.count))
        StandardStream.output.write("\(name)\(padding)\(profile.summary)\n")
      }
    }
  }

  /// `storebench profiles show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a profile as it would be used.",
      discussion: """
        EXAMPLES
          storebench profiles show hot
          storebench profiles show lab.yaml --mode nightly --set rounds.min=10
        """)

    @Argument(help: "A built-in profile's name, or a file; ./hot is a file, hot is built in.")
    var profile: String

    @Option(help: "quick or nightly.")
    var mode: QualificationMode = .quick

    @Option(name: .customLong("set"), help: "KEY=VALUE, as for qualify.")
    var overrides: [String] = []

    @Flag(help: "Prints the file as it stands, with its comments.")
    var source = false

    func run() throws {
      let choice = ProfileChoice(file: profile)
      let text =
        source
        ? try choice.source().text : try choice.load(mode: mode, overrides: overrides).resolvedText
      StandardStream.output.write(text)
    }
  }

  /// `storebench profiles check`.
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks profile files; mistakes are told with line and column.",
      discussion: "EXAMPLE\n  storebench profiles check lab.yaml")

    @Argument(help: "Profile files; ./hot is a file, hot is built in.")
    var files: [String]

    func run() throws {
      var failures: [String] = []
      for file in files {
        do {
          let profile = try ProfileChoice(file: file).load(mode: .quick, overrides: [])
          StandardStream.output.write(
            "\(file): fine, tier \(profile.tier), \(profile.scenarios.count) scenarios, "
              + "\(profile.gates.count) gates\n")
        } catch {
          failures.append(error.message)
        }
      }
      guard failures.isEmpty else {
        throw CommandFailure(.usage, failures.joined(separator: "\n"))
      }
    }
  }
}
