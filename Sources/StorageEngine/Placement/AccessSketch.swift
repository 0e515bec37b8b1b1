internal import Glibc

/// About how often each of many keys was used, in memory that does not grow: a count-min sketch with
/// conservative update, whose counts decay.
///
/// It tells too little only by decay, by rounding and by what it takes off, and too much only where keys
/// share all their cells. The four cells of a key lie in one line of 64 bytes, each in a row of its own, so that an access
/// costs one line of memory. What a key that was never used would be told, on average, is taken off.
///
/// Sources: Cormode, Muthukrishnan, "An improved data stream summary", J. Algorithms 2005; conservative
/// update: Estan, Varghese, "New directions in traffic measurement", SIGCOMM 2002.
struct AccessSketch {
  private static let rowCount = 4
  private static let rowCells = 8
  private static let lineCells = rowCount * rowCells

  private var cells: [UInt16]
  private let lineCount: UInt64
  /// What half of the keys that were never used would be told to have, were it not taken off.
  private var floor: UInt16 = 0
  /// What a cell holds for one access.
  private let unit: Double
  private var random: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A sketch.
  ///
  /// - Parameters:
  ///   - byteCount: Of its cells, rounded down to whole lines.
  ///   - countMax: The highest count that it must tell; higher ones are told as about this.
  init(byteCount: Int, countMax: Double) {
    let lines = max(1, byteCount / (Self.lineCells * 2))
    lineCount = UInt64(lines)
    cells = [UInt16](repeating: 0, count: lines * Self.lineCells)
    unit = Double(UInt16.max) / max(1e-9, countMax)
  }

  var byteCount: Int { cells.count * 2 }

  @inline(__always)
  private func cell(_ hash: UInt64, row: Int) -> Int {
    // The upper half of the hash, spread over the lines.
    let line = Int(truncatingIfNeeded: ((hash &>> 32) &* lineCount) &>> 32)
    let column = Int(truncatingIfNeeded: hash &>> UInt64(3 * row) & 7)
    return line &* Self.lineCells &+ row &* Self.rowCells &+ column
  }

  @inline(__always)
  private func least(_ hash: UInt64) -> UInt16 {
    var least = cells[cell(hash, row: 0)]
    for row in 1..<Self.rowCount { least = min(least, cells[cell(hash, row: row)]) }
    return least
  }

  /// The count of a key.
  func count(of hash: UInt64) -> Double { told(least(hash)) }

  /// The count that a cell stands for.
  private func told(_ cell: UInt16) -> Double { Double(cell - min(cell, floor)) / unit }

  /// Adds to a key's count and tells what it is then.
  @discardableResult
  mutating func add(_ hash: UInt64, _ amount: Double) -> Double {
    let sum = rounded(Double(least(hash)) + amount * unit)
    raise(hash, toCell: sum)
    return told(sum)
  }

  /// Makes a key's count at least so high.
  mutating func raise(_ hash: UInt64, to count: Double) {
    raise(hash, toCell: rounded(count * unit + Double(floor)))
  }

  private mutating func raise(_ hash: UInt64, toCell value: UInt16) {
    for row in 0..<Self.rowCount {
      let cell = cell(hash, row: row)
      if cells[cell] < value { cells[cell] = value }
    }
  }

  /// Multiplies all counts by a factor of at most 1.
  mutating func age(by factor: Double) {
    for index in cells.indices where cells[index] > 0 {
      cells[index] = rounded(Double(cells[index]) * factor)
    }
    findFloor()
  }

  /// Finds what a key that was never used is told by chance.
  ///
  /// The least of four cells is above x with (1 - F(x))^4: for half of the keys where F(x) is 0.16. With
  /// few keys for its size that is 0; with very many all cells fill up, and it is most of what they hold.
  private mutating func findFloor() {
    var histogram = [Int](repeating: 0, count: Int(UInt16.max) + 1)
    for cell in cells { histogram[Int(cell)] += 1 }
    let wanted = Int((1 - exp2(-0.25)) * Double(cells.count))
    var seen = 0
    for (value, count) in histogram.enumerated() {
      seen += count
      if seen > wanted {
        floor = UInt16(truncatingIfNeeded: value)
        return
      }
    }
  }

  // MARK: Keeping

  /// All cells, four a word.
  var words: [UInt64] {
    stride(from: 0, to: cells.count, by: 4).map { start in
      (0..<4).reduce(0) { $0 | UInt64(cells[start + $1]) << UInt64(16 * $1) }
    }
  }

  /// Takes in ``words`` of a sketch of the same size; whether they were.
  mutating func take(_ reader: inout WordReader) -> Bool {
    guard let words = reader.take(cells.count / 4) else { return false }
    for (index, word) in words.enumerated() {
      for part in 0..<4 {
        cells[index * 4 + part] = UInt16(truncatingIfNeeded: word >> UInt64(16 * part))
      }
    }
    findFloor()
    return true
  }

  /// Up or down by chance, so that on average nothing is lost or gained by it, and small counts decay too.
  private mutating func rounded(_ value: Double) -> UInt16 {
    guard value < Double(UInt16.max) else { return .max }
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let chance = Double(random &>> 40) / Double(1 << 24)
    return UInt16(truncatingIfNeeded: Int(value + chance))
  }
}
