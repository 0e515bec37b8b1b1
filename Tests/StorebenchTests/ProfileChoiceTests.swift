import Foundation
import Testing

@Suite(
  "The profile that is meant",
  .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct ProfileChoiceTests {
  @Test("by a built-in name is built in, whatever lies in the folder")
  func builtIn() throws {
    let folder = try TestFolder()
    let text = "schema: 1\nextends: cold\nname: shadow\n"
    _ = try folder.write(text, to: "hot")
    _ = try folder.folder("warm")
    for name in ["hot", "warm"] {
      let plain = try StorebenchProgram.run(["profiles", "show", name])
      let shadowed = try StorebenchProgram.run(["profiles", "show", name], in: folder.url)
      #expect(shadowed.code == 0, "\(shadowed.text)")
      #expect(shadowed.output == plain.output)
    }
    let dry = try StorebenchProgram.run(
      ["qualify", "--profile", "hot", "--dry-run", "--json", "simulated:"], in: folder.url)
    #expect(dry.code == 0, "\(dry.text)")
    let record = try JSONSerialization.jsonObject(with: Data(dry.output.utf8)) as? [String: Any]
    #expect(record?["tier"] as? String == "hot")
    let file = try StorebenchProgram.run(["profiles", "show", "./hot", "--source"], in: folder.url)
    #expect(file.code == 0, "\(file.text)")
    #expect(file.output == text)
    #expect(try folder.entries() == ["hot", "warm"])
  }

  @Test("but cannot be read is told why")
  func unreadable() throws {
    let folder = try TestFolder()
    let pipe = folder.path("pipe")
    try script("mkfifo '\(pipe)'")
    for (path, reason) in [
      (folder.path("absent"), "there is no such file"), (try folder.folder("inside"), "a folder"),
      (pipe, "a named pipe"), ("/dev/null", "a character device"),
    ] {
      let ending = try StorebenchProgram.run(["profiles", "check", path])
      #expect(ending.code == 64, "\(ending.text)")
      #expect(ending.errors.contains("\(path): cannot be read: "), "\(ending.errors)")
      #expect(ending.errors.contains(reason), "\(ending.errors)")
      #expect(ending.errors.contains("hot, warm, cold, demo"), "\(ending.errors)")
    }
    #expect(try folder.entries() == ["inside", "pipe"])
  }
}
