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

  @Test("is refused where it lost what the drive held, cut short or by a flipped bit")
  func shortened() throws {
    let folder = try TemporaryFolder()
    let manifest = try make(folder)
    let whole = try Data(contentsOf: URL(filePath: manifest))
    let mark = folder.path("db/" + Database.manifestMarkName)
    let files = Set(folder.names(in: "db"))
    var broken = (1...100).map { whole.dropLast($0) }
    for place in whole.indices.suffix(60) {
      var flipped = whole
      flipped[place] ^= 0x80
      broken.append(flipped)
    }
    for data in broken {
      try data.write(to: URL(filePath: manifest))
      let error = failure { () throws(RocksDBError) in
        _ = try Database(at: folder.path("db"))
      }
      #expect(error?.code == .corruption)
      #expect(error?.path == manifest)
      #expect(Set(folder.names(in: "db")) == files)
    }
    // As it is, for whoever says so.
    try whole.dropLast(1).write(to: URL(filePath: manifest))
    try FileManager.default.removeItem(atPath: mark)
    let database = try Database(at: folder.path("db"))
    #expect(try database.text("key0") == "value")
    try database.close()
    // And from then on it is guarded again.
    #expect(FileManager.default.fileExists(atPath: mark))
  }

  @Test("is taken as it is where its note is none", arguments: ["", "\0\0\0\0"])
  func noNote(text: String) throws {
    let folder = try TemporaryFolder()
    _ = try make(folder)
    let mark = folder.path("db/" + Database.manifestMarkName)
    try Data(text.utf8).write(to: URL(filePath: mark))
    let database = try Database(at: folder.path("db"))
    for number in 0..<5 { #expect(try database.text("key\(number)") == "value") }
    try database.close()
  }

  @Test(
    "is refused where its note is damaged, or no file, by the note's name, and with nothing changed"
  )
  func damagedNote() throws {
    let folder = try TemporaryFolder()
    _ = try make(folder)
    let mark = folder.path("db/" + Database.manifestMarkName)
    let whole = try Data(contentsOf: URL(filePath: mark))
    let files = Set(folder.names(in: "db"))
    let flipped = whole.indices.map { place -> Data in
      var flipped = whole
      flipped[place] ^= 1
      return flipped
    }
    let junk = ["manifest: 1\n", "junk"].map { Data($0.utf8) }
    func expectRefusal() throws {
      let error = failure { () throws(RocksDBError) in
        _ = try Database(at: folder.path("db"))
      }
      #expect(error?.code == .corruption && error?.path == mark, "\(error?.description ?? "none")")
      #expect(Set(folder.names(in: "db")) == files)
    }
    for data in flipped + junk + [whole.dropLast(1), whole + Data("x".utf8)] {
      try data.write(to: URL(filePath: mark))
      try expectRefusal()
    }
    try FileManager.default.removeItem(atPath: mark)
    try FileManager.default.createDirectory(atPath: mark, withIntermediateDirectories: false)
    try expectRefusal()
    try FileManager.default.removeItem(atPath: mark)
    let database = try Database(at: folder.path("db"))
    for number in 0..<5 { #expect(try database.text("key\(number)") == "value") }
    try database.close()
  }

  @Test("is not blamed for a table whose end is damaged")
  func table() throws {
    let folder = try TemporaryFolder()
    _ = try make(folder)
    let name = try #require(folder.names(in: "db").filter { $0.hasSuffix(".sst") }.max())
    let file = folder.path("db/" + name)
    let byteCount = try Data(contentsOf: URL(filePath: file)).count
    try damage(file, at: UInt64(byteCount - 10), count: 1)
    let error = failure { () throws(RocksDBError) in
      _ = try Database(at: folder.path("db"))
    }
    #expect(error?.code == .corruption)
    #expect(error?.path == file)
  }
}
