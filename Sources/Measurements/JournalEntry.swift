/// A line of `journal.jsonl`: the run as it happened, from which `run.json` is derived.
///
/// Only appended to. What a crash leaves of it is a valid journal of the run so far.
public struct JournalEntry: Codable, Sendable, Equatable {
  /// The version of this layout.
  public static let currentSchema = 1

  /// What happened.
  public enum Event: Codable, Sendable, Equatable {
    /// The run begins; a record without phases.
    case runBegan(RunRecord)
    /// A phase begins; a record without rounds.
    case phaseBegan(PhaseRecord)
    /// A round of the phase that began last is complete.
    case roundEnded(RoundRecord)
    /// The phase that began last is over; a record without rounds.
    case phaseEnded(PhaseRecord)
    /// A signal asked the run to end.
    case interrupted(signal: String)
    /// The store of the engine layer was made, and opened with this configuration.
    case engineMade(EngineRecord)
    /// The health of a subject after the load.
    case healthRead(subject: Int, HealthRecord)
    /// The run was judged.
    case judged(VerdictRecord)
    /// The run is over.
    case runEnded
  }

  /// The version of this line's layout.
  public var schema: Int
  /// Monotonic time since the run's start.
  public var at: Nanoseconds
  /// UTC, ISO 8601.
  public var atUTC: String
  /// Bytes written to the subjects up to now.
  public var bytesWritten: UInt64
  /// What happened.
  public var event: Event

  /// Notes an event.
  public init(at: Nanoseconds, atUTC: String, bytesWritten: UInt64, event: Event) {
    self.schema = Self.currentSchema
    self.at = at
    self.atUTC = atUTC
    self.bytesWritten = bytesWritten
    self.event = event
  }
}

extension RunRecord {
  /// The record that a journal tells; nil where it does not begin with the run's beginning.
  ///
  /// A phase without an end was cut off: its rounds stay and its outcome is `interrupted`.
  public init?(journal: some Sequence<JournalEntry>) {
    var record: RunRecord?
    var open: PhaseRecord?
    for entry in journal {
      record?.bytesWritten = entry.bytesWritten
      switch entry.event {
      case .runBegan(let header):
        guard record == nil else { return nil }
        record = header
      case .phaseBegan(let phase):
        open = phase
        open?.outcome = .interrupted
      case .roundEnded(let round):
        guard var phase = open else { return nil }
        phase.rounds.append(round)
        phase.duration = entry.at - phase.startedAt
        open = phase
      case .phaseEnded(var phase):
        phase.rounds = open?.rounds ?? []
        record?.phases.append(phase)
        open = nil
      case .interrupted(let signal):
        record?.interruptedBy = signal
      case .healthRead(let subject, let health):
        if let count = record?.subjects.count, subject < count {
          record?.subjects[subject].healthAfter = health
        }
      case .engineMade(let engine):
        record?.engine = engine
      case .judged(let verdict):
        record?.verdict = verdict
      case .runEnded:
        record?.finishedAt = entry.atUTC
      }
    }
    guard var result = record else { return nil }
    if let open { result.phases.append(open) }
    self = result
  }
}
