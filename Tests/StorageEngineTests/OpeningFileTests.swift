import Foundation
import Testing

@testable import StorageEngine

@Suite("Openings leave nothing behind")
struct OpeningFileTests {
  private func names(_ fixture: StoreFixture) -> [String] {
    (FileManager.default.enumerator(atPath: fixture.path)?.compactMap { $0 as? String } ?? [])
      .sorted()
  }

  @Test("of those for writing, after the first few", arguments: [false, true])
  func writing(puts: Bool) throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    func open(_ count: Int) throws {
      for number in 0..<count {
        let store = try fixture.open()
        if puts { try store.put(bytes("k\(number)"), bytes("v")) }
        try store.waitUntilIdle()
        try store.close()
      }
    }
    try open(5)
    let few = names(fixture).count
    try open(27)
    // What was put lies in small tables until so many of them are merged.
    let tables = puts ? StoreFixture.small.hot.level0Files : 0
    #expect(names(fixture).count <= few + tables, "\(names(fixture))")
    #expect(names(fixture).filter { $0.hasSuffix(".log") }.count <= 6)
    if puts { #expect(try fixture.open().get(bytes("k26")) == bytes("v")) }
  }

  @Test("of those for reading, from the first")
  func reading() throws {
    let fixture = try StoreFixture()
    let store = try fixture.create()
    try store.put(bytes("k"), bytes("v"))
    try store.close()
    let before = names(fixture)
    var configuration = StoreFixture.small
    configuration.readOnly = true
    for _ in 0..<3 {
      let reader = try fixture.open(configuration)
      #expect(try reader.get(bytes("k")) == bytes("v"))
      try reader.close()
    }
    #expect(names(fixture) == before)
  }
}
