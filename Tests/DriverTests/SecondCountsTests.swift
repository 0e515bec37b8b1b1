import Measurements
import Testing
import Workloads

@testable import Driver

@Suite("The counts of a second") struct SecondCountsTests {
  @Test("keep each latency within 6 % of its value")
  func resolution() {
    var generator = SeededGenerator(seed: testSeed)
    var counts = SecondCounts(seconds: 1)
    for exponent in 4..<41 {
      for _ in 0..<50 {
        let low = UInt64(1) << UInt64(exponent)
        let value = low + generator.next(below: low)
        let bucket = SecondCounts.bucket(of: Nanoseconds(Int64(value)))
        let middle = Double(SecondCounts.middle(ofBucket: bucket))
        #expect(middle.isWithin(6, of: Double(value)), "\(value) ns, seed \(testSeed)")
        counts.record(Nanoseconds(Int64(value)), second: 0)
      }
    }
    #expect(counts.histograms[0].counts.reduce(0, +) == 37 * 50)
  }

  @Test(
    "take what is shorter or longer than their buckets into the first and the last",
    arguments: [(Int64.min, 0), (-1, 0), (0, 0), (16, 0), (17, 1), (1 << 42, 607), (.max, 607)])
  func bounds(latency: Int64, bucket: Int) {
    #expect(SecondCounts.bucket(of: Nanoseconds(latency)) == bucket)
  }

  @Test("are of ascending buckets, none empty")
  func ascending() {
    let middles = (0..<SecondCounts.bucketCount).map(SecondCounts.middle(ofBucket:))
    #expect(zip(middles, middles.dropFirst()).allSatisfy { $0 < $1 })
    for (bucket, middle) in middles.enumerated() {
      #expect(SecondCounts.bucket(of: Nanoseconds(Int64(middle))) == bucket)
    }
  }

  @Test("fall into the last second where they come later, into the first where earlier")
  func clamped() {
    var counts = SecondCounts(seconds: 3)
    for second in [-1, 0, 1, 2, 3, 99] { counts.record(Nanoseconds(1000), second: second) }
    #expect(counts.trimmedOperations == [2, 1, 3])
  }

  @Test("of workers add up, second by second")
  func added() {
    var (first, second) = (SecondCounts(seconds: 4), SecondCounts(seconds: 4))
    first.record(Nanoseconds(1000), second: 0)
    second.record(Nanoseconds(1000), second: 0)
    second.record(Nanoseconds(5000), second: 2)
    first.add(second)
    #expect(first.trimmedOperations == [2, 0, 1])
    #expect(first.histograms.map { $0.counts.reduce(0, +) } == [2, 0, 1])
  }

  @Test("keep no latencies beyond the first hour, but all operations")
  func long() {
    var counts = SecondCounts(seconds: 4000)
    counts.record(Nanoseconds(1000), second: 3599)
    counts.record(Nanoseconds(1000), second: 3999)
    #expect(counts.trimmedOperations.count == 4000)
    #expect(counts.histograms.count == 3600)
  }
}

@Suite("The table of errors") struct ErrorTableTests {
  @Test("loses no count, whatever the number of codes")
  func counts() {
    var table = ErrorTable()
    for code in Int32(1)...7 { for _ in 0..<code { table.count(code) } }
    #expect(table.byCode == [1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7])
    for code in Int32(8)...12 { table.count(code) }
    #expect(table.byCode.values.reduce(0, +) == 28 + 5)
  }
}
