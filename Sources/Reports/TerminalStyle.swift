/// What the terminal that is written to can do.
public struct TerminalStyle: Sendable, Equatable {
  /// Colour and bold may be used.
  public var colour: Bool
  /// Characters outside ASCII may be used.
  public var unicode: Bool
  /// Lines may be replaced in place.
  public var inPlace: Bool
  /// Columns of a line; progress lines are cut to it.
  public var columns: Int

  /// Columns where nobody says how wide the terminal is.
  public static let defaultColumns = 100

  /// States what a terminal can do.
  public init(colour: Bool, unicode: Bool, inPlace: Bool, columns: Int = defaultColumns) {
    self.colour = colour
    self.unicode = unicode
    self.inPlace = inPlace
    self.columns = columns > 0 ? columns : Self.defaultColumns
  }

  /// A file or a pipe that takes UTF-8: no colour, nothing replaced.
  public static let plain = TerminalStyle(colour: false, unicode: true, inPlace: false)

  /// Derives the style from what is known of the stream and from the environment.
  ///
  /// Colour needs a terminal, no `NO_COLOR` (any value but an empty one forbids it) and a `TERM`
  /// other than `dumb`. Unicode needs `LC_ALL`, else `LC_CTYPE`, else `LANG` to name UTF-8.
  /// `columns` is 0 or less where the terminal does not say; `COLUMNS` is asked then.
  public init(isTerminal: Bool, columns: Int, environment: [String: String]) {
    func word(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let dumb = (word("TERM") ?? "dumb") == "dumb"
    let locale = (word("LC_ALL") ?? word("LC_CTYPE") ?? word("LANG") ?? "").lowercased()
    self.init(
      colour: isTerminal && !dumb && word("NO_COLOR") == nil,
      unicode: locale.contains("utf-8") || locale.contains("utf8"),
      inPlace: isTerminal && !dumb,
      columns: columns > 0 ? columns : word("COLUMNS").flatMap { Int($0) } ?? 0)
  }
}

extension TerminalStyle {
  /// A colour of the sixteen that every terminal has.
  enum Colour: String {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case bold = "1"
    case faint = "2"
  }

  /// `text` in `colour`, where colour may be used.
  func paint(_ text: String, _ colour: Colour?) -> String {
    guard self.colour, let colour, !text.isEmpty else { return text }
    return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
  }

  /// `text` fit for the terminal: one line, no control characters, ASCII where nothing else goes.
  ///
  /// Model strings and reasons come from outside and may hold escape sequences.
  func fit(_ text: String) -> String {
    var result = ""
    for scalar in PrintableText.line(text).unicodeScalars {
      if unicode || scalar.isASCII {
        result.unicodeScalars.append(scalar)
      } else {
        result += Self.substitutes[scalar] ?? "?"
      }
    }
    return result
  }

  /// `text` cut to `width` characters, with a mark where something is missing.
  func cut(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    let mark = unicode ? "…" : "..."
    guard width > mark.count else { return String(text.prefix(Swift.max(0, width))) }
    return String(text.prefix(width - mark.count)) + mark
  }

  private static let substitutes: [Unicode.Scalar: String] = [
    "µ": "u", "μ": "u", "±": "+/-", "≥": ">=", "≤": "<=", "×": "x", "·": "-", "–": "-", "—": "-",
    "…": "...", "°": "", "✓": "+", "✗": "x", "▸": ">", "━": "=", "╸": ">", "→": "->",
    "÷": "/", "’": "'", "‘": "'", "“": "\"", "”": "\"", "\u{A0}": " ", "\u{202F}": " ",
    "\u{2009}": " ",
  ]
}
