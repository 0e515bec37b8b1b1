import FoundationEssentials
import Glibc
import LinuxIO
import Verdicts

/// The file of metrics that `store serve --textfile` writes for node_exporter.
struct MetricsTextfile: Sendable {
  let path: String

  init(_ path: String) { self.path = path }

  /// Refuses whatever is no file of this store's metrics, since writing replaces it.
  func check() throws(CommandFailure) {
    func refusal(_ what: String) -> CommandFailure {
      CommandFailure(
        .refused,
        "refused: --textfile \(path): \(what); name a file that is not there yet, or one that --textfile wrote"
      )
    }
    guard !path.isEmpty else {
      throw CommandFailure(.usage, "--textfile: its name is empty; name a file")
    }
    guard !path.hasSuffix("/") else { throw refusal("is no name of a file") }
    let place = FileSystemPath(path)
    for mark in ["STORE", "TIER"] where (try? FileStatus(path: place.folder.appending(mark))) != nil
    {
      throw refusal("its folder holds a store or a tier of one")
    }
    let status: FileStatus
    do throws(DeviceError) {
      // Of a link itself, and not of what it leads to.
      status = try FileStatus(path: place, following: false)
    } catch {
      if case .missing = error { return }
      throw CommandFailure(.unsuitable, "--textfile \(path): \(error)")
    }
    guard status.kind == .file else { throw refusal("is no regular file, and would be replaced") }
    do throws(SystemError) {
      var file = try InputFile(path)
      guard try file.line(bytesMax: 1 << 16)?.starts(with: Self.head.utf8) == false else { return }
    } catch {
      guard error.errno == EFBIG else {
        throw CommandFailure(.unsuitable, "--textfile \(path): \(error)")
      }
    }
    throw refusal("does not begin with '\(Self.head)', and would be replaced")
  }

  /// How the metrics of a store begin.
  private static let head = "# HELP storebench_"

  /// Writes a file beside the named one and renames it, so that a reader finds the old or the new one whole.
  func write(_ metrics: String) throws(CommandFailure) {
    // Each time: another file may have come to stand there.
    try check()
    do {
      try Data(metrics.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(
        .unsuitable,
        "--textfile \(path): cannot be written: \(CommandFailure.reason(error)); name a file in a folder that is "
          + "there and where you may write")
    }
  }
}
