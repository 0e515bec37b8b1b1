import Testing

@testable import StorageEngine

@Suite("Looking in memory first") struct MemoryProbeTests {
  @Test("goes on while it finds")
  func finds() {
    let probe = MemoryProbe()
    for _ in 0..<1000 {
      #expect(probe.isDue)
      probe.note(answered: true)
    }
  }

  @Test("is nearly given up where it finds nothing, and taken up again when it does")
  func givesUp() {
    let probe = MemoryProbe()
    for _ in 0..<100 where probe.isDue { probe.note(answered: false) }
    let looks = (0..<1600).count { _ in
      let isDue = probe.isDue
      if isDue { probe.note(answered: false) }
      return isDue
    }
    #expect(looks == 1600 / MemoryProbe.sampling)
    for _ in 0..<200 where probe.isDue { probe.note(answered: true) }
    #expect((0..<100).allSatisfy { _ in probe.isDue })
  }

  @Test("keeps its score in bounds", arguments: [0, 1, 15, 127, 512, 1009, 1023, 1024])
  func bounds(score: Int) {
    #expect((score...1024).contains(MemoryProbe.next(score, answered: true)))
    #expect((0...score).contains(MemoryProbe.next(score, answered: false)))
    #expect(score == 1024 || MemoryProbe.next(score, answered: true) > score)
    #expect(score == 0 || MemoryProbe.next(score, answered: false) < score)
  }
}
