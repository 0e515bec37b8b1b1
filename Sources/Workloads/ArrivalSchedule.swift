import Glibc
public import Measurements

/// How often requests arrive, whether or not earlier ones have been answered.
public enum ArrivalRate: Sendable, Equatable {
  /// Evenly spaced, so many a second over all workers together.
  case constant(perSecond: Double)
  /// At random with exponential gaps, so many a second on average over all workers together.
  case poisson(perSecond: Double)

  /// Arrivals a second over all workers together.
  public var perSecond: Double {
    switch self {
    case .constant(let rate), .poisson(let rate): rate
    }
  }

  /// Refuses rates that are no number above 0, or above a thousand million a second.
  ///
  /// - Throws: `WorkloadError` with the rate that was given.
  public func validate() throws(WorkloadError) {
    guard perSecond > 0, perSecond <= 1e9 else {
      throw WorkloadError(
        "\(perSecond) arrivals a second: must be above 0 and at most 1000000000")
    }
  }
}

/// The instants at which one worker's requests are due; the same seed gives the same instants.
///
/// Time is kept to 2^−64 ns, so the rounding of each instant to whole nanoseconds is not carried
/// into the next.
public struct ArrivalSchedule: Sendable {
  /// Time since `start` in units of 2^−64 ns.
  @usableFromInline var elapsed: UInt128
  /// The gap between constant arrivals, in the same unit.
  @usableFromInline let gap: UInt128
  @usableFromInline let start: Nanoseconds
  @usableFromInline let isPoisson: Bool
  private let meanGapNanoseconds: Double
  private var random: SeededGenerator

  /// A little under 73 years: nothing is due later, so that sums of two instants do not overflow.
  @usableFromInline static let longest: UInt128 = 1 << 125

  /// The schedule of `worker` (from 0) of `workers`, beginning at `start`.
  ///
  /// Constant arrivals of all workers interleave evenly, the first worker's first at `start`
  /// itself. A rate that is no number above 0 leaves nothing due for 73 years.
  public init(
    _ rate: ArrivalRate, seed: UInt64, worker: Int, workers: Int, start: Nanoseconds
  ) {
    let workerCount = Swift.max(workers, 1)
    let index = Swift.min(Swift.max(worker, 0), workerCount - 1)
    self.start = start
    random = SeededGenerator(
      seed: SeededGenerator.derivedSeed(seed, phase: "arrivals", worker: index))
    meanGapNanoseconds = Double(workerCount) * 1e9 / rate.perSecond
    gap = Self.gap(perSecond: rate.perSecond, workers: workerCount)
    switch rate {
    case .constant:
      isPoisson = false
      // The gap of all workers together, taken so that the last worker's offset is rounded once.
      let offset = (gap / UInt128(workerCount)) * UInt128(index)
      elapsed = gap == Self.longest ? gap : offset
    case .poisson:
      isPoisson = true
      elapsed = 0
      elapsed = gap == Self.longest ? gap : nextGap()
    }
  }

  /// When the next request is due.
  @inlinable
  public var due: Nanoseconds {
    start + Nanoseconds(Int64(truncatingIfNeeded: elapsed &>> 64))
  }

  /// Goes on to the request after the next.
  @inlinable
  public mutating func advance() {
    let next = elapsed &+ (isPoisson ? nextGap() : gap)
    elapsed = next < Self.longest ? next : Self.longest
  }

  @usableFromInline
  mutating func nextGap() -> UInt128 {
    // 1 − fraction is never 0, so the logarithm is finite.
    Self.fixed(-log(1 - random.nextFraction()) * meanGapNanoseconds)
  }

  /// The gap between one worker's constant arrivals; exact to 2^−64 ns for whole rates.
  private static func gap(perSecond: Double, workers: Int) -> UInt128 {
    guard perSecond > 0 else { return longest }
    if let whole = UInt64(exactly: perSecond), workers <= 1 << 30 {
      return (UInt128(workers) * 1_000_000_000 << 64) / UInt128(whole)
    }
    return fixed(Double(workers) * 1e9 / perSecond)
  }

  /// A count of nanoseconds in units of 2^−64 ns.
  private static func fixed(_ nanoseconds: Double) -> UInt128 {
    guard nanoseconds < 0x1p61 else { return longest }
    guard nanoseconds > 0 else { return 0 }
    let whole = nanoseconds.rounded(.down)
    return UInt128(UInt64(whole)) << 64 | UInt128(UInt64((nanoseconds - whole) * 0x1p64))
  }
}
