/// Rows whose columns are aligned with spaces.
struct TextTable {
  /// How a column is aligned.
  enum Alignment {
    case left
    case right
  }

  /// One alignment a column.
  var alignments: [Alignment]
  /// Rows of cells, as many as there are alignments; each cell is one line of plain text.
  var rows: [[String]] = []

  /// The rows, padded; `paint` may colour a cell after it was measured.
  func lines(paint: (_ row: Int, _ column: Int, _ cell: String) -> String = { $2 }) -> [String] {
    let widths = alignments.indices.map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.enumerated().map { index, row in
      var line = ""
      for (column, cell) in row.enumerated() where column < widths.count {
        if widths[column] == 0 { continue }
        if !line.isEmpty { line += "   " }
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        let painted = paint(index, column, cell)
        line += alignments[column] == .right ? padding + painted : painted + padding
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
