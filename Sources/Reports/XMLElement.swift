/// An element of an XML document, with either text or children.
struct XMLElement {
  private let name: String
  private let attributes: [(String, String)]
  private let children: [XMLElement]
  private let content: String

  /// An element; attribute values and text are escaped when it is written.
  init(
    _ name: String, _ attributes: [(String, String)], children: [XMLElement] = [],
    text: String = ""
  ) {
    self.name = name
    self.attributes = attributes
    self.children = children
    self.content = text
  }

  /// The element on lines of its own, each beginning with `indent`.
  func text(indent: String) -> String {
    let head =
      indent + "<" + name
      + attributes.map { " \($0.0)=\"\(XMLText.escape($0.1))\"" }.joined()
    if children.isEmpty, content.isEmpty { return head + "/>\n" }
    if children.isEmpty {
      return head + ">\(XMLText.escape(content, keepsLines: true))</\(name)>\n"
    }
    return head + ">\n" + children.map { $0.text(indent: indent + "  ") }.joined()
      + "\(indent)</\(name)>\n"
  }
}

/// Text made fit for XML 1.0.
enum XMLText {
  /// `text` for an attribute or an element: markup escaped, forbidden characters `U+FFFD`.
  ///
  /// Line feeds and tabs stay as they are only in elements, with `keepsLines`.
  static func escape(_ text: String, keepsLines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "\n" where keepsLines, "\t" where keepsLines: result.append(scalar)
      // A parser would turn these into spaces in attributes.
      case "\n": result.append(contentsOf: "&#10;".unicodeScalars)
      case "\t": result.append(contentsOf: "&#9;".unicodeScalars)
      case "\r": result.append(contentsOf: "&#13;".unicodeScalars)
      default: result.append(isAllowed(scalar) ? scalar : "\u{FFFD}")
      }
    }
    return String(result)
  }

  /// Seconds with three decimals and without grouping, as JUnit readers expect.
  static func seconds(_ value: Double) -> String {
    guard value.isFinite, value > 0, value < 1e12,
      let milliseconds = UInt64(exactly: (value * 1000).rounded())
    else { return "0.000" }
    let tail = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - tail.count) + tail
  }

  /// The characters of XML 1.0, less the C1 controls that it discourages.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }
}
