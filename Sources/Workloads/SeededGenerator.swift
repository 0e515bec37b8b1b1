/// A fast generator whose whole sequence follows from one seed: xoshiro256**, seeded by SplitMix64.
///
/// Neither allocates nor traps. Source: Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", 2021.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  @usableFromInline var state0: UInt64
  @usableFromInline var state1: UInt64
  @usableFromInline var state2: UInt64
  @usableFromInline var state3: UInt64

  /// Starts the sequence of `seed`; every seed is as good as any other.
  public init(seed: UInt64) {
    var counter = seed
    state0 = Self.splitMix(&counter)
    state1 = Self.splitMix(&counter)
    state2 = Self.splitMix(&counter)
    state3 = Self.splitMix(&counter)
  }

  /// Resumes at a state, of which one word at least must not be 0.
  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    (state0, state1, state2, state3) = state
  }

  /// 64 random bits.
  @inlinable @inline(__always)
  public mutating func next() -> UInt64 {
    let product = state1 &* 5
    let result = ((product &<< 7) | (product &>> 57)) &* 9
    let shifted = state1 &<< 17
    state2 ^= state0
    state3 ^= state1
    state1 ^= state2
    state0 ^= state3
    state2 ^= shifted
    state3 = (state3 &<< 45) | (state3 &>> 19)
    return result
  }

  /// An integer below `bound`, each equally likely; 0 where `bound` is 0.
  ///
  /// Divides only in the rare case that a draw might be biased. Source: Lemire, "Fast random integer
  /// generation in an interval", 2019.
  @inlinable @inline(__always)
  public mutating func next(below bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A number in 0 ..< 1 of 53 random bits.
  @inlinable
  public mutating func nextFraction() -> Double { Double(next() &>> 11) * 0x1p-53 }

  /// The seed of one part of a run, unrelated to the seeds of all other parts.
  public static func derivedSeed(
    _ seed: UInt64, phase: String, round: Int = 0, worker: Int = 0
  ) -> UInt64 {
    var derived = mix(seed ^ 0x6a09_e667_f3bc_c908)
    for byte in phase.utf8 { derived = mix(derived ^ UInt64(byte)) }
    // No byte has this value, so that a name's end cannot be taken for one of its letters.
    derived = mix(derived ^ 0x100)
    derived = mix(derived ^ UInt64(bitPattern: Int64(round)))
    return mix(derived ^ UInt64(bitPattern: Int64(worker)))
  }

  /// A bijection of 64-bit words in which every input bit moves every output bit.
  ///
  /// Source: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), after a step that keeps 0
  /// from being a fixed point.
  @inlinable @inline(__always)
  static func mix(_ word: UInt64) -> UInt64 {
    var mixed = word &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  /// The next word of SplitMix64.
  static func splitMix(_ counter: inout UInt64) -> UInt64 {
    let word = mix(counter)
    counter &+= 0x9e37_79b9_7f4a_7c15
    return word
  }
}
