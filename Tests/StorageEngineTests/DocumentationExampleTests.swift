import Foundation
import StorageEngine
import Testing

@Suite("The example in the documentation")
struct DocumentationExampleTests {
  @Test("is what is compiled and run here")
  func example() throws {
    let fixture = try StoreFixture()
    let path = fixture.path
    let text = try String(contentsOfFile: Self.source, encoding: .utf8)
    let lines = text.split(separator: "\n").drop { !$0.hasSuffix("```swift") }.dropFirst()
      .prefix { !$0.hasSuffix("```") }.map { $0.dropFirst("/// ".count) }
    #expect(
      lines == [
        #"let store = try TieredStore.create(at: "/srv/store", configuration: .measured)"#,
        #"try store.put(Array("name".utf8), Array("value".utf8))"#,
        #"let value = try store.get(Array("name".utf8))"#,
        #"try store.close()"#,
      ])

    let store = try TieredStore.create(at: path, configuration: .measured)
    try store.put(Array("name".utf8), Array("value".utf8))
    let value = try store.get(Array("name".utf8))
    try store.close()

    #expect(value == Array("value".utf8))
  }

  private static let source = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/StorageEngine/Store/TieredStore.swift").path(percentEncoded: false)
}
