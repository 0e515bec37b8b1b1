import Measurements

/// The line of a phase that goes on.
struct ProgressLine {
  private let progress: RunProgress
  private let style: TerminalStyle

  /// Renders `progress` for a terminal of `style`.
  init(_ progress: RunProgress, style: TerminalStyle) {
    self.progress = progress
    self.style = style
  }

  /// Columns of the bar.
  static let barColumns = 24

  /// The line with a bar, at most `columns` wide; the bar goes first where it is too narrow.
  func text(columns: Int) -> String {
    let figures = figures.map(style.fit)
    let mark = style.fit("▸")
    let name = style.fit(GateDescription.spaced(progress.phase))
    let head = "  \(mark) " + TerminalReport(style: style).pad(name, to: TerminalReport.nameColumns)
    let tail = figures.isEmpty ? "" : "  " + figures.joined(separator: "  ")
    if let bar, head.count + 2 + Self.barColumns + tail.count <= columns {
      return head + "  " + bar + tail
    }
    // Too narrow for the bar: its fraction in figures, then whatever fits.
    var short = "  \(mark) \(name)"
    if let fraction = knownFraction { short += "  \(Quantity.wholePercent(fraction))" }
    return style.cut(short + tail, to: max(columns, 1))
  }

  /// The line without a bar, for files and pipes.
  func plainText() -> String {
    let name = style.fit(GateDescription.spaced(progress.phase))
    var parts: [String] = []
    if progress.event == .advanced, let fraction = knownFraction {
      parts.append(Quantity.wholePercent(fraction))
    }
    parts += figures.map(style.fit)
    let tail = parts.isEmpty ? "" : "  " + parts.joined(separator: "  ")
    let head = TerminalReport(style: style).pad(name, to: tail.isEmpty ? 0 : 20)
    return "  \(style.fit("▸")) \(head)\(tail)"
  }

  private var figures: [String] {
    var figures: [String] = []
    if let stalled = progress.stalledFor {
      figures.append("no answer for \(Quantity.duration(stalled))")
    } else {
      if progress.kind == .fill || progress.kind == .purge {
        if progress.bytes > 0 { figures.append(Quantity.bytes(progress.bytes)) }
        if let rate = progress.bytesPerSecond { figures.append(Quantity.bandwidth(rate)) }
      } else if let rate = PhaseDescription.rate(progress) {
        figures.append(rate)
      }
      if let p99 = progress.p99, p99.rawValue > 0 {
        figures.append("p99 \(Quantity.latency(nanoseconds: Double(p99.rawValue)))")
      }
    }
    if let round = progress.round {
      figures.append(progress.rounds.map { "round \(round)/\($0)" } ?? "round \(round)")
    }
    if let left = progress.timeLeft { figures.append("\(Quantity.clock(left)) left") }
    if let detail = progress.detail { figures.append(detail) }
    return figures
  }

  private var knownFraction: Double? {
    guard let fraction = progress.fractionDone, fraction.isFinite else { return nil }
    return min(max(fraction, 0), 1)
  }

  private var bar: String? {
    guard let fraction = knownFraction else { return nil }
    let done = Int((fraction * Double(Self.barColumns)).rounded(.down))
    let filled = String(repeating: style.fit("━"), count: done)
    let rest = Self.barColumns - done
    guard rest > 0 else { return style.paint(filled, .green) }
    let track = String(repeating: style.unicode ? "━" : ".", count: rest - 1)
    return style.paint(filled + style.fit("╸"), .green) + dimmed(track)
  }

  private func dimmed(_ track: String) -> String {
    // Without colour the part to come must look different from the part that is done.
    if style.unicode, !style.colour { return String(repeating: "─", count: track.count) }
    return style.paint(track, .faint)
  }
}

extension Quantity {
  /// A fraction in whole percent, rounded down, so that 100 % means done.
  static func wholePercent(_ fraction: Double) -> String {
    "\(Int((min(max(fraction, 0), 1) * 100).rounded(.down))) %"
  }
}
