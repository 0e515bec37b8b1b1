import Testing

@testable import Workloads

@Suite("A store's key") struct StoreKeysTests {
  static let numbers: [UInt64] = [0, 1, 2, 255, 256, 1 << 32, StoreKeys.countMax - 1]

  @Test(
    "tells its number, and no other seed or space knows it",
    arguments: StoreKeys.Order.allCases, [0, 1, 255] as [UInt8])
  func roundTrip(order: StoreKeys.Order, space: UInt8) {
    let keys = StoreKeys(seed: 7, space: space, order: order)
    for number in Self.numbers {
      let key = keys.key(number)
      #expect(key.count == 16 && key[0] == space)
      #expect(keys.number(ofBytes: key)?.number == number)
      #expect(StoreKeys(seed: 8, space: space, order: order).number(ofBytes: key) == nil)
      #expect(StoreKeys(seed: 7, space: space ^ 1, order: order).number(ofBytes: key) == nil)
    }
  }

  @Test("is refused where any byte differs", arguments: 0..<16)
  func foreign(byte: Int) {
    let keys = StoreKeys(seed: 7)
    for number in Self.numbers {
      var key = keys.key(number)
      key[byte] ^= 1
      #expect(keys.number(ofBytes: key) == nil)
    }
    #expect(keys.number(ofBytes: Array(keys.key(1).dropLast())) == nil)
  }

  @Test("is another for each number", arguments: StoreKeys.Order.allCases)
  func distinct(order: StoreKeys.Order) {
    let keys = StoreKeys(seed: 7, order: order)
    let count: UInt64 = 50_000
    #expect(Set((0..<count).map { keys.key($0) }).count == Int(count))
    // Not even the first eight bytes meet: each step of theirs can be undone.
    #expect(Set((0..<count).map { keys.key($0).prefix(8).map(\.self) }).count == Int(count))
  }

  @Test("that is missing is never the key of a number that may exist")
  func missing() {
    let keys = StoreKeys(seed: 7)
    for number in Self.numbers {
      let found = keys.number(ofBytes: keys.missingKey(number))?.number
      #expect(found.map { $0 >= StoreKeys.countMax } == true)
    }
  }

  @Test("sorts as its place does, ascending or scattered")
  func order() {
    for order in StoreKeys.Order.allCases {
      let keys = StoreKeys(seed: 7, space: 3, order: order)
      let all = (0..<1000 as Range<UInt64>).map { keys.key($0) }
      let places = all.map { keys.number(ofBytes: $0)?.place ?? 0 }
      let byKey = all.indices.sorted { all[$0].lexicographicallyPrecedes(all[$1]) }
      #expect(byKey == all.indices.sorted { places[$0] < places[$1] })
      if order == .ascending { #expect(byKey == Array(all.indices)) }
      for key in all {
        #expect(keys.lowerBound.lexicographicallyPrecedes(key))
        #expect(keys.upperBound.map { key.lexicographicallyPrecedes($0) } == true)
      }
    }
    #expect(StoreKeys(seed: 1, space: 255).upperBound == nil)
  }

  @Test("has about as many others before it as its bound says", arguments: StoreKeys.Order.allCases)
  func bound(order: StoreKeys.Order) {
    let keys = StoreKeys(seed: 7, space: 2, order: order)
    let all = (0..<2000 as Range<UInt64>).map { keys.key($0) }
    for rank in [0, 1, 500, 1000, 1999] as [UInt64] {
      let bound = keys.bound(rank: rank, of: 2000)
      let before = all.count { $0.lexicographicallyPrecedes(bound) }
      // Scattered keys: five standard deviations of a binomial share.
      #expect(abs(before - Int(rank)) <= (order == .ascending ? 0 : 112), "\(rank): \(before)")
    }
    #expect(keys.bound(rank: 2000, of: 2000) == keys.bound(rank: 0, of: 2000))
  }

  @Test("scatters ascending numbers evenly")
  func scatter() {
    let keys = StoreKeys(seed: 7)
    var counts = [Int](repeating: 0, count: 64)
    for number in 0..<64_000 as Range<UInt64> { counts[Int(keys.key(number)[1] >> 2)] += 1 }
    #expect(
      ChiSquare(counts: counts, expected: Array(repeating: 1000, count: 64)).isPlausible)
  }
}

extension StoreKeys {
  fileprivate func number(ofBytes key: [UInt8]) -> (number: UInt64, place: UInt64)? {
    number(of: key.span)
  }
}
