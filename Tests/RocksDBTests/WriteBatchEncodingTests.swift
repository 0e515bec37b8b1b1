import RocksDB
import TestSupport
import Testing

@Suite("A batch as RocksDB reads it")
struct WriteBatchEncodingTests {
  /// Around every length at which a varint grows.
  private static let lengths = [0, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152]

  @Test("gives RocksDB keys and values of every length, joined from others and completed in place")
  func lengths() throws {
    let folder = try TemporaryFolder()
    let database = try Database(at: folder.path, options: making())
    var all = WriteBatch()
    var expected: [[UInt8]: [UInt8]] = [:]
    var generator = SeededGenerator(seed: 5)
    func random(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
    for (index, length) in Self.lengths.enumerated() {
      var part = WriteBatch()
      let key = [UInt8(index)] + random(min(length, 20_000))
      let value = random(length)
      let place = part.put(key.span, room: 12, value.span)
      part.put([UInt8(index), 255], value)
      part.put([UInt8(index), 254], bytes("gone"))
      part.delete([UInt8(index), 254])
      let shift = all.append(part)
      all.overwrite(at: place.value + shift, halfWord: 0x0403_0201)
      all.overwrite(at: place.value + shift + 4, word: 0x0c0b_0a09_0807_0605)
      let found = all.withSpan { batch in
        (0..<key.count).map { batch[place.key + shift + $0] }
      }
      #expect(found == key)
      expected[key] = Array(1...12) + value
      expected[[UInt8(index), 255]] = value
    }
    #expect(all.count == Self.lengths.count * 4)
    try database.write(&all)
    for (key, value) in expected { #expect(try database.get(key) == value) }
    for index in Self.lengths.indices { #expect(try database.get([UInt8(index), 254]) == nil) }
    try database.close()
  }

  @Test("that is empty takes 12 bytes, and as many again once cleared")
  func empty() {
    var batch = WriteBatch()
    #expect(batch.isEmpty && batch.byteCount == 12)
    batch.put(bytes("k"), [UInt8](repeating: 1, count: 9 << 20))
    #expect(!batch.isEmpty && batch.byteCount > 9 << 20)
    batch.clear()
    #expect(batch.isEmpty && batch.byteCount == 12)
  }
}
