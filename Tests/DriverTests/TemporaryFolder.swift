import Glibc

/// A folder on a disk's file system, removed with what is in it.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/var/tmp/storebench-driver.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: errno \(errno)") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { shell("rm -rf \(path)") }
}

/// Something that a test needs did not work.
struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Runs a script with `sh -e` and returns its status and output.
@discardableResult
func shell(_ script: String) -> (status: Int32, output: String) {
  guard let pipe = popen("exec 2>&1; PATH=$PATH:/usr/sbin:/sbin; set -e; \(script)", "r") else {
    return (-1, "popen failed")
  }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = fread(&chunk, 1, chunk.count, pipe)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  while bytes.last == 10 { bytes.removeLast() }
  return (pclose(pipe), String(decoding: bytes, as: UTF8.self))
}
