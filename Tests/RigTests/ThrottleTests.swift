import Foundation
import TestSupport
import Testing

/// Runs `order` of throttles around a gate of 1000 IOPS in one boot; each case says what it must be.
struct ThrottleTrial {
  /// The gate of `rig-read.yaml`.
  static let gate = 1000

  /// One case: the throttle in percent of the gate, and the exit code that is right.
  struct Case: CustomStringConvertible {
    var percent: Int
    var exit: Int { percent > 100 ? 0 : 1 }
    var description: String { "\(percent) %" }
  }

  /// The cases, in the order that `seed` chooses.
  static func shuffled(each count: Int, seed: UInt64) -> [Case] {
    var generator = SeededGenerator(seed: seed)
    return [105, 95].flatMap { percent in (0..<count).map { _ in Case(percent: percent) } }
      .shuffled(using: &generator)
  }

  /// Boots and runs the cases.
  static func run(_ cases: [Case], seed: UInt64) throws -> RigRun {
    let lines = cases.enumerated().map { index, one in
      """
      rig-ctl throttle:nvme:\(gate * one.percent / 100) >/dev/null
      qualify throttle-\(index) 90 hot /dev/nvme0n1 --profile $RIG_FIXTURES/rig-read.yaml \
        --seed \(seed &+ UInt64(index))
      """
    }
    return try Rig.run(
      ["--nvme", "64M", "--sata-ssd", "0", "--hdd", "0"],
      images: ["nvme": Data(SeededGenerator.bytes(count: 64 << 20, seed: seed))],
      timeout: 60 + cases.count * 60, script: lines.joined(separator: "\n"))
  }

  /// Expects every verdict to be right.
  static func expectAllRight(_ cases: [Case], seed: UInt64) throws {
    print("throttle around \(gate) IOPS, seed \(seed): \(cases.map(\.percent))")
    let run = try run(cases, seed: seed)
    for (index, one) in cases.enumerated() {
      let found = try run.reached("throttle-\(index)")
      #expect(found.exit == one.exit, "throttled to \(one), seed \(seed): \(found)")
    }
  }
}

extension RigSuite {
  @Suite("A drive throttled around its gate")
  struct Throttle {
    @Test("passes 5 % above the gate and fails 5 % below it, in any order")
    func aroundTheGate() throws {
      let seed = Soak.seed
      try ThrottleTrial.expectAllRight(ThrottleTrial.shuffled(each: 2, seed: seed), seed: seed)
    }
  }
}

extension SoakSuite {
  @Suite("A drive throttled around its gate")
  struct Throttle {
    @Test(
      "is judged rightly 20 times of 20", .enabled(if: isSoaking("throttle"), "ci/soak throttle"))
    func twentyOfTwenty() throws {
      let seed = Soak.seed
      try ThrottleTrial.expectAllRight(ThrottleTrial.shuffled(each: 10, seed: seed), seed: seed)
    }
  }
}
