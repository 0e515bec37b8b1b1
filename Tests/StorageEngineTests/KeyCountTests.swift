import Testing

@testable import StorageEngine

@Suite("Keys of a tier are counted")
struct KeyCountTests {
  @Test("one by one, each once, without the store's own record and what was deleted")
  func exact() throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    // Each opening renews the store's own record, which RocksDB's estimate takes for a key.
    for number in 0..<4 {
      let store = try fixture.open()
      try store.put(bytes("k\(number)"), bytes("v"))
      try store.put(bytes("again"), bytes("v\(number)"))
      try store.close()
    }
    let store = try fixture.open()
    #expect(try store.keyCount(of: .hot) == 5)
    try store.delete(bytes("k0"))
    #expect(try store.keyCount(of: .hot) == 4)
    try store.move(.all, from: .hot, to: .cold)
    #expect(try store.keyCount(of: .cold) == 4)
    #expect(try store.keyCount(of: .warm) == 0)
  }

  @Test(
    "up to a number of entries and bytes, and not beyond", arguments: [(10, 1 << 20), (11, 99)])
  func limits(countMax: Int, byteLimit: Int) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    for number in 0..<10 { try store.put(bytes("k\(number)"), bytes("v")) }
    let isWithin = byteLimit > 10 * (2 + ValueHeader.byteCount + 1)
    #expect(
      try store.keyCount(of: .hot, atMost: countMax, byteLimit: byteLimit)
        == (isWithin ? 10 : nil))
    try store.put(bytes("one more"), bytes("v"))
    #expect(try store.keyCount(of: .hot, atMost: countMax, byteLimit: byteLimit) == nil)
  }

  @Test("unless one of them is damaged")
  func damaged() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try RawTier.put(try store.tiers().warm, bytes("b"), [9, 9])
    #expect(throws: StoreError.self) { try store.keyCount(of: .warm) }
  }
}
