public import StorageEngine

/// What a store holds of what `StoreWriter` wrote.
public struct WrittenKeys: Sendable {
  /// The last number that is there; -1 for none.
  public var last: Int
  /// What must not be, in words; empty where all is well.
  public var faults: [String]

  /// Every number up to the last has both its keys, with the right value, and none beyond has one.
  public init(in store: TieredStore) throws {
    var numbers: [Character: Set<Int>] = ["a": [], "b": []]
    var damaged: [Int] = []
    var lastSaid: Int?
    try store.snapshot().scan { key, value in
      let text = String(decoding: key.indices.map { key[$0] }, as: UTF8.self)
      if text == "last" {
        lastSaid = Int(String(decoding: value.indices.map { value[$0] }, as: UTF8.self))
      }
      guard let kind = text.first, let number = Int(text.dropFirst()) else { return true }
      numbers[kind]?.insert(number)
      let byte = UInt8(truncatingIfNeeded: number)
      if value.count != Self.valueBytes(number) || !value.indices.allSatisfy({ value[$0] == byte })
      {
        damaged.append(number)
      }
      return true
    }
    let (first, second) = (numbers["a"] ?? [], numbers["b"] ?? [])
    last = first.max() ?? -1
    faults = []
    if !damaged.isEmpty { faults.append("wrong values under \(damaged)") }
    if first != second {
      faults.append("batches half there: \(first.symmetricDifference(second).sorted())")
    }
    if let missing = (0..<(last + 1)).first(where: { !first.contains($0) }) {
      faults.append("\(missing) is missing and \(last) is there")
    }
    // Written after each batch by itself: no later than one behind.
    if let lastSaid, lastSaid != last, lastSaid != last - 1 {
      faults.append("'last' is \(lastSaid) and the last batch \(last)")
    }
  }

  /// Short ones, and now and then one that fills many pages.
  static func valueBytes(_ number: Int) -> Int { number % 41 == 40 ? 30_000 : number % 700 }
}
