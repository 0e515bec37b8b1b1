/// A place in a profile's text; line 0 stands for the command line.
struct ProfilePlace: Sendable, Equatable {
  var file: String
  var line: Int
  var column: Int
}

/// One mistake in a profile: where it is, what was found there and what to write instead.
public struct ProfileDiagnostic: Sendable, Equatable, CustomStringConvertible {
  /// The file, or the `--set` argument.
  public var file: String
  /// The line, from 1; 0 where there is none.
  public var line: Int
  /// The column in Unicode scalars, from 1; 0 where there is none.
  public var column: Int
  /// What was found and what to do.
  public var message: String

  init(_ place: ProfilePlace, _ message: String) {
    file = place.file
    line = place.line
    column = place.column
    self.message = message
  }

  /// `file:line:column: message`.
  public var description: String {
    line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
  }
}

/// Every mistake that was found in a profile.
public struct ProfileErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// The mistakes by file, line and column.
  public var diagnostics: [ProfileDiagnostic]

  init(_ found: [ProfileDiagnostic]) {
    var unique: [ProfileDiagnostic] = []
    for one in found where !unique.contains(one) { unique.append(one) }
    diagnostics = unique.sorted {
      ($0.file, $0.line, $0.column, $0.message) < ($1.file, $1.line, $1.column, $1.message)
    }
  }

  /// One line for each mistake.
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

/// Collects mistakes while a profile is read, so that people see all of them at once.
final class DiagnosticList {
  private(set) var found: [ProfileDiagnostic] = []

  func add(_ place: ProfilePlace, _ message: String) {
    found.append(ProfileDiagnostic(place, message))
  }
}
