/// How far a run is: a value that leaves the measuring side as it goes and reaches the display.
///
/// One ``Event/began`` and one ``Event/ended`` a phase, any number of ``Event/advanced`` between
/// them. Times are nanoseconds, sizes bytes, rates per second.
public struct RunProgress: Codable, Sendable, Equatable {
  /// What happened.
  public enum Event: String, Codable, Sendable {
    /// The phase begins now.
    case began
    /// The phase goes on.
    case advanced
    /// The phase is over; the figures are final and `outcome` is set.
    case ended
  }

  /// What happened.
  public var event: Event
  /// The phase's unique name, such as `random-read-4k`, or `safety` for checks before any load.
  public var phase: String
  /// What the phase is for; nil for checks that put no load on the subject.
  public var kind: PhaseKind?
  /// Monotonic time since the run's start.
  public var elapsed: Nanoseconds
  /// The part of the phase that is done, 0…1; nil where it cannot be known.
  public var fractionDone: Double?
  /// The round that runs, from 1.
  public var round: Int?
  /// Rounds that the phase will have, as far as is known now.
  public var rounds: Int?
  /// Expected time until the whole run ends.
  public var timeLeft: Nanoseconds?
  /// Requests completed in the phase.
  public var operations: UInt64
  /// Bytes moved in the phase.
  public var bytes: UInt64
  /// Requests per second: over the last second while it runs, over the phase when it has ended.
  public var operationsPerSecond: Double?
  /// Bytes per second, over the same time.
  public var bytesPerSecond: Double?
  /// 99th percentile of latency in the phase so far.
  public var p99: Nanoseconds?
  /// How long the subject has not answered; nil where it answers.
  public var stalledFor: Nanoseconds?
  /// The last look at steadiness, for that phase.
  public var steadyState: SteadyStateRecord?
  /// What the store did over the phase's rounds; only with ``Event/ended`` on the engine layer.
  public var engine: EngineRoundRecord?
  /// Why the phase ended; only with ``Event/ended``.
  public var outcome: PhaseOutcome?
  /// What there is to add, for people.
  public var detail: String?

  /// An event of a phase of which no figures are known yet.
  public init(_ event: Event, phase: String, kind: PhaseKind?, elapsed: Nanoseconds) {
    self.event = event
    self.phase = phase
    self.kind = kind
    self.elapsed = elapsed
    self.operations = 0
    self.bytes = 0
  }
}
