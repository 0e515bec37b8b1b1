import Foundation

/// A program with its arguments, run to its end with no standard input.
struct Command {
  /// How it ended and what it said.
  struct Result {
    var exit: Int32
    var standardOutput: String
    var standardError: String
  }

  var arguments: [String]
  var environment: [String: String] = ProcessInfo.processInfo.environment

  /// Looks the program up in PATH.
  init(_ arguments: [String]) { self.arguments = arguments }

  /// Runs it.
  func run() throws -> Result {
    // Files, not pipes: a full pipe would stop the program while nobody reads it.
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "storebench-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appending(path: "out")
    let errors = folder.appending(path: "err")
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let signalled = process.terminationReason == .uncaughtSignal
    return Result(
      exit: process.terminationStatus + (signalled ? 128 : 0),
      standardOutput: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      standardError: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }
}
