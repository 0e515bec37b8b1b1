import Foundation

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "rocksdb-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// The names in a folder below it.
  func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []).sorted()
  }

  /// Whether something is there.
  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// Flips all bits of some bytes in the middle of a file.
func damage(_ path: String, at offset: UInt64, count: Int = 16) throws {
  let file = try FileHandle(forUpdating: URL(filePath: path))
  defer { try? file.close() }
  try file.seek(toOffset: offset)
  let bytes = try file.read(upToCount: count) ?? Data()
  try file.seek(toOffset: offset)
  try file.write(contentsOf: Data(bytes.map { ~$0 }))
}
