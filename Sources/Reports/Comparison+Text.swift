import Measurements

extension Comparison {
  /// Columns of either table.
  private static let columns = ["gate", "before", "now", "ratio", "change"]

  /// The comparison as lines for a terminal of `style`, each ended by a line feed.
  public func text(style: TerminalStyle) -> String {
    var lines = [style.fit("compared with \(earlier)")]
    var table = TextTable(alignments: [.left, .right, .right, .right, .left])
    table.rows = rows.map { $0.map(style.fit) }
    lines += table.lines { row, column, cell in
      column == 4 ? style.paint(cell, Self.colour(findings[row].change)) : cell
    }
    lines += notes.map { style.fit("note   \($0)") }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The comparison as a section of Markdown without a line feed at its end.
  ///
  /// `heading` is the heading's mark, such as `##`.
  public func markdown(heading: String) -> String {
    var parts = ["\(heading) Compared with \(MarkdownText.escape(earlier))"]
    let table = MarkdownText.table(Self.columns, rightAligned: [1, 2, 3], rows: rows)
    parts.append(table.isEmpty ? "Neither run has a gate." : table)
    if !notes.isEmpty {
      parts.append("What else differs:\n\n" + MarkdownReport.list(notes))
    }
    return parts.joined(separator: "\n\n")
  }

  private var rows: [[String]] {
    findings.map { finding in
      [
        finding.name.description, Self.cell(finding.before), Self.cell(finding.after),
        finding.ratio.map { "× " + Quantity.fixed($0.magnitude, decimals: 3) } ?? "",
        finding.change.rawValue,
      ]
    }
  }

  private static func cell(_ gate: GateResult?) -> String {
    guard let gate else { return Quantity.missing }
    let words = GateDescription(gate, scenario: nil)
    return words.interval.isEmpty ? words.value : "\(words.value) \(words.interval)"
  }

  private static func colour(_ change: Change) -> TerminalStyle.Colour? {
    switch change {
    case .improved: .green
    case .regressed: .red
    case .unclear: .yellow
    case .same, .notComparable: nil
    }
  }
}
