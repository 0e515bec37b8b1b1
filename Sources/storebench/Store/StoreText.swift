import Verdicts

/// Keys and values as people write and read them.
enum StoreText {
  /// The bytes of an argument: its UTF-8, or what its hexadecimal digits say.
  static func bytes(_ text: String, hex: Bool, _ name: String) throws(CommandFailure) -> [UInt8] {
    guard hex else { return Array(text.utf8) }
    guard let bytes = HexBytes.decode(Array(text.utf8)) else {
      throw CommandFailure(
        .usage, "\(name) '\(text)': is not an even number of hexadecimal digits, as --hex asks for")
    }
    return bytes
  }

  /// Bytes as one line: printable ASCII as it is, a backslash doubled, the rest as `\xHH`.
  static func line(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\\"): text += "\\\\"
      case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x" + HexBytes.encode([byte])
      }
    }
    return text
  }
}

/// Bytes as hexadecimal digits.
enum HexBytes {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Two lower-case digits a byte.
  static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encoded(bytes), as: UTF8.self)
  }

  /// The same as ASCII.
  static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }

  /// The bytes; nil where there is anything but pairs of digits.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    for index in stride(from: 0, to: text.count, by: 2) {
      guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
