import Foundation
import Measurements
import Testing

/// The device rig of `ci/rig`: boots a small machine with drives of its own and runs a script.
enum Rig {
  /// The checkout.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder of scripts and profiles beside this file.
  static let fixtures = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "Fixtures")

  /// The program under test: STOREBENCH_BINARY, or what was built together with these tests.
  static let binary: URL? = {
    if let path = ProcessInfo.processInfo.environment["STOREBENCH_BINARY"] {
      return URL(filePath: path)
    }
    let beside = builtBeside("storebench")
    return beside?.deletingLastPathComponent().lastPathComponent == "release" ? beside : nil
  }()

  /// A program that was built together with these tests; nil where it is not there.
  static func builtBeside(_ name: String) -> URL? {
    let path = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: name)
    return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
  }

  /// Why the rig cannot be used here; nil where it can.
  static let unavailability: String? = {
    guard let binary else { return "no release build: set STOREBENCH_BINARY or run ci/test" }
    guard FileManager.default.isExecutableFile(atPath: binary.path) else {
      return "\(binary.path) is not there"
    }
    do {
      let setup = try Command(["python3", root.appending(path: "ci/rig/rig").path, "setup"]).run()
      return setup.exit == 0 ? nil : "the rig cannot be had: \(setup.standardError)"
    } catch {
      return "the rig cannot be started: \(error)"
    }
  }()

  /// True, or false with the reason on standard error.
  static let isAvailable: Bool = {
    guard let unavailability else { return true }
    FileHandle.standardError.write(Data("rig tests skipped: \(unavailability)\n".utf8))
    return false
  }()

  /// Boots once with `options`, runs the prelude and `script` in it, and shuts down.
  ///
  /// - Parameters:
  ///   - options: Arguments of `rig run`, such as `--nvme 64M`.
  ///   - images: The contents of drives by the rig's name for them; others are empty.
  ///   - earlier: A run whose drives this one finds as they were left.
  ///   - timeout: Seconds that the script may take.
  ///   - script: Bash; `Fixtures/prelude.sh` says what it may call.
  /// - Returns: What the cases reported.
  /// - Throws: Where files cannot be written or the rig cannot be started.
  static func run(
    _ options: [String], images: [String: Data] = [:], after earlier: RigRun? = nil, timeout: Int,
    script: String
  ) throws -> RigRun {
    guard let binary else { throw RigFailure(reason: "no program to test") }
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "storebench-rig-\(UUID().uuidString)")
    let shared = folder.appending(path: "shared")
    let drives = earlier?.drives ?? folder.appending(path: "drives")
    for part in [shared, drives] {
      try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
    }
    for (name, contents) in images {
      try contents.write(to: drives.appending(path: "\(name).img"))
    }
    let file = shared.appending(path: "script.sh")
    let prelude = try String(contentsOf: fixtures.appending(path: "prelude.sh"), encoding: .utf8)
    try (prelude + script).write(to: file, atomically: true, encoding: .utf8)
    let information = folder.appending(path: "information.json")
    let result = try Command(
      [
        "python3", root.appending(path: "ci/rig/rig").path, "run", "--rw", shared.path,
        "--images", drives.path, "--info", information.path, "--timeout", "\(timeout)",
        "--env", "RIG_SHARED=\(shared.path)", "--env", "RIG_FIXTURES=\(fixtures.path)",
        "--env", "STOREBENCH_BINARY=\(binary.path)",
      ] + options + ["--", "bash", file.path]
    ).run()
    let info = (try? Data(contentsOf: information)).flatMap {
      try? JSONDecoder().decode(RigInformation.self, from: $0)
    }
    return RigRun(
      folder: folder, shared: shared, drives: drives, result: result, info: info)
  }
}

/// What the rig writes with `--info`.
struct RigInformation: Decodable {
  /// QEMU's statistics of each drive at the end.
  var blockstats: [String: [String: Int]]?
  /// `tcg` or `kvm`.
  var accel: String?
}

/// The rig did not do its part.
struct RigFailure: Error, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}

/// One boot of the rig with what its cases reported; its files go when it goes.
final class RigRun {
  let folder: URL
  let shared: URL
  let drives: URL
  let result: Command.Result
  let info: RigInformation?
  /// What each case reported, by its name.
  let cases: [String: RigCase]

  init(
    folder: URL, shared: URL, drives: URL, result: Command.Result, info: RigInformation?
  ) {
    self.folder = folder
    self.shared = shared
    self.drives = drives
    self.result = result
    self.info = info
    var cases: [String: RigCase] = [:]
    for line in result.standardOutput.split(separator: "\n") where line.hasPrefix("CASE ") {
      let words = line.split(separator: " ").dropFirst().map(String.init)
      guard let name = words.first else { continue }
      var found = cases[name] ?? RigCase(name: name, folder: shared.appending(path: name))
      for word in words.dropFirst() {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { found.facts[String(parts[0])] = String(parts[1]) }
      }
      cases[name] = found
    }
    self.cases = cases
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The case called `name`; an error with all that was said where the script did not reach it.
  func reached(_ name: String) throws -> RigCase {
    guard let found = cases[name] else {
      throw RigFailure(
        reason: "the script did not reach '\(name)' (exit \(result.exit)):\n"
          + result.standardOutput + result.standardError)
    }
    return found
  }
}

/// One case of a script: `CASE name key=value …` and what it left in its folder.
struct RigCase: CustomStringConvertible {
  var name: String
  var folder: URL
  var facts: [String: String] = [:]

  /// The exit code of the program; -1 where none was reported.
  var exit: Int { facts["exit"].flatMap(Int.init) ?? -1 }
  /// How long the program ran.
  var seconds: Double { (facts["ms"].flatMap(Double.init) ?? .infinity) / 1000 }
  /// What the program said, results first.
  var said: String { text("stdout") + text("stderr") }
  /// For the message of an expectation that is not met.
  var description: String { "\(name) \(facts)\n\(said.suffix(4000))" }

  private func text(_ file: String) -> String {
    (try? String(contentsOf: folder.appending(path: file), encoding: .utf8)) ?? ""
  }

  /// The record that the program left.
  func record() throws -> RunRecord {
    let results = folder.appending(path: "results")
    let walk = FileManager.default.enumerator(atPath: results.path)
    guard let path = walk?.compactMap({ $0 as? String }).first(where: { $0.hasSuffix("run.json") })
    else { throw RigFailure(reason: "no run.json below \(results.path)\n\(self)") }
    let data = try Data(contentsOf: results.appending(path: path))
    return try JSONDecoder().decode(RunRecord.self, from: data)
  }
}
