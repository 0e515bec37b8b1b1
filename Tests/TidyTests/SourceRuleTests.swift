import Foundation
import Testing

@Suite("Sources keep the house rules")
struct SourceRuleTests {
  @Test("there are sources to look at")
  func found() {
    #expect(PackageTree.sources.count > 10)
    #expect(PackageTree.tests.count > 5)
  }

  @Test(
    "no file is longer than 500 lines",
    arguments: PackageTree.sources + PackageTree.tests
      + PackageTree.files(below: "Sources", suffix: ".h")
      + PackageTree.files(below: "Sources", suffix: ".c"))
  func length(path: String) throws {
    let count = try PackageTree.text(of: path).split(
      separator: "\n", omittingEmptySubsequences: false
    )
    .count
    #expect(count <= 501, "\(path) has \(count - 1) lines: give a part of it a file of its own")
  }

  @Test("'unsafe' is said only where C is called", arguments: PackageTree.sources)
  func unsafeKeyword(path: String) throws {
    let allowed: Set = ["LinuxIO", "RocksDB"]
    guard !allowed.contains(PackageTree.target(of: path)) else { return }
    try expectNone(of: /\bunsafe\b|\bnonisolated\(unsafe\)|@unsafe\b/, in: path)
  }

  @Test("nothing is forced", arguments: PackageTree.sources)
  func forced(path: String) throws {
    try expectNone(of: /\btry!|\bas!/, in: path)
    try expectNone(of: /[\w\)\]>]!(?![=\w])/, in: path)
    try expectNone(of: /\bfatalError\(/, in: path)
  }

  @Test("only the command prints", arguments: PackageTree.sources)
  func prints(path: String) throws {
    guard PackageTree.target(of: path) != "storebench" else { return }
    try expectNone(of: /(?:^|[^\w.])(?:Swift\.)?(?:print|debugPrint|dump|NSLog|puts)\(/, in: path)
  }

  @Test(
    "nothing is left for later", arguments: PackageTree.sources + PackageTree.tests)
  func unfinished(path: String) throws {
    // Comments count here, so the whole text is read; the words are split to spare this file.
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    for (index, line) in try PackageTree.text(of: path).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      for word in words {
        let found = line.ranges(of: word).contains { range in
          let before =
            range.lowerBound > line.startIndex
            ? line[line.index(before: range.lowerBound)] : " "
          let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
          return !before.isLetter && !after.isLetter
        }
        #expect(!found, "\(path):\(index + 1): \(word)")
      }
    }
  }

  @Test("no folder, file or type is named for being left over")
  func names() throws {
    let vague =
      /(?:^|[a-z0-9\/+])(?:Utils?|Utilit(?:y|ies)|Helpers?|Common|Managers?)(?:$|[A-Z.\/+])/
    let allowed: Set = ["DataMigrationManager"]
    for path in PackageTree.folders(below: "Sources") + PackageTree.folders(below: "Tests")
      + PackageTree.sources + PackageTree.tests
    {
      let name = String(path.split(separator: "/").last ?? "")
      let stem = String(name.prefix { $0 != "." && $0 != "+" })
      #expect(allowed.contains(stem) || !name.contains(vague), "\(path): name it for what it is")
    }
    let declaration = /\b(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)/
    for path in PackageTree.sources {
      for line in CodeOnly(try PackageTree.text(of: path)).lines {
        guard let name = line.firstMatch(of: declaration)?.1 else { continue }
        #expect(
          allowed.contains(String(name)) || !name.contains(vague), "\(path): type \(name)")
      }
    }
  }

  @Test(
    "no C shim sets feature macros, which would make two C modules disagree about fd_set",
    arguments: PackageTree.files(below: "Sources", suffix: "shim.h"))
  func shims(path: String) throws {
    for (index, line) in try PackageTree.text(of: path).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      #expect(
        !line.contains(/^\s*#\s*define\s+_(?:GNU|DEFAULT|POSIX_C|XOPEN)_SOURCE/),
        "\(path):\(index + 1): the toolchain's Glibc module is built without it")
    }
  }

  /// Fails for each line of code that matches.
  private func expectNone(of pattern: some RegexComponent, in path: String) throws {
    let code = CodeOnly(try PackageTree.text(of: path))
    for number in code.lineNumbers(matching: pattern) {
      Issue.record(
        "\(path):\(number): \(code.lines[number - 1].trimmingCharacters(in: .whitespaces))")
    }
  }
}
