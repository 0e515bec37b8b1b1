import Measurements

/// Finds, while a closed loop ramps up, how this target wants its requests: the way of submitting
/// that moves the most of them.
///
/// No fixed way is best everywhere. At depth 32 a virtio disk does 4 % more with each request
/// submitted alone than with a ramp and 20 % more than with whole batches; null_blk under emulation
/// does 40 % more with the ramp than with single requests. A device that is driven less hard than it
/// could be is wronged, so each is tried in slices, in alternating order, and the best is kept.
///
/// Neither allocates nor reads a clock.
struct SubmissionTuner: Sendable {
  /// What a load begins with, and keeps unless another is better by more than `margin`.
  static let first = SubmissionPolicy.ramp(factor: 4)
  /// How much better another must be: less than this is noise.
  static let margin = 1.01
  /// The shortest slice: long against a reap, short against a ramp-up.
  static let sliceLength = Nanoseconds(15_000_000)

  /// The way in force.
  private(set) var policy: SubmissionPolicy
  private let candidates: InlineArray<3, SubmissionPolicy> = [first, .each, .batched]
  private var operations: InlineArray<3, UInt64> = InlineArray(repeating: 0)
  private var time: InlineArray<3, Int64> = InlineArray(repeating: 0)
  private var isTuning: Bool
  /// The slice at hand, from 0; -1 while the queue fills for the first time.
  private var slice = -1
  private var sliceBegan: Nanoseconds?
  private var sliceOperations: UInt64 = 0
  private let sliceLeast: UInt64

  /// Follows a plan: a fixed policy is in force from beginning to end.
  ///
  /// At depth 1 all ways are the same.
  init(_ policy: SubmissionPolicy, depth: Int) {
    isTuning = policy == .tuned && depth > 1
    self.policy = policy == .tuned ? Self.first : policy
    sliceLeast = UInt64(depth) * 8
  }

  /// Counts a reap of the ramp-up, and goes on to the next way when its slice is over.
  mutating func note(_ count: Int, at now: Nanoseconds) {
    guard isTuning else { return }
    let began = sliceBegan ?? now
    if sliceBegan == nil { sliceBegan = now }
    sliceOperations += UInt64(count)
    guard sliceOperations >= sliceLeast, now - began >= Self.sliceLength else { return }
    if slice >= 0 {
      let candidate = Self.candidate(of: slice)
      operations[candidate] += sliceOperations
      time[candidate] += (now - began).rawValue
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
    policy = Self.first
    guard slice >= 3 else { return }
    var best = rate(0) * Self.margin
    for candidate in 1..<3 where rate(candidate) > best {
      best = rate(candidate)
      policy = candidates[candidate]
    }
  }

  private func rate(_ candidate: Int) -> Double {
    time[candidate] > 0 ? Double(operations[candidate]) / Double(time[candidate]) : 0
  }

  /// There and back again, so that a drift of the device favours none: 0 1 2 2 1 0.
  static func candidate(of slice: Int) -> Int {
    let place = slice % 6
    return place < 3 ? place : 5 - place
  }
}
