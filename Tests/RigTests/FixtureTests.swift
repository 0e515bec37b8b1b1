import Foundation
import Testing
import Verdicts

@Suite("The profiles of the rig tests")
struct FixtureTests {
  @Test(
    "are sound",
    arguments: ["rig-read", "rig-write", "rig-scan", "rig-cold", "rig-folder"])
  func sound(name: String) throws {
    let file = Rig.fixtures.appending(path: "\(name).yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    for mode in QualificationMode.allCases {
      let profile = try ProfileLoader.load(text: text, file: file.lastPathComponent, mode: mode)
      #expect(profile.name == name)
    }
  }
}
