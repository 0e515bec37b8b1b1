import ArgumentParser
import LinuxIO
import Reports
import StorageEngine
import Verdicts

extension StoreCommand {
  /// `storebench store get`.
  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the value of a key; exits with 1 where there is none.",
      discussion: """
        On a terminal what is not printable is shown as \\xHH, and a line feed follows, as it \
        does with --hex; elsewhere the value comes as it is. A key that begins with - \
        stands behind --, and options before it.

        EXAMPLES
          storebench store get /srv/store user:1
          storebench store get /srv/store -- -1
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "The key.")
    var key: String

    @Flag(help: "The key is given, and the value printed, in hexadecimal digits.")
    var hex = false

    func run() throws {
      let key = try StoreText.bytes(key, hex: hex, "key")
      let value = try options.withStore(readOnly: true) { try $0.get(key) }
      guard let value else {
        throw CommandFailure(.fail, "\(options.store): no such key: \(StoreText.line(key))")
      }
      if hex {
        StandardStream.output.write(HexBytes.encode(value) + "\n")
      } else if StandardStream.output.isTerminal {
        StandardStream.output.write(StoreText.line(value) + "\n")
      } else {
        StandardStream.output.write(value)
      }
    }
  }

  /// `storebench store put`.
  struct Put: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sets a key to a value, which is on the drive when the command ends.",
      discussion: """
        A key or value that begins with - stands behind --, and options before it; a value that is \
        only - is read from standard input there, too.

        EXAMPLES
          storebench store put /srv/store user:1 Ada
          storebench store put /srv/store photo:1 - <photo.jpg
          storebench store put /srv/store -- -1 minus
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "The key.")
    var key: String

    @Argument(help: "The value; - reads it from standard input.")
    var value: String

    @Flag(help: "Key and value are given in hexadecimal digits.")
    var hex = false

    func run() throws {
      let key = try StoreText.bytes(key, hex: hex, "key")
      let bytes: [UInt8]
      if value == "-" {
        bytes = try Self.standardInput()
      } else {
        bytes = try StoreText.bytes(value, hex: hex, "value")
      }
      try options.withStore(readOnly: false) { _ = try $0.put(key, bytes) }
    }

    private static func standardInput() throws(CommandFailure) -> [UInt8] {
      var input = InputFile()
      do throws(SystemError) {
        return try input.rest(bytesMax: KeyRule.valueBytesMax)
      } catch {
        if error.isTooLarge { throw CommandFailure(valueTooLongIn: input.path) }
        throw CommandFailure(.unsuitable, "\(error); nothing was put")
      }
    }
  }

  /// `storebench store delete`.
  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Removes keys, whether they are there or not.",
      discussion: """
        Keys that begin with - stand behind --, and options before it.

        EXAMPLES
          storebench store delete /srv/store user:1 user:2
          storebench store delete /srv/store -- -1
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "The keys.")
    var keys: [String]

    @Flag(help: "The keys are given in hexadecimal digits.")
    var hex = false

    func run() throws {
      var batch = StoreBatch()
      for key in keys { batch.delete(try StoreText.bytes(key, hex: hex, "key")) }
      try options.withStore(readOnly: false) { _ = try $0.write(batch) }
    }
  }

  /// `storebench store scan`.
  struct Scan: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints keys and values in the order of their bytes, a tab between them.",
      discussion: """
        What is not printable is shown as \\xHH, a backslash as two.

        EXAMPLES
          storebench store scan /srv/store --prefix user:
          storebench store scan /srv/store --from a --to b --reverse --limit 10 --keys-only
        """)

    @OptionGroup var options: StoreOptions

    @Option(help: "Only keys that begin with this.")
    var prefix: String?

    @Option(help: "The first key.")
    var from: String?

    @Option(help: "The key behind the last.")
    var to: String?

    @Option(help: "Most keys to print.")
    var limit: Int?

    @Flag(help: "From the last key to the first.")
    var reverse = false

    @Flag(help: "Leaves the values out.")
    var keysOnly = false

    @Flag(help: "Bounds are given, and keys and values printed, in hexadecimal digits.")
    var hex = false

    func validate() throws {
      if prefix != nil, from != nil || to != nil {
        throw ValidationError("--prefix is a range by itself; leave --from and --to out")
      }
      if let limit, limit < 0 { throw ValidationError("--limit \(limit): must be 0 or more") }
    }

    func run() throws {
      let range: KeyRange
      if let prefix {
        range = KeyRange(prefix: try StoreText.bytes(prefix, hex: hex, "--prefix"))
      } else {
        range = KeyRange(
          from: try from.map { try StoreText.bytes($0, hex: hex, "--from") },
          upTo: try to.map { try StoreText.bytes($0, hex: hex, "--to") })
      }
      let shown = hex ? HexBytes.encode : StoreText.line
      try options.withStore(readOnly: true) { store in
        try store.scan(range, reverse ? .backward : .forward, limit: limit) { key, value in
          var line = shown(key.copied())
          if !keysOnly { line += "\t" + shown(value.copied()) }
          StandardStream.output.write(line + "\n")
          return StandardStream.outputGoesOn
        }
      }
    }
  }
}

extension CommandFailure {
  /// What was to be read as a value is longer than any may be.
  init(valueTooLongIn place: String) {
    let limit = Quantity.bytes(UInt64(clamping: KeyRule.valueBytesMax))
    self.init(
      .usage,
      "\(place): a value has at most \(KeyRule.valueBytesMax) bytes (\(limit)), and this is longer; "
        + "store it in parts")
  }
}

extension Span where Element == UInt8 {
  /// The bytes as an array.
  func copied() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in indices { bytes.append(self[index]) }
    return bytes
  }
}
