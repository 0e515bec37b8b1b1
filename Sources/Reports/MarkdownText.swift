/// Text from outside made fit for Markdown.
enum MarkdownText {
  /// `text` as one line in which nothing is markup, fit for a table's cell too.
  static func escape(_ text: String) -> String {
    var result = ""
    for character in PrintableText.line(text) {
      switch character {
      case "\\", "`", "*", "[", "]", "|", "~", "$": result += "\\\(character)"
      case "_": result += "\\_"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      default: result.append(character)
      }
    }
    return result
  }

  /// `lines` as a fenced block that they cannot end.
  static func fenced(_ lines: [String], language: String) -> String {
    var longest = 0
    for line in lines {
      var run = 0
      for character in line {
        run = character == "`" ? run + 1 : 0
        longest = max(longest, run)
      }
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return ([fence + language] + lines.map(PrintableText.line) + [fence]).joined(separator: "\n")
  }

  /// A table whose cells are all escaped here; empty where there are no rows.
  ///
  /// `rightAligned` holds the columns of numbers.
  static func table(_ columns: [String], rightAligned: Set<Int> = [], rows: [[String]]) -> String {
    guard !rows.isEmpty else { return "" }
    let header = "| " + columns.map(escape).joined(separator: " | ") + " |"
    let rule =
      "|" + columns.indices.map { rightAligned.contains($0) ? " ---: |" : " --- |" }.joined()
    let body = rows.map { "| " + $0.map(escape).joined(separator: " | ") + " |" }
    return ([header, rule] + body).joined(separator: "\n")
  }
}
