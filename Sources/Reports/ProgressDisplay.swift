public import Measurements

/// Turns the events of a run into the text to write, so that the caller only writes it.
///
/// On a terminal one line is replaced in place and a phase leaves one line behind. Elsewhere a
/// phase appends a line when it begins, one when it ends, and at most one every
/// ``heartbeat`` between them. Feed it at least one event every second or so.
public struct ProgressDisplay: Sendable {
  /// How events are shown.
  public enum Form: Sendable, Equatable {
    /// For people.
    case text
    /// One JSON object a line; see `docs/results.md`.
    case json
    /// Not at all.
    case none
  }

  /// How events are shown.
  public let form: Form
  /// What the terminal can do.
  public let style: TerminalStyle
  /// Shortest time between two appended lines of a phase that goes on.
  public let heartbeat: Nanoseconds

  private var lastLineAt: Nanoseconds?
  private var isLineOpen = false

  /// Shows events in `form`; `heartbeat` matters only where lines cannot be replaced.
  public init(form: Form, style: TerminalStyle, heartbeat: Nanoseconds = Nanoseconds(seconds: 5)) {
    self.form = form
    self.style = style
    self.heartbeat = heartbeat
  }

  /// The text to write for `progress`; empty where there is nothing to write now.
  public mutating func text(for progress: RunProgress) -> String {
    switch form {
    case .none: ""
    case .json: RunProgressJSON.line(progress)
    case .text: style.inPlace ? replaced(progress) : appended(progress)
    }
  }

  /// The text that clears the open line, before anything else is written to the terminal.
  ///
  /// Also to be written when the run ends for whatever reason. Empty where no line is open.
  public mutating func clear() -> String {
    defer { isLineOpen = false }
    return isLineOpen ? Self.erase : ""
  }

  private static let erase = "\r\u{1B}[K"

  private mutating func replaced(_ progress: RunProgress) -> String {
    let report = TerminalReport(style: style)
    let before = clear()
    if progress.event == .ended {
      return before + report.ended(PhaseDescription(ended: progress)) + "\n"
    }
    isLineOpen = true
    // The last column stays free: some terminals wrap as soon as it is written.
    return (before.isEmpty ? "\r" : before)
      + ProgressLine(progress, style: style).text(columns: style.columns - 1)
  }

  private mutating func appended(_ progress: RunProgress) -> String {
    switch progress.event {
    case .ended:
      lastLineAt = nil
      return TerminalReport(style: style).ended(PhaseDescription(ended: progress)) + "\n"
    case .began: break
    case .advanced:
      if let lastLineAt, progress.elapsed - lastLineAt < heartbeat { return "" }
    }
    lastLineAt = progress.elapsed
    return ProgressLine(progress, style: style).plainText() + "\n"
  }
}
