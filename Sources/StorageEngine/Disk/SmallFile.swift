internal import Glibc
internal import LinuxIO

/// Small files of text, with the system's reason where they cannot be read.
enum SmallFile {
  /// More than any of them has.
  private static let byteLimit = 1 << 16

  static func read(_ path: String) -> Result<String, SystemError> {
    // Opening a pipe would wait for its other end.
    if let status = try? FileStatus(path: FileSystemPath(path)), status.kind != .file {
      return .failure(SystemError(call: "open", subject: path, errno: EINVAL))
    }
    do throws(SystemError) {
      var file = try InputFile(path)
      return .success(String(decoding: try file.rest(bytesMax: byteLimit), as: UTF8.self))
    } catch {
      return .failure(error)
    }
  }
}
