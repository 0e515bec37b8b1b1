import Testing
import Workloads

@Suite("A store workload") struct StoreWorkloadTests {
  /// A workload that is wrong in one way, and what the refusal says.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var workers = 1
    var text: String
    var change: @Sendable (inout StoreWorkload) -> Void
    var testDescription: String { text }
  }

  static let mistakes = [
    Mistake(text: "0 keys") { $0.keyCount = 0 },
    Mistake(text: "31 bytes") { $0.valueBytes = 31 },
    Mistake(text: "1073741824 bytes") { $0.valueBytes = 1 << 30 },
    Mistake(text: "0 keys in") { $0.entries = 0 },
    Mistake(text: "1001 keys in each") { $0.entries = 1001 },
    Mistake(text: "more than 1 GiB") {
      $0.keyCount = 1 << 20
      $0.valueBytes = 1 << 20
      $0.entries = 1100
    },
    Mistake(text: "101 %") { $0.readPercent = 101 },
    Mistake(workers: 2, text: "leave no reader") { $0.writers = 2 },
    Mistake(workers: 2, text: "cannot be shared") {
      $0.keyCount = 1
      $0.entries = 1
    },
    Mistake(text: "zipf:9") { $0.distribution = .zipf(theta: 9) },
  ]

  @Test("is refused with what to change", arguments: mistakes)
  func refused(mistake: Mistake) {
    var workload = StoreWorkload(kind: .readWhileWriting, keyCount: 1000, valueBytes: 100)
    mistake.change(&workload)
    #expect {
      try workload.validate(workers: mistake.workers)
    } throws: { error in
      (error as? WorkloadError)?.description.contains(mistake.text) == true
    }
  }

  @Test("is accepted with what belongs to its kind", arguments: StoreWorkloadKind.allCases)
  func accepted(kind: StoreWorkloadKind) throws {
    try StoreWorkload(kind: kind, keyCount: 1000, valueBytes: 100).validate(workers: 4)
  }
}
