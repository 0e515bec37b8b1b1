import Testing

@testable import StorageEngine

@Suite("Rests of a mover")
struct MoveRestsTests {
  @Test(
    "A mover works for the given share of all processors' time beside callers, at most half of its own",
    arguments: [
      // Share of all, processors, seconds of work, accesses a second, urgent, seconds of rest.
      (0.025, 2, 0.1, 50_000.0, false, 1.9),
      (0.025, 4, 0.1, 50_000.0, false, 0.9),
      (0.025, 20, 0.1, 50_000.0, false, 0.1),
      (0.025, 128, 0.1, 50_000.0, false, 0.1),
      (0.5, 2, 0.1, 50_000.0, false, 0.1),
      // No processor is known.
      (0.05, 0, 0.1, 50_000.0, false, 1.9),
      // A tier is too full.
      (0.025, 2, 0.1, 50_000.0, true, 0.1),
      // Callers do little.
      (0.025, 2, 0.1, 999.0, false, 0),
      (0.025, 2, 0.1, 999.0, true, 0),
      (0.025, 2, 0.1, 1000.0, false, 1.9),
      // Work that took long.
      (0.025, 2, 1.0, 50_000.0, false, 10),
      (0.025, 2, 30.0, 50_000.0, false, 30),
      (0.025, 2, 30.0, 50_000.0, true, 30),
      (0.025, 2, 0.0, 50_000.0, false, 0),
    ])
  func rest(
    processorShare: Double, processors: Int, worked: Double, accesses: Double, isUrgent: Bool,
    expected: Double
  ) {
    let rests = MoveRests(processorShare: processorShare, processorCount: processors)
    let rest = rests.seconds(after: worked, accessesPerSecond: accesses, isUrgent: isUrgent)
    #expect(abs(rest - expected) < 1e-9)
  }
}
