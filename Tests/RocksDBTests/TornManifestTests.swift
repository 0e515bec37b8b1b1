import Foundation
import RocksDB
import Testing

@Suite("The manifest after a power cut")
struct TornManifestTests {
  /// A database whose changes lie in tables, and its manifest.
  private func make(_ folder: TemporaryFolder) throws -> String {
    let path = folder.path("db")
    let database = try Database(at: path, options: making())
    for number in 0..<5 {
      try database.put(["key\(number)": "value"])
      try database.flush()
    }
    try database.close()
    let current = try String(contentsOfFile: path + "/CURRENT", encoding: .utf8)
    return path + "/" + current.trimmingCharacters(in: .newlines)
  }

  @Test("loses the record that was being written and never committed, and no other")
  func torn() throws {
    let folder = try TemporaryFolder()
    let manifest = try make(folder)
    var data = try Data(contentsOf: URL(filePath: manifest))
    let whole = data
    // A head that promises 40 bytes, of which the drive held zeros.
    data.append(Data([0xDE, 0xAD, 0xBE, 0xEF, 40, 0, 1]) + Data(count: 40))
    try data.write(to: URL(filePath: manifest))

    let database = try Database(at: folder.path("db"))
    for number in 0..<5 {
      let value = try database.text("key\(number)")
      #expect(value == "value")
    }
    try database.close()
    let kept = folder.names(in: "db").filter { $0.hasPrefix("TORN-MANIFEST-") }
    #expect(kept.count == 1)
    #expect(try Data(contentsOf: URL(filePath: folder.path("db/" + (kept.first ?? "")))) == data)
    #expect(whole.count < data.count)
  }

  @Test("that is damaged before its end is refused by name, and stays as it was")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let manifest = try make(folder)
    try damage(manifest, at: 20, count: 4)
    let before = try Data(contentsOf: URL(filePath: manifest))
    let error = failure { () throws(RocksDBError) in
      _ = try Database(at: folder.path("db"))
    }
    #expect(error?.code == .corruption)
    #expect(error?.description.contains("MANIFEST-") == true, "\(error?.description ?? "")")
    #expect(try Data(contentsOf: URL(filePath: manifest)) == before)
  }
}
