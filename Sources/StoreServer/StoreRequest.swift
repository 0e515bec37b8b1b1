internal import StorageEngine

/// What a request asks the store for: pure.
enum StoreRequest: Equatable {
  case help
  case metrics
  case get([UInt8])
  case put([UInt8])
  case delete([UInt8])
  case scan(ScanQuery)

  /// Why a request means nothing.
  enum Fault: Error, Equatable {
    /// There is nothing of this name.
    case unknownPath(String)
    /// It can be asked only in other ways.
    case method(allowed: String)
    /// A part of it cannot be read.
    case unreadable(String)
  }

  /// A range of keys to walk over.
  struct ScanQuery: Equatable {
    var from: [UInt8]?
    var upTo: [UInt8]?
    var prefix: [UInt8]?
    var limit = limitDefault
    var isReverse = false
    var keysOnly = false

    static let limitDefault = 1000
    static let limitMax = 100_000

    /// The keys within all bounds that were given.
    var range: KeyRange {
      var range = prefix.map { KeyRange(prefix: $0) } ?? .all
      if let from, range.lower.map({ $0.lexicographicallyPrecedes(from) }) ?? true {
        range.lower = from
      }
      if let upTo, range.upper.map({ upTo.lexicographicallyPrecedes($0) }) ?? true {
        range.upper = upTo
      }
      return range
    }
  }

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - method: Such as `GET`.
  ///   - path: As it came, percent-encoded.
  ///   - query: What follows the question mark, if anything.
  /// - Throws: ``Fault`` where it means nothing.
  init(method: String, path: String, query: String?) throws(Fault) {
    switch path {
    case "/", "":
      try Self.check(method, ["GET", "HEAD"])
      self = .help
    case "/metrics":
      try Self.check(method, ["GET", "HEAD"])
      self = .metrics
    case "/keys":
      try Self.check(method, ["GET", "HEAD"])
      self = .scan(try Self.scan(query ?? ""))
    default:
      guard path.hasPrefix("/keys/") else { throw .unknownPath(path) }
      try Self.check(method, ["GET", "HEAD", "PUT", "DELETE"])
      guard let key = PercentBytes.decode(path.dropFirst("/keys/".count)) else {
        throw .unreadable("the key: % is followed by two hexadecimal digits; % itself is %25")
      }
      // Else keys that differ behind it alone would be taken for one.
      guard query == nil else {
        throw .unreadable("the key: a question mark in it is written %3F; nothing may follow a key")
      }
      if key.isEmpty { throw .unreadable("the key: it is empty; a key has at least one byte") }
      self =
        switch method {
        case "PUT": .put(key)
        case "DELETE": .delete(key)
        default: .get(key)
        }
    }
  }

  private static func check(_ method: String, _ allowed: [String]) throws(Fault) {
    guard allowed.contains(method) else {
      throw .method(allowed: allowed.joined(separator: ", "))
    }
  }

  private static func scan(_ query: String) throws(Fault) -> ScanQuery {
    var scan = ScanQuery()
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = pair[0]
      guard let value = PercentBytes.decode(pair.count > 1 ? pair[1] : "") else {
        throw .unreadable("\(name): % is followed by two hexadecimal digits; % itself is %25")
      }
      switch name {
      case "from": scan.from = value
      case "to": scan.upTo = value
      case "prefix": scan.prefix = value
      case "limit":
        let text = String(decoding: value, as: UTF8.self)
        guard let limit = Int(text), (1...ScanQuery.limitMax).contains(limit) else {
          throw .unreadable("limit: '\(text)' is no number from 1 to \(ScanQuery.limitMax)")
        }
        scan.limit = limit
      case "reverse": scan.isReverse = try flag(value, "reverse")
      case "keys-only": scan.keysOnly = try flag(value, "keys-only")
      default:
        throw .unreadable(
          "\(name): there are from, to, prefix, limit, reverse and keys-only")
      }
    }
    return scan
  }

  private static func flag(_ value: [UInt8], _ name: String) throws(Fault) -> Bool {
    switch String(decoding: value, as: UTF8.self) {
    case "", "1", "true": return true
    case "0", "false": return false
    default: throw .unreadable("\(name): give true or false")
    }
  }
}

/// Bytes in the percent-encoding of RFC 3986, section 2.1; they need not be UTF-8.
enum PercentBytes {
  /// The bytes of a text; nil where a percent sign stands without its two digits.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// The text of bytes: letters, digits and `-._~` as they are.
  static func encode(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        text.append(byte)
      default: text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Whether a `Host` is this machine's own: a web page that has its name lead here must not reach the store.
enum LoopbackHost {
  static func isOne(_ authority: String) -> Bool {
    var host = authority[...]
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      host = host[...end]
    } else if let colon = host.lastIndex(of: ":") {
      host = host[..<colon]
    }
    return ["127.0.0.1", "localhost", "[::1]"].contains(host.lowercased())
  }
}
