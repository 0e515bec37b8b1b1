internal import Measurements

/// What rounds of different lengths say about the rate over all of them together: pure.
///
/// The mean of the rounds' own rates would count a short round as much as a long one: a store that
/// takes writes for a second and then compacts for a minute would seem faster than it is. So the rate
/// is the sum of the amounts over the sum of the times, `R = Σn / Σt`, and each round gives
/// `R + (n − R·t) / mean(t)`. These have R as their mean, and their spread is that of R; with rounds of
/// one length they are the rounds' rates. Source: the linearised variance of a ratio estimator, Cochran,
/// Sampling Techniques, 3rd edition, section 6.4.
enum RateSamples {
  /// A sample for each round; empty where no time went by.
  static func samples(_ rounds: [RoundRecord], amount: (RoundRecord) -> Double) -> [Double] {
    guard let rate = rounds.rate(of: amount) else { return [] }
    let times = rounds.map(\.countedSeconds)
    let mean = times.reduce(0, +) / Double(rounds.count)
    return zip(rounds, times).map { rate + (amount($0) - rate * $1) / mean }
  }
}
