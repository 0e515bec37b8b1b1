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

  @Test(
    "refuses a tier that crashed where a log between its tables and the newest log is gone",
    arguments: [true, false])
  func missingLog(isEmptied: Bool) throws {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    // Memory goes to tables four buffers at a time, so that several logs are in use.
    configuration.hot.writeBufferBytes = 64 << 10
    configuration.hot.writeBufferCount = 6
    configuration.hot.buffersToMerge = 4
    configuration.durability = .sync
    let store = try fixture.create(configuration)
    func logs() -> [String] {
      fixture.files(of: .hot, suffix: ".log").filter {
        (try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int) ?? 0 > 0
      }
    }
    var count = 0
    while logs().count < 3, count < 5000 {
      try store.put(bytes("key \(count)"), [UInt8](repeating: 1, count: 1000))
      count += 1
    }
    // What a crash leaves.
    let crashed = fixture.folder + "/crashed"
    try FileManager.default.copyItem(atPath: fixture.path, toPath: crashed)
    let logs = logs()
    try #require(logs.count == 3)
    let first = crashed + logs[0].dropFirst(fixture.path.count)
    let contents = try Data(contentsOf: URL(filePath: first))
    if isEmptied {
      try Data().write(to: URL(filePath: first))
    } else {
      try FileManager.default.removeItem(atPath: first)
    }
    for readOnly in [true, false] {
      configuration.readOnly = readOnly
      #expect {
        _ = try TieredStore.open(crashed, configuration: configuration)
      } throws: { error in
        guard case StoreError.corruption(.hot, first, _) = error else { return false }
        return true
      }
    }
    try contents.write(to: URL(filePath: first))
    configuration.readOnly = false
    let again = fixture.closing(try TieredStore.open(crashed, configuration: configuration))
    for number in 0..<count {
      #expect(try again.get(bytes("key \(number)"))?.count == 1000)
    }
  }
}
