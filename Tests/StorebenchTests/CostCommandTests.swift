import Foundation
import Testing

@Suite("The cost command", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct CostCommandTests: RunsStoreCommands {
  @Test("prints the documented example")
  func documented() throws {
    let ending = try StorebenchProgram.run([
      "cost", "--hot", "1TB", "--warm", "19TB", "--cold", "80TB",
    ])
    #expect(ending.code == 0, "\(ending.errors)")
    for text in [
      "$3,800.00", "$30,000.00", "saved: 87.3 %, $26,200.00", "replicas are not counted",
    ] {
      #expect(ending.output.contains(text), "\(ending.output)")
    }
  }

  @Test("takes petabytes")
  func petabytes() throws {
    let ending = try StorebenchProgram.run(["cost", "--hot", "1PB", "--cold", "1PiB", "--json"])
    #expect(ending.code == 0, "\(ending.errors)")
    #expect(ending.output.contains("1000000000000000"), "\(ending.output)")
    #expect(ending.output.contains("1125899906842624"), "\(ending.output)")
  }

  @Test("counts copies, and prices that are given")
  func given() throws {
    let ending = try StorebenchProgram.run([
      "cost", "--cold", "10TB", "--cold-price", "12.5", "--replicas", "3", "--json",
    ])
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
    #expect(json["dollars"] as? Double == 375)
    #expect(json["allHotDollars"] as? Double == 9000)
    #expect(json["copies"] as? Int == 3)
  }

  @Test("counts a store's own files")
  func store() throws {
    let folder = try TestFolder()
    let store = folder.path("store")
    try expect(["create", store])
    try expect(["put", store, "key", "value"])
    let ending = try StorebenchProgram.run(["cost", "--store", store, "--json"])
    #expect(ending.code == 0, "\(ending.errors)")
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [String: Any])
    let tiers = try #require(json["tiers"] as? [[String: Any]])
    #expect(tiers.compactMap { $0["tier"] as? String } == ["hot", "warm", "cold"])
  }

  @Test(
    "tells what is wrong with its arguments",
    arguments: [
      ([], "give --hot, --warm and --cold"),
      (["--hot", "much"], "is not a size"),
      (["--hot", "1TB", "--store", "/srv"], "leave out --hot"),
      (["--hot", "1TB", "--replicas", "0"], "give 1 to 1000 copies"),
      (["--hot", "1TB", "--hot-price=-1"], "is not a price"),
      (["--hot", "1TB", "--hot-price", "nan"], "is not a price"),
    ])
  func mistakes(arguments: [String], words: String) throws {
    let ending = try StorebenchProgram.run(["cost"] + arguments)
    #expect(ending.code == 64)
    #expect(ending.errors.contains(words), "\(ending.errors)")
  }

  @Test("says that a folder is no store")
  func noStore() throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(["cost", "--store", folder.path("nothing")])
    #expect(ending.code == 64, "\(ending.errors)")
    #expect(ending.errors.contains("nothing"), "\(ending.errors)")
  }

  @Test("its sister tells what lies where, with what is known of use")
  func tiers() throws {
    let folder = try TestFolder()
    let store = folder.path("store")
    try expect(["create", store])
    try expect(["put", store, "key", "value"])
    let text = try expect(["tiers", store]).output
    #expect(text.hasPrefix("tier"), "\(text)")
    #expect(text.split(separator: "\n").count == 4, "\(text)")
    let json = try expect(["tiers", store, "--json"]).output
    let tiers = try #require(
      JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
    #expect(tiers.map { $0["keyCount"] as? Int } == [1, 0, 0])
    try expect(["tiers", store, "--watch", "0"], code: 64)
  }
}
