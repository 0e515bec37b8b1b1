import Testing

@testable import Workloads

@Suite("A store's value") struct StoreValuesTests {
  static let run = RunID(high: 3, low: 4)

  private func values(_ bytes: Int, compressible: Int = 0) -> StoreValues {
    StoreValues(runID: Self.run, valueBytes: bytes, compressiblePercent: compressible)
  }

  private func finding(_ values: StoreValues, _ value: [UInt8], _ identity: UInt64)
    -> StoreFinding
  {
    values.check(value.span, identity: identity, full: true).finding
  }

  @Test(
    "is intact as it was made, with its generation",
    arguments: [32, 33, 39, 40, 41, 100, 1024, 5000], [0, 50, 100])
  func intact(bytes: Int, compressible: Int) {
    let values = values(bytes, compressible: compressible)
    let value = values.value(identity: 9, generation: 17)
    #expect(value.count == bytes)
    for full in [false, true] {
      let check = values.check(value.span, identity: 9, full: full)
      #expect(check.finding == .intact && check.generation == 17)
    }
  }

  @Test("is torn where any one byte differs", arguments: [32, 39, 100, 257], [0, 50])
  func torn(bytes: Int, compressible: Int) {
    let values = values(bytes, compressible: compressible)
    let value = values.value(identity: 9, generation: 17)
    for index in value.indices {
      var changed = value
      changed[index] ^= 0x10
      #expect(finding(values, changed, 9) == .torn, "\(index)")
    }
  }

  @Test("is torn where two generations met in it")
  func mixed() {
    let values = values(100)
    let (old, new) = (
      values.value(identity: 9, generation: 1), values.value(identity: 9, generation: 2)
    )
    for cut in 1..<100 {
      let torn = Array(new.prefix(cut) + old.dropFirst(cut))
      // Some cuts fall between bytes that both have; what is left is then one of the two.
      guard torn != new, torn != old else { continue }
      #expect(finding(values, torn, 9) == .torn, "\(cut)")
    }
  }

  @Test("tells whose it is")
  func others() {
    let values = values(100)
    let value = values.value(identity: 9, generation: 17)
    #expect(finding(values, value, 8) == .wrongKey)
    #expect(
      finding(values, Array(value.dropLast()), 9) == .wrongLength)
    #expect(finding(values, [], 9) == .wrongLength)
    let other = StoreValues(
      runID: RunID(high: 3, low: 5), valueBytes: 100, compressiblePercent: 0)
    #expect(
      finding(values, other.value(identity: 9, generation: 17), 9) == .foreignRun)
    #expect(
      finding(values, [UInt8](repeating: 0, count: 100), 9)
        == .torn)
  }

  @Test(
    "is zeros for the compressible part, and random before it",
    arguments: [(100, 0, 0), (100, 50, 50), (1000, 25, 250), (100, 100, 68), (32, 100, 0)])
  func compressible(bytes: Int, percent: Int, zeros: Int) {
    let value = values(bytes, compressible: percent).value(identity: 9, generation: 17)
    #expect(value.suffix(zeros).allSatisfy { $0 == 0 })
    if zeros < bytes - 40 { #expect(value.dropFirst(32).dropLast(zeros).contains { $0 != 0 }) }
  }

  @Test("has bytes that are each equally likely, and no two values share eight in a row")
  func random() {
    let values = values(1056)
    var counts = [Int](repeating: 0, count: 256)
    var words: Set<[UInt8]> = []
    for number in 0..<100 as Range<UInt64> {
      let payload = Array(values.value(identity: number, generation: 1).dropFirst(32))
      for byte in payload { counts[Int(byte)] += 1 }
      for start in stride(from: 0, to: payload.count, by: 8) {
        words.insert(Array(payload[start..<(start + 8)]))
      }
    }
    #expect(words.count == 100 * 128)
    #expect(
      ChiSquare(counts: counts, expected: Array(repeating: 400, count: 256)).isPlausible)
  }
}
