import Foundation

/// The checkout that these tests were compiled from.
enum PackageTree {
  /// The folder of `Package.swift`.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every file below `folder` whose name ends in `suffix`, by path from the root, sorted.
  static func files(below folder: String, suffix: String) -> [String] {
    let start = root.appending(path: folder)
    guard let walk = FileManager.default.enumerator(atPath: start.path(percentEncoded: false))
    else { return [] }
    return walk.compactMap { $0 as? String }
      .filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") && !$0.contains("/.") }
      .map { "\(folder)/\($0)" }
      .sorted()
  }

  /// Every folder below `folder`, by path from the root.
  static func folders(below folder: String) -> [String] {
    let start = root.appending(path: folder)
    guard let walk = FileManager.default.enumerator(atPath: start.path(percentEncoded: false))
    else { return [] }
    return walk.compactMap { $0 as? String }.filter { name in
      var isFolder: ObjCBool = false
      let path = start.appending(path: name).path(percentEncoded: false)
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && isFolder.boolValue
    }.map { "\(folder)/\($0)" }
  }

  /// The text of a file, by path from the root.
  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The Swift files of the product.
  static var sources: [String] { files(below: "Sources", suffix: ".swift") }

  /// The Swift files of the tests.
  static var tests: [String] { files(below: "Tests", suffix: ".swift") }

  /// The target that a path `Sources/TARGET/…` belongs to.
  static func target(of path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.count > 1 ? String(parts[1]) : ""
  }
}
