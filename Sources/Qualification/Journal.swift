internal import FoundationEssentials
internal import LinuxIO
internal import Measurements

/// Writes a run's journal and its side file of histograms, line by line, and keeps the record that
/// they tell.
final class Journal {
  /// The record so far, derived from the lines written when it is asked for.
  var record: RunRecord? { RunRecord(journal: entries) }
  /// The histograms so far.
  private(set) var samples: [SampleRecord] = []
  /// Bytes written to the subjects so far.
  var bytesWritten: UInt64 = 0

  /// The rounds of the phase that began last and has not ended, or of the last one.
  private(set) var openRounds: [RoundRecord] = []

  private var entries: [JournalEntry] = []
  private let journalFile: AppendFile
  private let samplesFile: AppendFile
  private let encoder = JSONEncoder()
  private let clock: RunClock

  /// Creates both files, which must not exist.
  ///
  /// - Throws: `SystemError` where the folder cannot be written.
  init(journalPath: String, samplesPath: String, clock: RunClock) throws(SystemError) {
    journalFile = try AppendFile(creating: journalPath)
    samplesFile = try AppendFile(creating: samplesPath)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.clock = clock
  }

  /// Appends an event and makes it durable: what it tells has happened when this returns.
  func append(_ event: JournalEntry.Event) throws {
    let entry = JournalEntry(
      at: clock.elapsed, atUTC: clock.utc, bytesWritten: bytesWritten, event: event)
    entries.append(entry)
    if case .phaseBegan = event { openRounds = [] }
    if case .roundEnded(let round) = event { openRounds.append(round) }
    try journalFile.append(try line(entry))
    try journalFile.synchronize()
  }

  /// Appends histograms and makes them durable, so that no round is told of without them.
  func append(_ new: [SampleRecord]) throws {
    samples += new.filter { $0.second == nil }
    var bytes: [UInt8] = []
    for sample in new { bytes += try line(sample) }
    try samplesFile.append(bytes)
    try samplesFile.synchronize()
  }

  private func line(_ value: some Encodable) throws -> [UInt8] {
    Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}
