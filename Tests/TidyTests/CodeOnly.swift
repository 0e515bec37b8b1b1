/// Swift source with comments and the insides of string literals blanked out, line by line.
///
/// Good enough for rules about words: it knows line and nested block comments, plain, multi-line
/// and raw strings, and treats what is interpolated as part of the string.
struct CodeOnly {
  /// The lines that remain, one for each line of the source.
  let lines: [String]

  /// Blanks out `source`.
  init(_ source: String) {
    var scanner = Scanner(Array(source))
    lines = scanner.blanked().split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// Line numbers, from 1, of the lines that match.
  func lineNumbers(matching pattern: some RegexComponent) -> [Int] {
    lines.indices.filter { lines[$0].contains(pattern) }.map { $0 + 1 }
  }
}

extension CodeOnly {
  private struct Scanner {
    let text: [Character]
    var position = 0
    var output = ""

    init(_ text: [Character]) { self.text = text }

    mutating func blanked() -> String {
      while position < text.count {
        if follows("//") {
          skip { $0.text[$0.position] == "\n" }
        } else if follows("/*") {
          skipBlockComment()
        } else if let hashes = openingHashes() {
          skipString(hashes: hashes)
        } else {
          output.append(text[position])
          position += 1
        }
      }
      return output
    }

    func follows(_ word: String) -> Bool {
      text[position...].starts(with: word)
    }

    /// Number of `#` before the quote of a string that starts here; nil where none starts.
    func openingHashes() -> Int? {
      var end = position
      while end < text.count, text[end] == "#" { end += 1 }
      return end < text.count && text[end] == "\"" ? end - position : nil
    }

    /// Moves on to where `end` holds; keeps line ends, so that line numbers stay right.
    mutating func skip(until end: (Scanner) -> Bool) {
      while position < text.count, !end(self) {
        if text[position] == "\n" { output.append("\n") }
        position += 1
      }
    }

    mutating func skipBlockComment() {
      var depth = 0
      repeat {
        if follows("/*") {
          depth += 1
          position += 2
        } else if follows("*/") {
          depth -= 1
          position += 2
        } else {
          if text[position] == "\n" { output.append("\n") }
          position += 1
        }
      } while depth > 0 && position < text.count
    }

    mutating func skipString(hashes: Int) {
      position += hashes
      let quote = follows("\"\"\"") ? "\"\"\"" : "\""
      let rail = String(repeating: "#", count: hashes)
      position += quote.count
      output.append("\"")
      while position < text.count, !follows(quote + rail) {
        if follows("\\" + rail + "(") {
          position += 2 + hashes
          skipInterpolation()
        } else if follows("\\" + rail) {
          position += 2 + hashes
        } else {
          if text[position] == "\n" { output.append("\n") }
          position += 1
        }
      }
      position += quote.count + hashes
      output.append("\"")
    }

    /// Skips to behind the parenthesis that closes an interpolation, strings within included.
    mutating func skipInterpolation() {
      var depth = 1
      while position < text.count, depth > 0 {
        if let hashes = openingHashes() {
          let before = output
          skipString(hashes: hashes)
          output = before + String(output.dropFirst(before.count).filter { $0 == "\n" })
          continue
        }
        if text[position] == "(" { depth += 1 }
        if text[position] == ")" { depth -= 1 }
        if text[position] == "\n" { output.append("\n") }
        position += 1
      }
    }
  }
}
