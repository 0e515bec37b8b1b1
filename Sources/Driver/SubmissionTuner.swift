import Measurements

/// Finds, while a closed loop ramps up, how this target wants its requests: the way of submitting
/// that moves the most of them.
///
/// No fixed way is best everywhere. At depth 32 a virtio disk does 4 % more with each request
/// submitted alone than with a ramp and 20 % more than with whole batches; null_blk under
/// emulation does 40 % more with the ramp than with single requests. A device that is driven less
/// hard than it could be is wronged, so each is tried in slices, in alternating order, and the best
/// is kept.
///
/// Each worker looks at its own requests alone: where several share a device that is saturated, one
/// may choose what gets it a larger share. Too short a ramp-up for a slice of each leaves the first.
///
/// Neither allocates nor reads a clock.
struct SubmissionTuner: Sendable {
  /// What a load begins with, and keeps unless another is better by more than `margin`.
  static let initial = SubmissionPolicy.ramp(factor: 4)
  /// How much better another must be: for less it is not worth being another than last time.
  static let margin = 1.02
  /// The shortest slice: long against a reap, short against a ramp-up.
  static let sliceLength = Nanoseconds(15_000_000)

  /// The way in force.
  private(set) var policy: SubmissionPolicy
  private let candidates: InlineArray<3, SubmissionPolicy> = [initial, .each, .batched]
  /// Sums of whole turns over the three, so that all were tried equally often.
  private var operations: InlineArray<3, UInt64> = InlineArray(repeating: 0)
  private var time: InlineArray<3, Int64> = InlineArray(repeating: 0)
  /// Sums of the turn at hand.
  private var turnOperations: InlineArray<3, UInt64> = InlineArray(repeating: 0)
  private var turnTime: InlineArray<3, Int64> = InlineArray(repeating: 0)
  private var isTuning: Bool
  /// The slice at hand, from 0; -1 while the queue fills for the first time.
  private var slice = -1
  private var sliceBegan: Nanoseconds?
  private var sliceOperations: UInt64 = 0
  private let leastSliceOperations: UInt64

  /// Follows a plan: a fixed policy is in force from beginning to end.
  ///
  /// At depth 1 all ways are the same.
  init(_ policy: SubmissionPolicy, depth: Int) {
    isTuning = policy == .automatic && depth > 1
    self.policy = policy == .automatic ? Self.initial : policy
    leastSliceOperations = UInt64(depth) * 8
  }

  /// Counts a reap of the ramp-up, and goes on to the next way when its slice is over.
  mutating func note(_ count: Int, at now: Nanoseconds) {
    guard isTuning else { return }
    let began = sliceBegan ?? now
    if sliceBegan == nil { sliceBegan = now }
    sliceOperations += UInt64(count)
    guard sliceOperations >= leastSliceOperations, now - began >= Self.sliceLength else { return }
    if slice >= 0 {
      let candidate = Self.candidate(of: slice)
      turnOperations[candidate] = sliceOperations
      turnTime[candidate] = (now - began).rawValue
      if slice % 3 == 2 { endTurn() }
    }
    slice += 1
    policy = candidates[Self.candidate(of: slice)]
    sliceBegan = now
    sliceOperations = 0
  }

  /// Ends the search: the best of those that were all tried equally often, else the first.
  mutating func decide() {
    guard isTuning else { return }
    isTuning = false
    policy = Self.initial
    var best = rate(0) * Self.margin
    for candidate in 1..<3 where rate(candidate) > best {
      best = rate(candidate)
      policy = candidates[candidate]
    }
  }

  private mutating func endTurn() {
    for candidate in 0..<3 {
      operations[candidate] += turnOperations[candidate]
      time[candidate] += turnTime[candidate]
    }
  }

  private func rate(_ candidate: Int) -> Double {
    time[candidate] > 0 ? Double(operations[candidate]) / Double(time[candidate]) : 0
  }

  /// There and back again, so that over both ways a drift of the device favours none: 0 1 2 2 1 0.
  static func candidate(of slice: Int) -> Int {
    let place = slice % 6
    return place < 3 ? place : 5 - place
  }
}
