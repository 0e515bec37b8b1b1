/// Text from outside made fit to show: drives' model strings, paths, arguments.
public enum PrintableText {
  /// `text` as one line: white space runs become one space, control characters `U+FFFD`.
  public static func line(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var pendingSpace = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case " ", "\t", "\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}":
        // Two spaces are kept as they are: tables are aligned with them.
        if scalar == " " {
          result.append(" ")
        } else {
          pendingSpace = true
        }
        continue
      default: break
      }
      if pendingSpace {
        if result.last != " ", !result.isEmpty { result.append(" ") }
        pendingSpace = false
      }
      result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// Control and format characters: they move the cursor, hide text or reverse its order.
  static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// `arguments` as a line for bash, which may be pasted as it is.
  static func shellLine(_ arguments: [String]) -> String {
    arguments.map(shellWord).joined(separator: " ")
  }

  private static func shellWord(_ word: String) -> String {
    let safe = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
        || "-_./:=,@%+".unicodeScalars.contains($0)
    }
    if safe, !word.isEmpty { return word }
    guard word.unicodeScalars.contains(where: isHarmful) else {
      return "'"
        + word.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\\''") + "'"
    }
    var text = "$'"
    for scalar in word.unicodeScalars {
      switch scalar {
      case "'": text += "\\'"
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      default:
        if isHarmful(scalar) {
          let hex = String(scalar.value, radix: 16)
          text += "\\U" + String(repeating: "0", count: Swift.max(0, 8 - hex.count)) + hex
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "'"
  }
}
