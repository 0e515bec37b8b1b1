internal import Glibc

/// How the error of a gate is shared out over the looks at a growing number of rounds.
///
/// Looking again until it suits would pass anything in the end. The spending function of Lan and
/// DeMets that resembles Pocock's bound, ln(1 + (e − 1)·t) at the share t of the rounds, gives each
/// look its increment; the increments sum to 1, so the union bound holds whatever is decided when.
public struct SequentialBound: Sendable, Equatable {
  /// The numbers of rounds at which is looked, ascending.
  public private(set) var looks: [Int]

  /// Looks after `min` rounds, then after every `step` more, at last after `max`.
  public init(min: Int, step: Int, max: Int) {
    var looks: [Int] = []
    var next = Swift.max(min, 1)
    while next < max {
      looks.append(next)
      next += Swift.max(step, 1)
    }
    looks.append(Swift.max(max, looks.last ?? 1))
    self.looks = looks
  }

  /// The looks of a profile's rounds.
  public init(_ rounds: RoundSpec) {
    self.init(min: rounds.min, step: rounds.step, max: rounds.max)
  }

  /// The share of the error, 0…1, that a look after `rounds` may spend; nil before the first look.
  ///
  /// Between two looks (a phase that was cut short) only the rounds gained since the last one count.
  public func share(after rounds: Int) -> Double? {
    guard let first = looks.first, let last = looks.last, rounds >= first else { return nil }
    let now = min(rounds, last)
    let before = looks.last { $0 < now } ?? 0
    return spent(now, of: last) - (before == 0 ? 0 : spent(before, of: last))
  }

  /// The look that follows `rounds`; nil after the last.
  public func next(after rounds: Int) -> Int? { looks.first { $0 > rounds } }

  private func spent(_ rounds: Int, of last: Int) -> Double {
    log(1 + (M_E - 1) * Double(rounds) / Double(last))
  }
}
