import Foundation
import Testing

@Suite("The other commands", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct CommandTests {
  @Test(
    "explain themselves with examples",
    arguments: [
      [], ["qualify"], ["devices"], ["bench", "device"], ["compare"], ["profiles", "list"],
      ["profiles", "show"], ["profiles", "check"],
    ])
  func help(command: [String]) throws {
    let ending = try StorebenchProgram.run(command + ["--help"])
    #expect(ending.code == 0)
    #expect(ending.errors.isEmpty)
    #expect(ending.output.contains("EXAMPLE"))
  }

  @Test("list every exit code")
  func exitCodes() throws {
    let text = try StorebenchProgram.run(["--help"]).output
    for code in ["0", "1", "2", "3", "4", "64", "70", "130", "143"] {
      #expect(text.contains("\n  \(code) ") || text.contains(" \(code)  "), "no \(code) in \(text)")
    }
    #expect(try StorebenchProgram.run(["--version"]).output == "0.1.0\n")
  }

  @Test("list, show and check the shipped profiles")
  func profiles() throws {
    let list = try StorebenchProgram.run(["profiles", "list"])
    #expect(list.output.split(separator: "\n").count == 4)
    let folder = try TestFolder()
    for name in ["hot", "warm", "cold", "demo"] {
      for mode in ["quick", "nightly"] {
        let shown = try StorebenchProgram.run(["profiles", "show", name, "--mode", mode])
        #expect(shown.code == 0)
        let file = try folder.write(shown.output, to: "\(name)-\(mode).yaml")
        let check = try StorebenchProgram.run(["profiles", "check", file])
        #expect(check.code == 0, "\(check.text)")
        #expect(check.output.contains("fine"))
      }
      let source = try StorebenchProgram.run(["profiles", "show", name, "--source"])
      #expect(source.output.contains("schema: 1"))
    }
    let set = try StorebenchProgram.run(
      ["profiles", "show", "hot", "--set", "raw/random-read-4k/iops=123456"])
    #expect(set.output.contains("123456") || set.output.contains("123_456"), "\(set.output)")
  }

  @Test("compare a run with itself, with a slower one, and with none")
  func compare() throws {
    let folder = try TestFolder()
    func run(_ name: String, _ bandwidth: Int) throws {
      let ending = try StorebenchProgram.run(
        [
          "qualify", "--tier", "cold", "--quiet", "--seed", "1", "--out", name,
          "simulated:read-iops=300,write-iops=300,latency=12000,bandwidth=\(bandwidth)",
        ], in: folder.url)
      #expect(ending.code < 2, "\(ending.text)")
      let made = try #require(try folder.entries(name).first)
      try FileManager.default.moveItem(
        atPath: folder.path("\(name)/\(made)"), toPath: folder.path("\(name)-run"))
    }
    try run("fast", 240)
    try run("slow", 200)
    let same = try StorebenchProgram.run(["compare", "fast-run", "fast-run"], in: folder.url)
    #expect(same.code == 0, "\(same.text)")
    let slower = try StorebenchProgram.run(
      ["compare", "fast-run/run.json", "slow-run"], in: folder.url)
    #expect(slower.code == 1, "\(slower.text)")
    #expect(slower.output.contains("sequential"))
    let faster = try StorebenchProgram.run(["compare", "slow-run", "fast-run"], in: folder.url)
    #expect(faster.code == 0, "\(faster.text)")
    for text in ["", "{}", "[]", "{\"schema\":9}", "\u{FF}"] {
      let bad = try folder.write(text, to: "bad.json")
      let ending = try StorebenchProgram.run(["compare", "fast-run", bad], in: folder.url)
      #expect(ending.code == 64, "\(ending.text)")
      #expect(ending.errors.contains("bad.json"), "\(ending.errors)")
    }
  }

  @Test("measure one workload on a folder, the null target and a simulated one")
  func bench() throws {
    let folder = try TestFolder()
    let target = try folder.folder("target")
    for (target, arguments) in [
      (target, ["--size", "64MiB", "--workload", "random-mix"]), ("null:", ["--depth", "128"]),
      ("simulated:", ["--workload", "sequential-write", "--block", "1m"]),
      ("simulated:", ["--rate", "1000"]),
    ] {
      let text = try StorebenchProgram.run(
        ["bench", "device", target, "--seconds", "0.2"] + arguments)
      #expect(text.code == 0, "\(text.text)")
      #expect(text.output.contains(" IOPS, "), "\(text.output)")
      #expect(!text.output.contains("IOPS IOPS"))
      let json = try StorebenchProgram.run(
        ["bench", "device", target, "--seconds", "0.2", "--json"] + arguments)
      let round = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect((round["operations"] as? Int ?? 0) > 0)
      // What it was measured on and how stands beside, so that it can be repeated.
      let settings = try #require(round["settings"] as? [String: Any])
      #expect(settings["seconds"] as? Double == 0.2 && settings["rampSeconds"] as? Double == 0.5)
      #expect(settings["depth"] as? Int == (arguments.contains("128") ? 128 : 32))
      #expect(settings["blocks"] as? String == (arguments.contains("1m") ? "1m" : "4k"))
      #expect(settings["seed"] as? Int == 1 && settings["threads"] as? Int == 1)
      let arrival = arguments == ["--rate", "1000"] ? "constant" : "closed"
      #expect(settings["arrival"] as? String == arrival)
      let place = try #require(round["target"] as? [String: Any])
      #expect(place["path"] as? String == target)
      #expect((place["subject"] == nil) == (target == "null:"))
      // Only a target that has buffers says where they are.
      #expect(!text.output.split(separator: "\n").contains { $0.hasSuffix("on node ") })
      #expect(target != "null:" || !text.output.contains("buffers"))
    }
    #expect(try folder.entries("target").isEmpty)
    let lost = try StorebenchProgram.run(
      ["bench", "device", "simulated:lost-at=0.6", "--seconds", "1"])
    #expect(lost.code == 1, "\(lost.text)")
    #expect(lost.errors.contains("was lost"), "\(lost.errors)")
  }
}
