import LinuxIO
import StorageEngine
import Verdicts

/// Berkeley DB's dump format, which `db_dump`, `mdb_dump` and their `load` counterparts speak: a header,
/// then a line for each key and each value, each after a space, in hexadecimal digits.
///
/// Source: the page `db_dump` of Berkeley DB's documentation; LMDB's `mdb_dump` follows it.
enum DumpFormat {
  /// The lines before the first key.
  static let header = "VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\n"
  /// The line behind the last value.
  static let footer = "DATA=END\n"

  /// How bytes are written in a dump.
  enum Encoding {
    /// Hexadecimal digits.
    case bytevalue
    /// Printable ASCII as it is, a backslash doubled, the rest as a backslash and two digits.
    case print
  }

  /// A key and its value.
  static func entry(_ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
    let space = UInt8(ascii: " ")
    let end = UInt8(ascii: "\n")
    return [space] + HexBytes.encoded(key) + [end, space] + HexBytes.encoded(value) + [end]
  }

  /// Reads a dump, entry by entry; one may follow another, as where two files were joined.
  struct Reader: ~Copyable {
    private var input: InputFile
    private var encoding = Encoding.bytevalue
    private var lineNumber = 0
    private var sectionCount = 0
    /// The line that names the first section's database; empty where none does.
    private var database: [UInt8] = []
    /// Where a file begins; nil for what can be read only once.
    private let start: Int64?

    /// The longest line: a key or value of the greatest length in digits, and the space.
    private static let lineBytesMax = 3 * KeyRule.valueBytesMax + 1

    /// Reads the header.
    ///
    /// - Throws: `CommandFailure` where this is no dump, or one that has no plain keys and values.
    init(_ input: consuming InputFile) throws {
      start = input.start
      self.input = input
      try beginFirst()
    }

    /// Reads everything to its end, so that a mistake in it is found before anything is loaded, and
    /// begins again; where the input can be read only once, nothing happens.
    ///
    /// - Throws: `CommandFailure`, as ``entry()`` does.
    mutating func check() throws {
      guard let start else { return }
      do {
        while try entry() != nil {}
      } catch let failure as CommandFailure {
        throw CommandFailure(failure.code, failure.message + "; nothing was loaded")
      }
      do throws(SystemError) {
        try input.rewind(to: start)
      } catch {
        throw CommandFailure(.unsuitable, "\(error); nothing was loaded")
      }
      lineNumber = 0
      sectionCount = 0
      try beginFirst()
    }

    /// The next key with its value; nil behind the last.
    ///
    /// - Throws: `CommandFailure` for a line that is none, and for a dump that ends too early.
    mutating func entry() throws -> (key: [UInt8], value: [UInt8])? {
      while true {
        if let key = try datum() {
          try fitting { () throws(StoreError) in try KeyRule.check(key: key) }
          guard let value = try datum() else { throw failure("a key without a value") }
          try fitting { () throws(StoreError) in try KeyRule.check(value: value) }
          return (key, value)
        }
        guard try beginNext() else { return nil }
      }
    }

    /// Names the line of what no store can hold.
    private func fitting(_ check: () throws(StoreError) -> Void) throws {
      do throws(StoreError) { try check() } catch { throw failure(error.description) }
    }

    private mutating func beginFirst() throws {
      guard let first = try next(), first.starts(with: "VERSION=".utf8) else {
        throw failure("is no dump: it must begin with VERSION=3")
      }
      try readHeader(after: first)
    }

    /// Reads the header of the dump that follows; false at the end of the input.
    private mutating func beginNext() throws -> Bool {
      while let line = try next() {
        if line.allSatisfy({ Self.blanks.contains($0) }) { continue }
        guard line.starts(with: "VERSION=".utf8) else {
          throw failure(
            "behind DATA=END there may only be another dump, which begins with VERSION=3")
        }
        try readHeader(after: line)
        return true
      }
      return false
    }

    private static let blanks = Array(" \t\r".utf8)

    private mutating func readHeader(after first: [UInt8]) throws {
      guard first == Array("VERSION=3".utf8) else {
        throw failure("\(StoreText.line(first)): only version 3 is known")
      }
      encoding = .bytevalue
      var named: [UInt8] = []
      while let line = try next() {
        switch line {
        case Array("HEADER=END".utf8):
          try enter(named)
          return
        case Array("format=bytevalue".utf8): encoding = .bytevalue
        case Array("format=print".utf8): encoding = .print
        case Array("type=btree".utf8), Array("type=hash".utf8): break
        default:
          if line.starts(with: "database=".utf8) { named = line }
          // Page sizes and the like say how another store was built; what changes the entries does not
          // pass.
          if line.starts(with: "format=".utf8) || line.starts(with: "type=".utf8)
            || line == Array("duplicates=1".utf8) || line == Array("keys=0".utf8)
          {
            throw failure("\(StoreText.line(line)): cannot be loaded into a store of plain keys")
          }
        }
      }
      throw failure("ends before HEADER=END")
    }

    /// Refuses a section of another database than the first: the same key may stand in both, and one
    /// value would be lost.
    private mutating func enter(_ named: [UInt8]) throws {
      sectionCount += 1
      if sectionCount == 1 { database = named }
      guard named == database else {
        func words(_ line: [UInt8]) -> String {
          line.isEmpty ? "a database without a name" : StoreText.line(line)
        }
        throw failure(
          "here begins \(words(named)), and what is above is of \(words(database)); a store has "
            + "one set of keys, so dump and load each by itself")
      }
    }

    private mutating func datum() throws -> [UInt8]? {
      guard let line = try next() else {
        throw failure("ends before DATA=END; the dump is not whole")
      }
      if line == Array("DATA=END".utf8) { return nil }
      guard line.first == UInt8(ascii: " ") else {
        throw failure("must begin with a space, or be DATA=END")
      }
      let text = Array(line.dropFirst())
      let bytes = encoding == .bytevalue ? HexBytes.decode(text) : Self.unescaped(text)
      guard let bytes else {
        throw failure(
          encoding == .bytevalue
            ? "must be pairs of hexadecimal digits" : "a backslash needs two digits or a backslash")
      }
      return bytes
    }

    private mutating func next() throws -> [UInt8]? {
      lineNumber += 1
      do throws(SystemError) {
        return try input.line(bytesMax: Self.lineBytesMax)
      } catch {
        if error.isTooLarge {
          throw CommandFailure(valueTooLongIn: "\(input.path), line \(lineNumber)")
        }
        throw CommandFailure(.unsuitable, "\(error)")
      }
    }

    private func failure(_ text: String) -> CommandFailure {
      CommandFailure(.usage, "\(input.path), line \(lineNumber): \(text)")
    }

    static func unescaped(_ text: [UInt8]) -> [UInt8]? {
      var bytes: [UInt8] = []
      var index = 0
      while index < text.count {
        guard text[index] == UInt8(ascii: "\\") else {
          bytes.append(text[index])
          index += 1
          continue
        }
        if index + 1 < text.count, text[index + 1] == UInt8(ascii: "\\") {
          bytes.append(text[index])
          index += 2
        } else if index + 2 < text.count,
          let byte = HexBytes.decode(Array(text[(index + 1)...(index + 2)]))
        {
          bytes += byte
          index += 3
        } else {
          return nil
        }
      }
      return bytes
    }
  }
}
