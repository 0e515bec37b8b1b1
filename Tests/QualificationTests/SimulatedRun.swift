import FoundationEssentials
import LinuxIO
import Measurements
import Verdicts

@testable import Qualification

/// A qualification of a simulated device from its opening to what it leaves in its folder.
struct SimulatedRun {
  /// A simulated disk that the cold tier takes, and that costs little to simulate.
  static let soundDisk = "simulated:read-iops=300,write-iops=300,latency=12000,bandwidth=240"

  /// The record that the run held at its end.
  let record: RunRecord
  /// The profile that it judged by.
  let profile: TierProfile
  /// The bytes of its journal.
  let journal: [UInt8]
  /// The lines of its side file.
  let samples: [SampleRecord]

  /// What it judged.
  var verdict: VerdictRecord? { record.verdict }

  /// The names of the gates that were judged so.
  func gates(_ outcome: Outcome) -> Set<String> {
    Set(record.verdict?.gates.filter { $0.outcome == outcome }.map(\.name.description) ?? [])
  }

  /// Carries it out; `stop` may be asked for beforehand or from `progress`.
  init(
    _ tier: Tier, on device: String, overrides: [String] = [], seed: UInt64 = 1,
    stop: StopSignal = StopSignal(), progress: @escaping (RunProgress) -> Void = { _ in }
  ) async throws {
    let source = try BuiltInProfiles.source(named: tier.rawValue)
    profile = try ProfileLoader.load(
      text: source.text, file: source.file, mode: .quick, overrides: overrides)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "storebench-simulated-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let qualification = try await DeviceQualification.open(
      QualificationRequest(
        path: FileSystemPath(device), destroySerial: nil, sizeBytes: nil, profile: profile,
        profileSource: source.file, overrides: overrides, mode: .quick, layer: "raw", seed: seed,
        command: ["storebench"], version: "test"))
    let journalFile = folder.appending(path: "journal.jsonl")
    let samplesFile = folder.appending(path: "samples.jsonl")
    try await qualification.run(
      journalPath: journalFile.path, samplesPath: samplesFile.path, stop: stop, progress: progress)
    qualification.close()
    record = qualification.record
    journal = [UInt8](try Data(contentsOf: journalFile))
    samples = try Self.lines([UInt8](try Data(contentsOf: samplesFile))).map {
      try JSONDecoder().decode(SampleRecord.self, from: Data($0))
    }
  }

  /// The whole lines of a file.
  static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    // What follows the last line feed was cut off in the middle, or is nothing.
    parts.removeLast()
    return parts
  }

  /// The record that a journal tells.
  static func record(journal bytes: [UInt8]) throws -> RunRecord? {
    RunRecord(
      journal: try lines(bytes).map { try JSONDecoder().decode(JournalEntry.self, from: Data($0)) })
  }
}

/// Whether the tests were compiled with optimization, as `ci/test` does.
enum BuildForm {
  #if DEBUG
    static let isOptimized = false
  #else
    static let isOptimized = true
  #endif
}
