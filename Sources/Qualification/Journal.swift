internal import FoundationEssentials
internal import LinuxIO
internal import Measurements

/// Writes a run's journal and its side file of histograms, line by line, and keeps the record that
/// they tell.
final class Journal {
  /// The record so far, derived from the lines written.
  private(set) var record: RunRecord?
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
  func append(_ event: JournalEntry.Event) throws(SystemError) {
    let entry = JournalEntry(
      at: clock.elapsed, atUTC: clock.utc, bytesWritten: bytesWritten, event: event)
    entries.append(entry)
    if case .phaseBegan = event { openRounds = [] }
    if case .roundEnded(let round) = event { openRounds.append(round) }
    record = RunRecord(journal: entries)
    try journalFile.append(line(entry))
    try journalFile.synchronize()
  }

  /// Appends histograms.
  func append(_ new: [SampleRecord]) throws(SystemError) {
    samples += new.filter { $0.second == nil }
    try samplesFile.append(new.flatMap { line($0) })
  }

  private func line(_ value: some Encodable) -> [UInt8] {
    // Everything in these records is a number, a string or a list of them: nothing that JSON
    // cannot hold, but for figures that are not finite, which the rules never let arise.
    guard let data = try? encoder.encode(value) else { return [] }
    return Array(data) + [UInt8(ascii: "\n")]
  }
}
