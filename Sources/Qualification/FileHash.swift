internal import Crypto
internal import FoundationEssentials

/// SHA-256 of bytes and of files, in hexadecimal.
public enum FileHash {
  /// The hash of a string's UTF-8 bytes.
  public static func sha256(of text: String) -> String {
    hex(SHA256.hash(data: Array(text.utf8)))
  }

  /// The hash of a file's bytes; nil where it cannot be read.
  public static func sha256(ofFile path: String) -> String? {
    guard let file = FileManager.default.contents(atPath: path) else { return nil }
    return hex(SHA256.hash(data: file))
  }

  private static func hex(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
