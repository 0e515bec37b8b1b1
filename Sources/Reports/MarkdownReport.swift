public import Measurements

/// The run's `report.md`: the verdict first, then all that it rests on.
public enum MarkdownReport {
  /// The whole report, ended by a line feed; GitHub's Markdown with tables.
  ///
  /// Everything that comes from the device, the profile or the user is escaped.
  public static func text(of record: RunRecord, comparison: Comparison? = nil) -> String {
    var sections = [title(record), verdict(record)]
    sections.append(section("Gates", gates(record)))
    sections.append(section("Where the limits come from", limits(record)))
    if let comparison { sections.append(comparison.markdown(heading: "##")) }
    sections += MarkdownEvidence(record).sections
    return sections.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// A heading with its body; empty where the body is.
  static func section(_ heading: String, _ body: String) -> String {
    body.isEmpty ? "" : "## \(heading)\n\n\(body)"
  }

  /// Lines of a list, escaped; empty where there are none.
  static func list(_ lines: [String]) -> String {
    lines.map { "- " + MarkdownText.escape($0) }.joined(separator: "\n")
  }

  private static func title(_ record: RunRecord) -> String {
    let word = record.verdict.map { GateDescription.word($0.outcome).uppercased() } ?? "NO VERDICT"
    let subject = record.subjects.map { SubjectDescription($0).title }.joined(separator: " + ")
    return "# \(word): \(MarkdownText.escape("\(subject), \(record.tier) tier"))"
  }

  private static func verdict(_ record: RunRecord) -> String {
    guard let verdict = record.verdict else {
      let cause = record.interruptedBy.map { "It was interrupted by \($0)." } ?? "It did not end."
      return MarkdownText.escape(
        "The run has no verdict. \(cause) What was measured until then follows.")
    }
    var paragraphs = ["**\(MarkdownText.escape(verdict.summary))**"]
    if let signal = record.interruptedBy {
      paragraphs.append(MarkdownText.escape("The run was interrupted by \(signal)."))
    }
    if let why = verdict.why { paragraphs.append("Why: \(MarkdownText.escape(why))") }
    if let remedy = verdict.remedy {
      paragraphs.append("What to do: \(MarkdownText.escape(remedy))")
    }
    if verdict.certifiable {
      paragraphs.append("Nothing stands against a certificate.")
    } else {
      let reasons = list(verdict.notCertifiable)
      paragraphs.append(
        reasons.isEmpty
          ? "This is not a certificate." : "This is not a certificate, because:\n\n\(reasons)")
    }
    if !verdict.warnings.isEmpty { paragraphs.append("Warnings:\n\n\(list(verdict.warnings))") }
    return paragraphs.joined(separator: "\n\n")
  }

  private static func gates(_ record: RunRecord) -> String {
    MarkdownText.table(
      ["gate", "measured", "interval", "limit", "outcome", "bound by", "reason"],
      rightAligned: [1],
      rows: GateDescription.all(of: record).map { gate, words in
        let confidence =
          gate.confidence.map { " at \(Quantity.plain(($0 * 1e4).rounded(.down) / 100)) %" } ?? ""
        return [
          words.label, words.value, words.interval.isEmpty ? "" : words.interval + confidence,
          words.limit, words.outcome, gate.bound.map(GateDescription.word) ?? "",
          gate.reason ?? "",
        ]
      })
  }

  private static func limits(_ record: RunRecord) -> String {
    MarkdownText.table(
      ["name", "limit", "why", "source"],
      rows: GateDescription.all(of: record).map { gate, words in
        [gate.name.description, words.limit, gate.limitReason ?? "", gate.limitSource ?? ""]
      })
  }
}
