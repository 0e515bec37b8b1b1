import Foundation
import Testing

/// The program under test, run as people and jobs run it.
struct StorebenchProgram {
  /// STOREBENCH_BINARY, or what was built together with these tests.
  static let path: String? = {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "storebench").path
    let path = ProcessInfo.processInfo.environment["STOREBENCH_BINARY"] ?? beside
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// Whether there is a program to test.
  static let isThere = path != nil
  /// Why not, for tests that are skipped.
  static let absence: Comment = "no program: set STOREBENCH_BINARY or build the storebench product"

  /// A profile's demonstration, cut down to a second or two; nothing about it is measured well.
  static let brief = [
    "--profile", "demo", "--size", "64MiB", "--progress", "none", "--set", "reserve=16 MiB",
    "--set", "rounds.duration=40 ms", "--set", "rounds.ramp-up=10 ms", "--set", "rounds.min=4",
    "--set", "rounds.step=1", "--set", "rounds.max=5", "--set", "steady-state.round=40 ms",
    "--set", "steady-state.max-rounds=5",
  ]

  /// How a run ended and what it said.
  struct Ending {
    var code: Int32
    var output: String
    var errors: String
    /// Everything that it said.
    var text: String { output + errors }
  }

  /// A run that may still go on.
  final class Run {
    let process = Process()
    private let folder: URL

    init(_ arguments: [String], in workingFolder: URL?, environment: [String: String]) throws {
      folder = FileManager.default.temporaryDirectory
        .appending(path: "storebench-run-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      if let workingFolder { process.currentDirectoryURL = workingFolder }
      // Files, not pipes: a full pipe would stop the program while nobody reads it.
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try Self.file(folder.appending(path: "out"))
      process.standardError = try Self.file(folder.appending(path: "err"))
      try process.run()
    }

    /// What it has printed so far.
    func outputSoFar() throws -> String { try Self.text(folder.appending(path: "out")) }
    /// What it has written to standard error by now.
    func errorsSoFar() throws -> String { try Self.text(folder.appending(path: "err")) }

    /// Waits for its end; a run that hangs is killed and counts as a failure.
    func ending(withinSeconds limit: Double = 90) throws -> Ending {
      let deadline = Date().addingTimeInterval(limit)
      while process.isRunning, Date() < deadline { usleep(10_000) }
      if process.isRunning {
        Issue.record("still running after \(limit) s: \(process.arguments ?? [])")
        kill(process.processIdentifier, SIGKILL)
      }
      process.waitUntilExit()
      let signalled = process.terminationReason == .uncaughtSignal
      let ending = Ending(
        code: process.terminationStatus + (signalled ? 128 : 0),
        output: try Self.text(folder.appending(path: "out")),
        errors: try Self.text(folder.appending(path: "err")))
      for word in ["Fatal error", "Backtrace", "💣", "Segmentation fault"] {
        #expect(!ending.text.contains(word), "crashed: \(ending.text)")
      }
      return ending
    }

    deinit {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      try? FileManager.default.removeItem(at: folder)
    }

    private static func file(_ url: URL) throws -> FileHandle {
      try Data().write(to: url)
      return try FileHandle(forWritingTo: url)
    }

    private static func text(_ url: URL) throws -> String {
      String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
  }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - arguments: What follows the program's name.
  ///   - prefix: A program that starts it, with its arguments.
  ///   - workingFolder: Where it runs.
  ///   - environment: Variables besides those of the tests.
  /// - Returns: The run.
  /// - Throws: Where it cannot be started.
  static func start(
    _ arguments: [String], prefix: [String] = [], in workingFolder: URL? = nil,
    environment: [String: String] = [:]
  ) throws -> Run {
    try Run(
      prefix + [try #require(path)] + arguments, in: workingFolder, environment: environment)
  }

  /// Runs it to its end.
  static func run(
    _ arguments: [String], prefix: [String] = [], in workingFolder: URL? = nil,
    environment: [String: String] = [:]
  ) throws -> Ending {
    try start(arguments, prefix: prefix, in: workingFolder, environment: environment).ending()
  }
}

/// A folder on a disk, gone at the end of its test.
final class TestFolder {
  let url: URL

  init() throws {
    url = URL(filePath: "/var/tmp/storebench-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// The path of an entry.
  func path(_ name: String) -> String { url.appending(path: name).path }

  /// Writes a file and returns its path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: url.appending(path: name))
    return path(name)
  }

  /// A new folder in it.
  func folder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      at: url.appending(path: name), withIntermediateDirectories: true)
    return path(name)
  }

  /// The entries of a folder in it, or of itself.
  func entries(_ name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: name.isEmpty ? url.path : path(name))
      .sorted()
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// Runs a script of the system with `sh -e`; what it prints is returned.
@discardableResult
func script(_ text: String) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-ec", "PATH=$PATH:/usr/sbin:/sbin; \(text)"]
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  let said = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  guard process.terminationStatus == 0 else { throw ScriptFailure(text: text, said: said) }
  return said
}

/// A script that did not do what the test needs.
struct ScriptFailure: Error {
  var text: String
  var said: String
}
