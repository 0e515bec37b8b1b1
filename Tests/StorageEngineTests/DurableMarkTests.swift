import Foundation
import Testing

@testable import StorageEngine

@Suite("What the drive held") struct DurableMarkTests {
  static let mark = DurableMark(sequence: 12_345, log: 17, logBytes: 4096)

  @Test("is read as it was written")
  func reads() {
    #expect(DurableMark(reading: Self.mark.text) == Self.mark)
  }

  @Test("is not taken from text in which anything was changed")
  func damaged() {
    let text = Array(Self.mark.text.utf8)
    for place in text.indices {
      for bit in 0..<7 {
        var changed = text
        changed[place] ^= 1 << bit
        #expect(DurableMark(reading: String(decoding: changed, as: UTF8.self)) == nil)
      }
    }
    for count in text.indices {
      #expect(DurableMark(reading: String(decoding: text.prefix(count), as: UTF8.self)) == nil)
    }
  }

  @Test(
    "refuses a tier whose file is damaged, by its name, and not one without contents",
    arguments: Tier.allCases)
  func opening(tier: Tier) throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("key"), bytes("value"))
    try store.close()
    let file = fixture.path + "/\(tier.rawValue)/\(DurableMark.fileName)"
    var contents = try Data(contentsOf: URL(filePath: file))
    contents[contents.startIndex + 20] ^= 1
    try contents.write(to: URL(filePath: file))
    #expect {
      _ = try fixture.open()
    } throws: { error in
      guard case StoreError.corruption(tier, file, _) = error else { return false }
      return true
    }
    try Data().write(to: URL(filePath: file))
    #expect(try fixture.open().get(bytes("key")) == bytes("value"))
  }
}
