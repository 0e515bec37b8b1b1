internal import FoundationEssentials
internal import LinuxIO
internal import RocksDB

/// What a store knows of the use of its keys, as its file `HEAT` keeps it while the store is closed.
///
/// Not synced, and believed only whole: it tells where keys should be, never where they are. A store
/// without one watches for a day before it lets anything sink.
struct HeatFile {
  static let fileName = "HEAT"

  /// Seeds the hashes that the classifier knows keys by.
  var seed: UInt64
  /// Seconds since 1970 by the system's clock.
  var writtenAt: Double
  /// The classifier's words, ``DataClassifier/words(at:)``.
  var words: [UInt64]

  /// Seconds since then; a clock that was set back, or far ahead, must not make it forget all.
  var secondsAgo: Double { min(max(0, WallClock.seconds() - writtenAt), 30 * 86400) }

  private static let format: UInt64 = 0x5354_4F52_4548_5432
  /// Writes the file beside its place and then into it.
  func write(in folder: String) -> Bool {
    let head = [Self.format, seed, writtenAt.bitPattern]
    let all = head + words
    let bytes = (all + [Self.checksum(all)]).flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    let url = URL(filePath: folder + "/" + Self.fileName)
    return (try? Data(bytes).write(to: url, options: .atomic)) != nil
  }

  /// Reads the file; nil where there is none, or one that is not whole, or has more words than may be.
  init?(in folder: String, wordsMax: Int) {
    let path = folder + "/" + Self.fileName
    guard let status = try? FileStatus(path: FileSystemPath(path)), status.kind == .file,
      status.sizeBytes >= 32, status.sizeBytes.isMultiple(of: 8),
      status.sizeBytes <= 8 * (wordsMax + 4), var file = try? InputFile(path),
      let bytes = try? file.rest(bytesMax: Int(status.sizeBytes)),
      bytes.count == Int(status.sizeBytes)
    else { return nil }
    var words = stride(from: 0, to: bytes.count, by: 8).map { bytes.span.word(at: $0) }
    guard let check = words.popLast(), words.count >= 3, words[0] == Self.format,
      check == Self.checksum(words)
    else { return nil }
    seed = words[1]
    writtenAt = Double(bitPattern: words[2])
    guard writtenAt.isFinite else { return nil }
    self.words = Array(words[3...])
  }

  init(seed: UInt64, writtenAt: Double, words: [UInt64]) {
    self.seed = seed
    self.writtenAt = writtenAt
    self.words = words
  }

  /// FNV-1a of 64 bits, a word at a time: enough to notice damage.
  private static func checksum(_ words: [UInt64]) -> UInt64 {
    words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
  }
}

/// The system's clock.
enum WallClock {
  /// Seconds since 1970.
  static func seconds() -> Double {
    Date().timeIntervalSince1970
  }
}

/// Words of a file, taken one after the other; nil where there are no more.
struct WordReader {
  private var words: ArraySlice<UInt64>

  init(_ words: [UInt64]) { self.words = words[...] }

  var isAtEnd: Bool { words.isEmpty }

  mutating func next() -> UInt64? { words.popFirst() }

  /// A number that is no nonsense.
  mutating func number() -> Double? {
    words.popFirst().map { Double(bitPattern: $0) }.flatMap { $0.isFinite ? $0 : nil }
  }

  /// So many words.
  mutating func take(_ count: Int) -> ArraySlice<UInt64>? {
    guard count >= 0, count <= words.count else { return nil }
    defer { words = words.dropFirst(count) }
    return words.prefix(count)
  }
}
