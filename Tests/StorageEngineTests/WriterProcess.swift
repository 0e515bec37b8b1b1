import Foundation
import StorageEngine
import StoreWriter
import Testing

/// The process that writes to a store until something ends it, and what it said.
final class WriterProcess {
  /// STORE_WRITER_BINARY, or what was built together with these tests.
  static let binary: String? = {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "StoreWriter").path
    let path = ProcessInfo.processInfo.environment["STORE_WRITER_BINARY"] ?? beside
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  private let process = Process()
  private let outputPath: String

  /// Starts it; `output` is a file outside of what is to be taken away, `command` runs it.
  init(
    store: String, mode: String, from first: Int, moving: Bool, output: String,
    under command: [String] = []
  ) throws {
    outputPath = output
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      command + [Self.binary ?? "", store, mode, String(first)] + (moving ? ["move"] : [])
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    let file = try FileHandle(forWritingTo: URL(filePath: output))
    defer { try? file.close() }
    process.standardOutput = file
    process.standardError = file
    try process.run()
  }

  /// Waits until the store is open there.
  func waitUntilOpen() {
    let deadline = Date().addingTimeInterval(30)
    while !text.contains("\n"), process.isRunning, Date() < deadline { usleep(1000) }
  }

  /// Kills it.
  func kill() {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Waits until it has ended by itself, or kills it after a while.
  ///
  /// - Returns: The signal that ended it; 0 for none.
  func waitForEnd(seconds: Double = 20) -> Int32 {
    let deadline = Date().addingTimeInterval(seconds)
    while process.isRunning, Date() < deadline { usleep(1000) }
    if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal ? process.terminationStatus : 0
  }

  private var text: String {
    (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? ""
  }

  /// All that it said, line by line; a last one that was cut off is left out.
  var output: [Substring] {
    let text = text
    return Array(text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1))
  }

  /// What it said was acknowledged.
  static func acknowledged(in output: [Substring]) -> [AcknowledgedBatch] {
    output.compactMap { AcknowledgedBatch($0) }
  }
}

extension WriterProcess {
  /// Every number up to the last has both its keys, with the right value, and none beyond has one.
  ///
  /// - Returns: The last number that is there whole.
  static func check(_ store: TieredStore, _ place: Comment) throws -> Int {
    let found = try WrittenKeys(in: store)
    #expect(found.faults == [], place)
    return found.last
  }
}
