import FoundationEssentials
import Testing

/// A file in `Fixtures/` that holds what a report is expected to be.
///
/// `STOREBENCH_REGENERATE=1` writes the files anew; look at what changed before it is kept.
enum Fixture {
  /// The folder of the repository.
  static var repository: String {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }

  /// Compares `text` with the file `name`.
  static func expect(
    _ text: String, isIn name: String, location: SourceLocation = #_sourceLocation
  ) throws {
    let url = URL(filePath: "\(repository)/Tests/ReportsTests/Fixtures/\(name)")
    if ProcessInfo.processInfo.environment["STOREBENCH_REGENERATE"] == "1" {
      try Data(text.utf8).write(to: url)
      return
    }
    let expected = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    let differing = zip(
      text.split(separator: "\n", omittingEmptySubsequences: false),
      expected.split(separator: "\n", omittingEmptySubsequences: false)
    ).first { $0 != $1 }
    #expect(
      text == expected, "first line that differs: \(String(describing: differing))",
      sourceLocation: location)
  }
}
